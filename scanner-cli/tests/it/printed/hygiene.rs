//! Finds snapshots that no test uses.

use std::{ffi::OsStr, fs, path::Path};

/// The folder of the snapshots.
pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots");

/// The source text of all tests with snapshots.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        text += &fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    text
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let tests = Path::new(FOLDER).parent().unwrap();
    let sources = sources(&tests.join("printed"));
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension() != Some(OsStr::new("snap")) {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            sources.contains(&format!("\"{name}\"")),
            "no test compares with {}: remove it",
            path.display()
        );
    }
}
