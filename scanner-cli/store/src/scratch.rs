//! A store in a temporary folder, for tests.

use std::{path::PathBuf, sync::OnceLock, time::Duration};

use catalog_model::{
    Completeness, ConnectionCode, Contacts, FieldRevision, ItemKey, Origin, Precedence, Properties,
    SourceId, Visualization,
};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::{
    Beginning, Catalog, Closed, Closing, Store, StoreError, StoreLimits, StoreLocation, StoreScan,
    browse::BrowseSettings, fuse::Removals,
};

/// Number of seconds in a day.
pub(crate) const DAY: i64 = 24 * 3600;

/// A store in a folder of its own, with a connection `c`.
pub struct Scratch {
    /// The folder, which is deleted when this value is dropped.
    pub folder: TempDir,
    pub(crate) store: Store,
}

/// What makes the stores of this process, if they are not on SQLite.
static STORES: OnceLock<fn() -> StoreLocation> = OnceLock::new();

/// Lets `make` make the stores of all later [`Scratch`]es of this process.
pub fn use_stores(make: fn() -> StoreLocation) {
    // The same one, in tests that run side by side.
    let _ = STORES.set(make);
}

/// Settings with which requests are in time on a busy machine.
#[must_use]
pub fn patient() -> BrowseSettings {
    BrowseSettings {
        time_limit: Duration::from_secs(60),
        ..BrowseSettings::default()
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::with(SignedDuration::from_secs(30 * DAY).into())
    }
}

impl Scratch {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(limits: StoreLimits) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let location = match STORES.get() {
            Some(make) => make(),
            None => folder.path().join("data").join("catalog.db").into(),
        };
        let store = Store::open(&location, limits).expect("an empty store");
        Self { folder, store }
    }

    /// Where the store is.
    #[must_use]
    pub fn location(&self) -> StoreLocation {
        self.store.location().clone()
    }

    /// The path of a store on SQLite.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("data").join("catalog.db")
    }

    /// Opens the catalog for reading.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        let catalog = Catalog::open(self.store.location());
        catalog.expect("a store that can be read").expect("a store")
    }

    /// Begins a scan by a connector whose fields have these revisions.
    pub(crate) async fn begin_with(&self, day: i64, revisions: &[FieldRevision]) -> StoreScan {
        let begun = self.store.begin(Beginning {
            code: ConnectionCode::new("c").expect("a valid code"),
            name: "Connection".to_owned(),
            key_parts: vec!["app"],
            revisions: revisions.to_vec(),
            time: at(day),
        });
        begun.await.expect("a store that can be written")
    }

    /// Runs a complete scan that sees these items, each with its name.
    pub async fn scan(&self, day: i64, items: &[(&str, &str)]) -> Closed {
        self.scan_revised(&[], day, items).await
    }

    /// Runs a complete scan by a connector with the second revision of this field.
    pub async fn scan_by_newer(
        &self,
        field: &'static str,
        day: i64,
        items: &[(&str, &str)],
    ) -> Closed {
        let revision = 2;
        let revisions = [FieldRevision { field, revision }];
        self.scan_revised(&revisions, day, items).await
    }

    pub(crate) async fn scan_revised(
        &self,
        revisions: &[FieldRevision],
        day: i64,
        items: &[(&str, &str)],
    ) -> Closed {
        let mut scan = self.begin_with(day, revisions).await;
        for (key, name) in items {
            see(&mut scan, key, name, Contacts::Unknown);
        }
        let closed = close_with(scan, day, Removals::Accepted).await;
        closed.expect("a store that can be written")
    }
}

pub(crate) fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + day * DAY).expect("a valid time")
}

pub(crate) fn see(scan: &mut StoreScan, key: &str, name: &str, contacts: Contacts) {
    let item = item(key, name, contacts);
    let id = SourceId(format!("id-{key}"));
    scan.item(&item, &Origin::from(Some(id)))
        .expect("an item that can be written");
}

pub(crate) fn item(key: &str, name: &str, contacts: Contacts) -> Visualization {
    Visualization {
        key: ItemKey::new(["c", key]).expect("a valid key"),
        container: None,
        label: vec!["way".to_owned()],
        name: name.to_owned(),
        description: None,
        contacts,
        catalog: None,
        precedence: Precedence::default(),
        properties: Properties::default(),
    }
}

pub(crate) async fn close_with(
    scan: StoreScan,
    day: i64,
    removals: Removals,
) -> Result<Closed, StoreError> {
    let closing = Closing {
        statement: Ok(Completeness::Complete),
        time: at(day),
        site_version: None,
        bytes: 0,
        removals,
        advice: "run it again".to_owned(),
    };
    scan.close(closing).await.map(|(closed, _)| closed)
}
