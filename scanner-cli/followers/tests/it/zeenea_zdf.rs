//! The follower `zeenea-zdf`.

use std::collections::BTreeMap;

use catalog_model::contract::follower::{FollowerUnderTest, check};
use serde_json::Value;

use crate::{
    csv::HOSTILE,
    file_catalog::{FileCatalog, check_when_files_are_written},
};

pub(crate) fn catalog() -> FileCatalog {
    FileCatalog::new("zeenea-zdf", ".zeenea", read)
}

/// The visualizations of a file. Each has what the format requires.
fn visualizations(bytes: &[u8]) -> Vec<Value> {
    let file: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(file.as_object().unwrap().len(), 1);
    let all = file["visualizations"].as_array().unwrap().clone();
    for one in &all {
        assert!(one["path"].as_str().unwrap().starts_with('/'), "{one}");
        assert!(!one["name"].as_str().unwrap().is_empty(), "{one}");
        assert_eq!(one["datasets"], serde_json::json!([]));
        for (name, value) in one.as_object().unwrap() {
            let known = ["path", "name", "description", "owner", "datasets"];
            assert!(known.contains(&&**name) && !value.is_null(), "{one}");
        }
    }
    all
}

fn read(code: &str, bytes: &[u8]) -> BTreeMap<String, String> {
    let all = visualizations(bytes);
    let paths: Vec<_> = all
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert!(paths.is_sorted());
    let names = all
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned());
    let keys = paths.iter().map(|path| format!("{code}{path}"));
    keys.zip(names).collect()
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
async fn texts_are_unchanged_and_no_unprintable_character_is_raw() {
    let catalog = catalog();
    let long = "long ".repeat(20_000);
    let names = [&HOSTILE[..], &[&long]].concat();
    let file = catalog.deliver(&*catalog.open().await, &names).await;
    let text = str::from_utf8(&file).unwrap();
    assert!(!text.contains(['\u{85}', '\u{2028}', '\u{feff}', '\r']));
    // Each item is on a line of its own.
    assert_eq!(text.lines().count(), names.len() + 2);
    for (one, name) in visualizations(&file).iter().zip(names) {
        let shown = one["name"].as_str().unwrap();
        assert_eq!(shown, if name.is_empty() { "(untitled)" } else { name });
        let description = one["description"].as_str().unwrap();
        let (own, lines) = description.rsplit_once("\n\n").unwrap();
        assert_eq!(own, format!("About {name}"));
        let tags = lines.strip_prefix("Application: The folder").unwrap();
        assert!(tags.is_empty() || tags.starts_with("\nTags: "), "{lines:?}");
        assert!(lines.lines().count() <= 2, "{lines:?}");
        assert_eq!(one["owner"]["email"], "ann@example.com");
        assert_eq!(one["owner"].as_object().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn the_position_is_kept_under_the_kind() {
    assert_eq!(catalog().open().await.name().as_str(), "zeenea-zdf");
}
