//! Lists the sheets of a site, one per line:
//! `echo 'ACME\scanner' | list_sheets https://qlik.example/scanner X-Scanner-User`

#[path = "shared/arguments.rs"]
mod arguments;

use std::error::Error;
use std::io::{self, Write};

use qrs_client::{AppObject, Field, QrsClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _) = arguments::client()?;
    run(&client.build()?, &mut io::stdout(), &mut io::stderr()).await
}

/// Writes the sheets to `out`, and everything else to `log`.
async fn run(
    client: &QrsClient,
    out: &mut impl Write,
    log: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let about = client.about().await?;
    writeln!(log, "{}, version {}", client.site(), about.build_version)?;
    let sheets_only = Field::OBJECT_TYPE.equals("sheet");
    let mut sheets = client.app_objects::<AppObject>(Some(&sheets_only));
    while let Some(sheet) = sheets.try_next().await? {
        match sheet {
            Ok(sheet) => writeln!(out, "{}", line(&sheet))?,
            Err(unreadable) => writeln!(log, "{unreadable}")?,
        }
    }
    let (records, bytes) = (sheets.records_read(), sheets.bytes_read());
    writeln!(log, "{records} sheets, {bytes} bytes")?;
    Ok(())
}

fn line(sheet: &AppObject) -> String {
    let app = sheet.app.as_ref().map_or("?", |app| &app.name);
    let owner = sheet.owner.as_ref().map_or("?", |owner| &owner.name);
    format!("{app}\t{}\t{owner}\t{}", sheet.name, sheet.modified_date)
}
