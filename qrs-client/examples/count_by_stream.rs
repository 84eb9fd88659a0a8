//! Counts the apps of each stream: `echo 'ACME\scanner' | count_by_stream https://qlik.example/scanner X-Scanner-User`

#[path = "shared/arguments.rs"]
mod arguments;

use std::error::Error;
use std::io::{self, Write};

use qrs_client::{App, Field, QrsClient, Stream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _) = arguments::client()?;
    run(&client.build()?, &mut io::stdout()).await
}

async fn run(client: &QrsClient, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let apps = client.entities::<App>();
    for stream in client
        .entities::<Stream>()
        .list(None)
        .skip_unreadable(drop)
        .collect_all()
        .await?
    {
        let filter = Field::parse("stream.id")?.equals(&stream.id);
        writeln!(out, "{}\t{}", apps.count(Some(&filter)).await?, stream.name)?;
    }
    Ok(())
}
