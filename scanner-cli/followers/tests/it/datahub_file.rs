//! The follower `datahub-file`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use async_trait::async_trait;
use catalog_followers::datahub::mapping::urn;
use catalog_model::{
    ConnectionCode, Follower,
    contract::follower::{CatalogFault, Closing, FeedFault, FollowerUnderTest, MemoryStore, check},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::open;

/// A home in a temporary folder, and its folder of files as a catalog.
struct Files {
    home: TempDir,
    writes: AtomicU64,
    last: Mutex<BTreeMap<PathBuf, SystemTime>>,
}

/// A row of a file: the entity and the aspect.
struct Row {
    urn: String,
    aspect: String,
    value: Value,
}

impl Files {
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            writes: AtomicU64::new(0),
            last: Mutex::default(),
        }
    }

    fn follower(&self, more: &[(&str, &str)]) -> Box<dyn Follower> {
        let settings = [("kind", "datahub-file"), ("path", "export/datahub")];
        open(self.home.path(), &[&settings[..], more].concat())
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("export/datahub")
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder()) else {
            return Vec::new();
        };
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn rows(&self) -> Vec<Row> {
        let mut found = Vec::new();
        for path in self.files() {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.is_ascii());
            assert!(path.to_str().unwrap().ends_with(".mcps.json"), "{path:?}");
            let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
            found.extend(rows.iter().map(|row| Row {
                urn: row["entityUrn"].as_str().unwrap().to_owned(),
                aspect: row["aspectName"].as_str().unwrap().to_owned(),
                value: value(row),
            }));
        }
        found
    }

    /// The values of an aspect by urn.
    fn aspect(&self, name: &str) -> BTreeMap<String, Value> {
        let rows = self.rows().into_iter().filter(|row| row.aspect == name);
        rows.map(|row| (row.urn, row.value)).collect()
    }

    fn is_shown(&self, urn: &str) -> bool {
        self.aspect("status")[urn]["removed"] == false
    }
}

/// The value of a row in the form that its change demands.
fn value(row: &Value) -> Value {
    let aspect = &row["aspect"];
    match row["changeType"].as_str().unwrap() {
        "UPSERT" => aspect["json"].clone(),
        "PATCH" => {
            assert_eq!(aspect["contentType"], "application/json-patch+json");
            let text = aspect["value"].as_str().unwrap();
            assert!(text.is_ascii());
            serde_json::from_str(text).unwrap()
        }
        other => panic!("{other}"),
    }
}

#[async_trait]
impl FollowerUnderTest for Files {
    async fn open(&self) -> Box<dyn Follower> {
        self.follower(&[])
    }

    async fn clear(&self) {
        let _ = fs::remove_file(self.folder());
        let _ = fs::remove_dir_all(self.folder());
    }

    async fn items(&self) -> BTreeMap<String, String> {
        let items = self.aspect("dashboardInfo").into_iter();
        items
            .filter(|(urn, _)| self.is_shown(urn))
            .map(|(_, info)| {
                let key = info["customProperties"]["key"].as_str().unwrap();
                (key.to_owned(), info["title"].as_str().unwrap().to_owned())
            })
            .collect()
    }

    async fn containers(&self) -> Option<BTreeMap<String, String>> {
        let found = self.aspect("containerProperties").into_iter();
        let shown = found.filter(|(urn, _)| self.is_shown(urn));
        let keyed = shown.map(|(found, properties)| {
            let code = properties["customProperties"]["connection"]
                .as_str()
                .unwrap();
            let key = format!("{code}/folder:f1");
            assert_eq!(urn::container(&key.parse().unwrap()), found);
            (key, properties["name"].as_str().unwrap().to_owned())
        });
        Some(keyed.collect())
    }

    async fn writes(&self) -> Option<u64> {
        let mut last = self.last.lock().unwrap();
        for path in self.files() {
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            if last.insert(path, modified) != Some(modified) {
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
                fs::create_dir_all(folder.parent().unwrap()).unwrap();
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
    check(&Files::new()).await.unwrap();
}

fn east() -> ConnectionCode {
    ConnectionCode::new("east").unwrap()
}

#[tokio::test]
async fn a_file_holds_the_whole_state_with_everything_referred_to_before() {
    let (files, store) = (Files::new(), MemoryStore::default());
    let all = [("a", "A"), ("b", "B"), ("c", "C")];
    store.scan(&east(), &all, Closing::Complete);
    store.scan(&east(), &all[..2], Closing::Complete);
    store.exclude(&east(), "b");
    files
        .follower(&[])
        .follow(&store.feed(FeedFault::None))
        .await
        .unwrap();
    let status = files.aspect("status");
    let dashboard = |id| format!("urn:li:dashboard:(qlik-sense,east.f1.{id})");
    for (id, removed) in [("a", false), ("b", true), ("c", true)] {
        assert_eq!(status[&dashboard(id)]["removed"], removed, "{id}");
    }
    let rows = files.rows();
    let first = |urn: &str| rows.iter().position(|row| row.urn == urn).unwrap();
    let folder = urn::container(&"east/folder:f1".parse().unwrap());
    assert!(first(&folder) < first(&dashboard("a")));
    assert!(first("urn:li:tag:A") < first(&dashboard("a")));
    assert_eq!(first(&urn::instance(&east())), 0);
    assert!(first(&dashboard("a")) < first(&dashboard("b")));
    let last: Vec<_> = rows[rows.len() - 2..]
        .iter()
        .map(|row| &row.aspect)
        .collect();
    assert_eq!(last, ["status", "status"]);
    let tags = &files.aspect("globalTags")[&dashboard("a")];
    assert_eq!(tags["patch"][0]["path"], "/tags/urn:li:tag:A");
}

#[tokio::test]
async fn a_tag_whose_urn_is_shortened_is_said() {
    let (files, store) = (Files::new(), MemoryStore::default());
    let long = "日本".repeat(40);
    store.scan(&east(), &[("a", &long), ("b", &long)], Closing::Complete);
    let feed = store.feed(FeedFault::None);
    let delivery = files.follower(&[]).follow(&feed).await.unwrap();
    let [notice] = delivery.notices.as_slice() else {
        panic!("{:?}", delivery.notices);
    };
    assert!(notice.contains("is too long for a urn"), "{notice}");
}

#[tokio::test]
async fn another_owner_id_is_another_revision() {
    let files = Files::new();
    let revisions = [
        files.follower(&[]),
        files.follower(&[("owner_id", "login")]),
    ];
    assert_ne!(revisions[0].revision(), revisions[1].revision());
}

/// The expected file. `UPDATE_GOLDEN=1` rewrites it.
const GOLDEN: &str = "tests/it/golden/datahub_file.json";

#[tokio::test]
async fn a_file_is_written_as_datahub_reads_it() {
    let (files, store) = (Files::new(), MemoryStore::default());
    let all = [("a", "Umsätze \"2024\" / 日本"), ("b", ""), ("c", "C")];
    store.scan(&east(), &all, Closing::Complete);
    store.scan(&east(), &all[..2], Closing::Complete);
    let follower = files.follower(&[("tag_prefix", "qlik:"), ("owner_id", "login")]);
    follower.follow(&store.feed(FeedFault::None)).await.unwrap();
    let written = fs::read_to_string(&files.files()[0]).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &written).unwrap();
    }
    assert_eq!(written, fs::read_to_string(golden).unwrap());
}
