//! The follower `ndjson`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use async_trait::async_trait;
use catalog_model::{
    Follower,
    contract::follower::{CatalogFault, FollowerUnderTest, check},
    is_unprintable,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::support;

/// Opens the follower that writes to `export` in a home.
fn open(home: &Path) -> Box<dyn Follower> {
    support::open(home, &[("kind", "ndjson"), ("path", "export")])
}

/// A home in a temporary folder, and its folder of exports as a catalog.
struct Exports {
    home: TempDir,
    /// How often a file was seen to be a new one.
    writes: AtomicU64,
    last: std::sync::Mutex<BTreeMap<PathBuf, (u64, SystemTime)>>,
}

impl Exports {
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            writes: AtomicU64::new(0),
            last: std::sync::Mutex::default(),
        }
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("export")
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder()) else {
            return Vec::new();
        };
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

#[async_trait]
impl FollowerUnderTest for Exports {
    async fn open(&self) -> Box<dyn Follower> {
        open(self.home.path())
    }

    async fn clear(&self) {
        let folder = self.folder();
        let _ = fs::remove_file(&folder);
        let _ = fs::remove_dir_all(&folder);
    }

    async fn items(&self) -> BTreeMap<String, String> {
        let mut items = BTreeMap::new();
        for path in self.files() {
            let text = fs::read_to_string(&path).unwrap();
            // Readers in other languages end a line at some of these characters.
            assert!(!text.replace('\n', "").contains(is_unprintable), "{text:?}");
            let keys: Vec<_> = (text.lines())
                .map(|line| serde_json::from_str::<Value>(line).unwrap())
                .map(|line| {
                    let key = line["key"].as_str().unwrap().to_owned();
                    let label = line["label"].as_str().unwrap();
                    assert!(label.split('/').all(|part| !part.is_empty()), "{label}");
                    items.insert(key.clone(), line["name"].as_str().unwrap().to_owned());
                    key
                })
                .collect();
            assert!(keys.is_sorted(), "the lines of a file are sorted by key");
        }
        items
    }

    async fn writes(&self) -> Option<u64> {
        let mut last = self.last.lock().unwrap();
        for path in self.files() {
            let found = fs::metadata(&path).unwrap();
            let version = (found.len(), found.modified().unwrap());
            if last.insert(path, version) != Some(version) {
                self.writes.fetch_add(1, Ordering::Relaxed);
            }
        }
        Some(self.writes.load(Ordering::Relaxed))
    }

    /// A file in the place of the folder. A folder that cannot be written would not stop root.
    async fn fail(&self, fault: CatalogFault) -> bool {
        let (folder, aside) = (self.folder(), self.home.path().join("aside"));
        match fault {
            CatalogFault::RefusesAfter(0) => {
                let _ = fs::rename(&folder, &aside);
                fs::write(&folder, "").unwrap();
                true
            }
            CatalogFault::None => {
                fs::remove_file(&folder).unwrap();
                let _ = fs::rename(&aside, &folder);
                true
            }
            _ => false,
        }
    }
}

#[tokio::test]
async fn the_files_keep_the_contract() {
    check(&Exports::new()).await.unwrap();
}

#[test]
fn the_position_is_kept_under_the_kind_and_the_path() {
    let follower = open(Path::new("."));
    assert_eq!(follower.name().as_str(), "ndjson:export");
}

#[tokio::test]
async fn a_check_changes_nothing_in_the_home() {
    let home = tempfile::tempdir().unwrap();
    let stages = open(home.path()).check(None).await;
    assert!(
        stages[0]
            .seen
            .contains("does not exist; the first delivery creates it"),
        "{stages:?}"
    );
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}
