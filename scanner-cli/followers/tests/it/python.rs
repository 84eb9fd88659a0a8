//! The files as the libraries of Python read them.

use std::process::Command;

use catalog_model::{contract::follower::FollowerUnderTest, settings::Value as Setting};
use serde_json::Value;

use crate::{
    csv::{HOSTILE, catalog as csv_catalog, cell},
    file_catalog::{FileCatalog, list},
    zeenea_zdf::catalog as zdf_catalog,
};

/// Returns what a Python program prints about the only file of the catalog, which it gets as its argument.
fn python(catalog: &FileCatalog, program: &str) -> Value {
    let run = Command::new("python3")
        .args(["-c", program])
        .arg(&catalog.files()[0])
        .output()
        .expect("python3 is installed");
    assert!(run.status.success(), "{run:?}");
    serde_json::from_slice(&run.stdout).unwrap()
}

#[tokio::test]
#[ignore = "needs python3"]
async fn the_csv_module_reads_every_cell() {
    let catalog = csv_catalog();
    let follower = catalog.follower(vec![
        ("separator", Setting::String(";".to_owned())),
        ("bom", Setting::String("true".to_owned())),
        ("columns", list(&["key", "name"])),
    ]);
    catalog.deliver(&*follower, &HOSTILE).await;
    let program = "import csv, json, sys; \
        file = open(sys.argv[1], encoding='utf-8-sig', newline=''); \
        print(json.dumps([row['name'] for row in csv.DictReader(file, delimiter=';', strict=True)]))";
    let expected: Vec<_> = HOSTILE.map(cell).to_vec();
    assert_eq!(python(&catalog, program), serde_json::json!(expected));
}

#[tokio::test]
#[ignore = "needs python3"]
async fn the_json_module_reads_every_visualization_also_line_by_line() {
    let catalog = zdf_catalog();
    catalog.deliver(&*catalog.open().await, &HOSTILE).await;
    let program = "import json, sys; \
        text = open(sys.argv[1], encoding='utf-8').read(); \
        whole = json.loads(text)['visualizations']; \
        lines = [json.loads(line.rstrip(',')) for line in text.splitlines()[1:-1]]; \
        assert whole == lines; \
        print(json.dumps([one['name'] for one in whole]))";
    let expected = HOSTILE.map(|name| if name.is_empty() { "(untitled)" } else { name });
    assert_eq!(python(&catalog, program), serde_json::json!(expected));
}
