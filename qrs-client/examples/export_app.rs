//! Exports the app with this name, without its data, to a file:
//! `echo 'ACME\scanner' | export_app https://qlik.example/scanner X-Scanner-User 'Sales Overview' sales.qvf`

#[path = "shared/arguments.rs"]
mod arguments;

use std::error::Error;
use std::fs::File;
use std::io::Write;

use qrs_client::{App, AppExport, Field, QrsClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, rest) = arguments::client()?;
    let [name, file] = rest.as_slice() else {
        return Err("pass the name of an app and the file to write".into());
    };
    run(&client.build()?, name, &mut File::create_new(file)?).await
}

async fn run(client: &QrsClient, name: &str, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let filter = Field::NAME.equals(name);
    let apps = client.entities::<App>().list(Some(&filter));
    let apps = apps.skip_unreadable(drop).collect_all().await?;
    let app = apps
        .first()
        .ok_or("the account sees no app with this name")?;
    let mut body = client.export_app(&app.id, AppExport::WithoutData).await?;
    while let Some(piece) = body.chunk().await? {
        out.write_all(&piece)?;
    }
    Ok(())
}
