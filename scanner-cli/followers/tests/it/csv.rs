//! The follower `csv`.

use std::collections::BTreeMap;

use ::csv::{ReaderBuilder, StringRecord};
use catalog_followers::csv::COLUMNS;
use catalog_model::{
    contract::follower::{FollowerUnderTest, check},
    settings::Value,
};

use crate::file_catalog::{FileCatalog, check_when_files_are_written, list};

/// Texts that are difficult for readers of CSV and for spreadsheet programs.
pub(crate) const HOSTILE: [&str; 14] = [
    "=HYPERLINK(\"http://evil.example\";\"x\")",
    "+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "a,b;c|d\te",
    "\"quoted\" and \"\"twice\"\"",
    "two\r\nlines\nand\ra third\u{2028}and a fourth\u{85}",
    "\u{feff}mark",
    "'",
    "",
];

/// The cell that is written for a text.
pub(crate) fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']);
    let text = text.replace(['\u{0}', '\u{85}'], "\u{fffd}");
    match is_formula {
        true => format!("'{text}"),
        false => text,
    }
}

pub(crate) fn catalog() -> FileCatalog {
    FileCatalog::new("csv", ".csv", read)
}

/// The header and the rows of a file.
fn rows(bytes: &[u8], separator: u8) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = ReaderBuilder::new();
    let mut rows = reader.delimiter(separator).from_reader(bytes);
    let texts = |row: &StringRecord| row.iter().map(str::to_owned).collect();
    let header = texts(rows.headers().unwrap());
    let rows = rows.records().map(|row| texts(&row.unwrap()));
    (header, rows.collect())
}

fn read(code: &str, bytes: &[u8]) -> BTreeMap<String, String> {
    let (header, rows) = rows(bytes, b',');
    assert_eq!(header, COLUMNS);
    let place = |name: &str| COLUMNS.iter().position(|column| *column == name).unwrap();
    let (key, name) = (place("key"), place("name"));
    let keys: Vec<_> = rows.iter().map(|row| row[key].clone()).collect();
    assert!(keys.is_sorted() && keys.iter().all(|key| key.starts_with(code)));
    let names = rows.iter().map(|row| {
        let name = row[name].strip_prefix('\'').unwrap_or(&row[name]);
        // The only control character of the contract's names.
        name.replace('\u{fffd}', "\u{0}")
    });
    keys.into_iter().zip(names).collect()
}

#[tokio::test]
async fn the_files_keep_the_contract() {
    check(&catalog()).await.unwrap();
}

#[tokio::test]
async fn files_are_written_after_complete_scans_with_changes() {
    check_when_files_are_written(&catalog()).await;
}

#[tokio::test]
async fn every_text_is_one_cell_and_not_a_formula() {
    for separator in [",", ";", "|", "\t"] {
        for bom in ["false", "true"] {
            let catalog = catalog();
            let text = |text: &str| Value::String(text.to_owned());
            let follower = catalog.follower(vec![
                ("separator", text(separator)),
                ("bom", text(bom)),
                ("columns", list(&["name", "tags", "Description", "KEY"])),
            ]);
            let mut file = &*catalog.deliver(&*follower, &HOSTILE).await;
            if bom == "true" {
                file = file.strip_prefix("\u{feff}".as_bytes()).unwrap();
            }
            let (header, rows) = rows(file, separator.as_bytes()[0]);
            assert_eq!(header, ["name", "tags", "description", "key"]);
            let expected: Vec<_> = HOSTILE
                .iter()
                .enumerate()
                .map(|(id, name)| {
                    let description = cell(&format!("About {name}"));
                    let key = format!("east/f1/{id:04}");
                    vec![cell(name), cell(name), description, key]
                })
                .collect();
            assert_eq!(rows, expected, "{separator:?}");
        }
    }
}

#[tokio::test]
async fn a_long_text_is_truncated_to_what_a_cell_may_have() {
    let (catalog, long) = (catalog(), "📈x".repeat(50_000));
    let follower = catalog.follower(vec![("columns", list(&["name", "key"]))]);
    let file = catalog.deliver(&*follower, &[&long]).await;
    let (_, rows) = rows(&file, b',');
    assert_eq!(rows[0][1], "east/f1/0000");
    assert_eq!(rows[0][0].encode_utf16().count(), 32_767);
    assert!(rows[0][0].starts_with("📈x📈x") && rows[0][0].ends_with('…'));
}

#[tokio::test]
async fn other_settings_write_the_files_again() {
    let catalog = catalog();
    let yes = || Value::String("true".to_owned());
    let semicolon = || Value::String(";".to_owned());
    let all = [
        vec![],
        vec![("bom", yes())],
        vec![("separator", semicolon())],
        vec![("columns", list(&["key", "name"]))],
        vec![("columns", list(&["name", "key"]))],
    ];
    let revisions = all.map(|settings| catalog.follower(settings).revision());
    let different: std::collections::BTreeSet<_> = revisions.iter().collect();
    assert_eq!(different.len(), revisions.len());
    let named = vec![("columns", list(&["NAME", "Key"]))];
    assert_eq!(catalog.follower(named).revision(), revisions[4]);
}

#[test]
fn invalid_settings_are_explained() {
    let text = |text: &str| Value::String(text.to_owned());
    for (name, value, expected) in [
        (
            "columns",
            list(&["key", "ownr"]),
            "`columns`: there is no column `ownr` (did you mean `owner`?)",
        ),
        (
            "columns",
            list(&["state"]),
            "`columns`: there is no column `state` (only `catalog list` has the column `state`)",
        ),
        (
            "columns",
            list(&["key", "label", "Key"]),
            "`columns` has `key` twice (write each column once)",
        ),
        (
            "columns",
            list(&[]),
            "`columns` is empty (remove the setting to write all columns)",
        ),
        (
            "separator",
            text(";;"),
            "`separator` must be `,`, `;`, `|` or a tab, not `;;` (write `separator = \";\"`, or `separator = \"\\t\"` for a tab)",
        ),
        (
            "bom",
            text("perhaps"),
            "`bom` must be true or false, not `perhaps` (write `bom = true` or `bom = false`)",
        ),
    ] {
        assert_eq!(catalog().problems(vec![(name, value)]), [expected]);
    }
}

#[tokio::test]
async fn the_position_is_kept_under_the_kind() {
    assert_eq!(catalog().open().await.name().as_str(), "csv");
}
