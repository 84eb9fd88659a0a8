//! Prints a table of all sheets, page by page: `echo 'ACME\scanner' | table https://qlik.example/scanner X-Scanner-User`

#[path = "shared/arguments.rs"]
mod arguments;

use std::error::Error;
use std::io::{self, Write};

use qrs_client::{AppObject, AppObjectId, Field, QrsClient};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    id: AppObjectId,
    #[serde(rename = "app.name")]
    app: Option<String>,
    name: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _) = arguments::client()?;
    run(&client.build()?, &mut io::stdout()).await
}

async fn run(client: &QrsClient, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let table = client.entities::<AppObject>().table();
    let table = table
        .column(&Field::ID)
        .column(&Field::APP_NAME)
        .column(&Field::NAME)
        .filter(Field::OBJECT_TYPE.equals("sheet"))
        .sort(&Field::ID)
        .page_rows(20);
    let mut rows = client.table::<Row>(table);
    while let Some(row) = rows.try_next().await? {
        let (app, name) = (row.app.unwrap_or_default(), row.name.unwrap_or_default());
        writeln!(
            out,
            "{}\t{}\t{}",
            row.id,
            app.escape_debug(),
            name.escape_debug()
        )?;
    }
    Ok(())
}
