//! Reads the list of sheets of a large site once: `floor` drops the bytes, `records` decodes them. Prints the
//! duration in seconds and the peak memory in MiB. `cargo xtask bench` starts it together with a site.

use std::error::Error;
use std::time::Instant;

use qrs_client::{
    AppId, EngineObjectId, Field, HeaderCredentials, Owner, QrsClient, QrsPath, SiteUrl, Tag,
    Timestamp, lenient,
};
use serde::Deserialize;

/// Thirteen of the fields of a sheet.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Sheet {
    #[serde(deserialize_with = "lenient::text")]
    id: String,
    engine_object_id: EngineObjectId,
    #[serde(deserialize_with = "lenient::text")]
    object_type: String,
    #[serde(deserialize_with = "lenient::text")]
    name: String,
    #[serde(deserialize_with = "lenient::text")]
    description: String,
    created_date: Timestamp,
    modified_date: Timestamp,
    publish_time: Timestamp,
    #[serde(deserialize_with = "lenient::or_default")]
    published: bool,
    #[serde(deserialize_with = "lenient::or_default")]
    approved: bool,
    owner: Option<Owner>,
    #[serde(deserialize_with = "lenient::list")]
    tags: Vec<Tag>,
    app: Option<App>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct App {
    id: AppId,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "`cargo xtask bench` reads the figures")]
async fn main() -> Result<(), Box<dyn Error>> {
    // `cargo bench` adds `--bench`.
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [way, url] = arguments.as_slice() else {
        return Ok(());
    };
    let credentials = HeaderCredentials::new("X-User", "x".to_owned().into())?;
    let client = QrsClient::builder(SiteUrl::parse(url)?, credentials).build()?;
    client.about().await?;
    let started = Instant::now();
    match way.as_str() {
        "floor" => floor(&client).await?,
        _ => records(&client).await?,
    }
    println!("{} {}", started.elapsed().as_secs_f64(), peak_memory());
    Ok(())
}

async fn floor(client: &QrsClient) -> Result<(), Box<dyn Error>> {
    let mut body = client
        .read(QrsPath::new("app/object/full").filter(Field::OBJECT_TYPE.equals("sheet")))
        .await?;
    while body.chunk().await?.is_some() {}
    Ok(())
}

async fn records(client: &QrsClient) -> Result<(), Box<dyn Error>> {
    let filter = Field::OBJECT_TYPE.equals("sheet");
    let mut sheets = client.app_objects::<Sheet>(Some(&filter));
    while let Some(sheet) = sheets.try_next().await? {
        let sheet = std::hint::black_box(sheet.map_err(|record| record.reason)?);
        assert!(
            !sheet.id.is_empty() && sheet.approved && sheet.published,
            "{}",
            sheet.name
        );
    }
    Ok(())
}

/// The peak resident memory of this process, in MiB; 0 if the system does not report it.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<f64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}
