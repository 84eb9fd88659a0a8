//! Lists the sheets of a site, one per line:
//! `echo 'ACME\scanner' | list_sheets https://qlik.example/scanner X-Scanner-User`
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people prints"
)]

use std::error::Error;
use std::io;

use qrs_client::{AppObject, Field, HeaderCredentials, QrsClient, SiteUrl};
use secrecy::SecretString;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [url, header] = arguments()?;
    let site = SiteUrl::parse(&url)?;
    let credentials = HeaderCredentials::new(&header, value_from_stdin()?)?;
    let client = QrsClient::builder(site, credentials).build()?;

    let about = client.about().await?;
    eprintln!("{}, version {}", client.site(), about.build_version);

    let sheets_only = Field::OBJECT_TYPE.equals("sheet");
    let mut sheets = client.app_objects::<AppObject>(Some(&sheets_only));
    while let Some(sheet) = sheets.try_next().await? {
        match sheet {
            Ok(sheet) => print(&sheet),
            Err(unreadable) => eprintln!("{unreadable}"),
        }
    }
    eprintln!(
        "{} sheets, {} bytes",
        sheets.records_read(),
        sheets.bytes_read()
    );
    Ok(())
}

fn arguments() -> Result<[String; 2], &'static str> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    arguments.try_into().map_err(
        |_arguments| "pass the site's URL and the header's name; the value is read from standard input",
    )
}

fn value_from_stdin() -> io::Result<SecretString> {
    let mut value = String::new();
    io::stdin().read_line(&mut value)?;
    Ok(SecretString::from(value.trim_end_matches(['\r', '\n'])))
}

fn print(sheet: &AppObject) {
    let app = sheet.app.as_ref().map_or("?", |app| &app.name);
    let owner = sheet.owner.as_ref().map_or("?", |owner| &owner.name);
    println!("{app}\t{}\t{owner}\t{}", sheet.name, sheet.modified_date);
}
