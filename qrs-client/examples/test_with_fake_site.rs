//! How to test a program that reads a site: the function under test, and its test against the fake site.
//! `cargo run --features fake-site --example test_with_fake_site`

use std::error::Error;
use std::io::{self, Write};

use qrs_client::fake_site::{Content, FakeSite, Fault};
use qrs_client::{Error as QrsError, Field, HeaderCredentials, QrsClient, SiteUrl};

/// The function under test.
async fn number_of_sheets(client: &QrsClient) -> Result<u64, QrsError> {
    let sheets_only = Field::OBJECT_TYPE.equals("sheet");
    client.app_object_count(Some(&sheets_only)).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout()).await
}

async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    content.add_sheet(&app, "Overview");
    content.add_object(&app, "story", "How it went");
    let site = FakeSite::builder().content(content).start().await;
    // A site that is busy for a moment.
    site.fail(Fault::status(503).on("/qrs/app/object/count").times(1));

    let credentials = HeaderCredentials::new(site.header_name(), site.header_value().into())?;
    let client = QrsClient::builder(SiteUrl::parse(&site.url())?, credentials).build()?;
    assert_eq!(number_of_sheets(&client).await?, 1);
    assert_eq!(site.requests_of("/qrs/app/object/count").len(), 2);
    assert_eq!(site.sessions_opened(), 1);
    writeln!(out, "1 sheet, after one retry, in one session")?;
    Ok(())
}
