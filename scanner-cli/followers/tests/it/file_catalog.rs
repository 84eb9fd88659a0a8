//! A folder of files, one for each connection, as the catalog of a follower.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::SystemTime,
};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Follower, Place, Settings,
    contract::follower::{CatalogFault, Closing, FeedFault, FollowerUnderTest, MemoryStore},
    settings::{Node, Object, Value},
};
use tempfile::TempDir;

use crate::support::NoFiles;

/// Reads a file of the connection with this code: keys and names.
pub(crate) type ReadItems = fn(code: &str, bytes: &[u8]) -> BTreeMap<String, String>;

/// A home in a temporary folder, and its folder of exports as a catalog.
pub(crate) struct FileCatalog {
    home: TempDir,
    kind: &'static str,
    /// The ending of the files.
    ending: &'static str,
    read: ReadItems,
    seen: Mutex<Seen>,
}

/// Which files were seen, and how often one of them was a new one.
#[derive(Default)]
struct Seen {
    writes: u64,
    versions: BTreeMap<PathBuf, (u64, SystemTime)>,
}

impl FileCatalog {
    pub(crate) fn new(kind: &'static str, ending: &'static str, read: ReadItems) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            kind,
            ending,
            read,
            seen: Mutex::default(),
        }
    }

    /// The settings of the follower, with others.
    pub(crate) fn settings(&self, more: Vec<(&str, Value)>) -> Settings {
        let text = |text: &str| Value::String(text.to_owned());
        let place = Place::new("application.conf", 1, 1);
        let own = [("kind", text(self.kind)), ("path", text("export"))];
        let all = own.into_iter().chain(more);
        let all = all.map(|(name, value)| (name.to_owned(), Node::new(value, place.clone())));
        let all: Object = all.collect();
        Settings::new("application.conf", all, Arc::new(NoFiles))
    }

    pub(crate) fn follower(&self, more: Vec<(&str, Value)>) -> Box<dyn Follower> {
        let mut settings = self.settings(more);
        let opened = self.registry().open(&mut settings);
        let opened = opened.unwrap_or_else(|_| panic!("{:?}", settings.problems()));
        opened.unwrap().follower
    }

    /// The problems of settings that are invalid: messages and hints.
    pub(crate) fn problems(&self, more: Vec<(&str, Value)>) -> Vec<String> {
        let mut settings = self.settings(more);
        assert!(self.registry().open(&mut settings).is_err());
        let problems = settings.problems().into_iter();
        let texts = problems
            .map(|problem| format!("{} ({})", problem.message, problem.hint.unwrap_or_default()));
        texts.collect()
    }

    fn registry(&self) -> catalog_model::FollowerRegistry {
        catalog_followers::registry(self.home.path())
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("export")
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder()) else {
            return Vec::new();
        };
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Delivers a complete scan of the connection `east` with these names.
    pub(crate) async fn deliver(&self, follower: &dyn Follower, names: &[&str]) -> Vec<u8> {
        let (store, east) = (MemoryStore::default(), east());
        let ids: Vec<_> = (0..names.len()).map(|id| format!("{id:04}")).collect();
        let seen: Vec<_> = ids
            .iter()
            .map(String::as_str)
            .zip(names.iter().copied())
            .collect();
        store.scan(&east, &seen, Closing::Complete);
        follower.follow(&store.feed(FeedFault::None)).await.unwrap();
        let files = follower.files_of(&east);
        assert_eq!(files, self.files());
        assert!(store.is_delivered());
        fs::read(&files[0]).unwrap()
    }
}

pub(crate) fn east() -> ConnectionCode {
    ConnectionCode::new("east").unwrap()
}

/// A setting with a list of texts.
pub(crate) fn list(texts: &[&str]) -> Value {
    let place = Place::new("application.conf", 1, 1);
    let texts = texts.iter().map(|text| Value::String((*text).to_owned()));
    Value::List(texts.map(|text| Node::new(text, place.clone())).collect())
}

#[async_trait]
impl FollowerUnderTest for FileCatalog {
    async fn open(&self) -> Box<dyn Follower> {
        self.follower(Vec::new())
    }

    async fn clear(&self) {
        let _ = fs::remove_file(self.folder());
        let _ = fs::remove_dir_all(self.folder());
    }

    async fn items(&self) -> BTreeMap<String, String> {
        let mut items = BTreeMap::new();
        for path in self.files() {
            let name = path.file_name().unwrap().to_str().unwrap();
            let code = name.strip_suffix(self.ending).unwrap();
            items.extend((self.read)(code, &fs::read(&path).unwrap()));
        }
        items
    }

    async fn writes(&self) -> Option<u64> {
        let mut seen = self.seen.lock().unwrap();
        for path in self.files() {
            let found = fs::metadata(&path).unwrap();
            let version = (found.len(), found.modified().unwrap());
            if seen.versions.insert(path, version) != Some(version) {
                seen.writes += 1;
            }
        }
        Some(seen.writes)
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

/// No file is written before the first complete scan, and none after a scan without changes.
pub(crate) async fn check_when_files_are_written(catalog: &FileCatalog) {
    let (store, east) = (MemoryStore::default(), east());
    let follower = catalog.follower(Vec::new());
    let deliver = async || {
        follower.follow(&store.feed(FeedFault::None)).await.unwrap();
    };
    store.scan(&east, &[("a", "A")], Closing::Partial);
    deliver().await;
    assert_eq!(catalog.files(), [] as [&Path; 0]);
    store.scan(&east, &[("a", "A")], Closing::Complete);
    deliver().await;
    assert_eq!(catalog.files(), follower.files_of(&east));
    let before = catalog.writes().await;
    store.scan(&east, &[("a", "A")], Closing::Complete);
    deliver().await;
    assert_eq!(catalog.writes().await, before);
    // A file that is missing is written again.
    fs::remove_file(&catalog.files()[0]).unwrap();
    deliver().await;
    assert_eq!(catalog.items().await.len(), 1);
}
