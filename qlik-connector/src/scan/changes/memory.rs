//! What a connection remembers of a complete scan.

use std::collections::{BTreeMap, HashMap};

use catalog_model::ScanState;
use qrs_client::UserId;
use serde::{Deserialize, Serialize};

use crate::{
    items::apps::{AppFacts, Apps},
    people::owners::Owners,
    scan::{
        changes::index::{SheetIndex, SheetsRead, owner_digest},
        source::Source,
    },
    site::digest::short_digest,
};

/// What a connection remembers of a complete scan. Its size depends on the number of apps and users, not of sheets.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// A digest of the settings and of the program's version.
    pub(crate) basis: String,
    /// A digest of the site's version.
    pub(crate) version: u64,
    /// The latest modification date of an app or a sheet, in milliseconds since 1970, as all times here.
    pub(crate) newest: Option<i64>,
    /// The site's clock when the scan began, if the site sends it.
    pub(crate) began: Option<i64>,
    /// Digests of users by digests of their ids; `None` if they could not be read.
    pub(crate) users: Option<HashMap<u64, u64>>,
    /// Whether the app of a sheet that could not be read is unknown.
    pub(crate) has_unplaced: bool,
    /// The apps, by id.
    pub(crate) apps: BTreeMap<String, AppMemory>,
}

/// What is remembered of an app.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct AppMemory {
    /// A digest of its record; `None` if the list of apps did not contain it.
    pub(crate) record: Option<u64>,
    pub(crate) sheets: SheetsRead,
}

impl Memory {
    /// Creates what is remembered of a scan.
    pub(crate) fn new(
        source: &Source,
        (version, began): (&str, Option<i64>),
        (apps, owners): (&Apps, &Owners<'_>),
        sheets: SheetIndex,
    ) -> Self {
        let mut all = BTreeMap::<String, AppMemory>::new();
        for (id, sheets) in sheets.apps {
            all.entry(id.into()).or_default().sheets = sheets;
        }
        let mut newest = all.values().filter_map(|app| app.sheets.set.newest).max();
        for (id, app) in apps.listed() {
            all.entry(id.to_string()).or_default().record = Some(record_digest(app));
            newest = newest.max(modified(app));
        }
        Self {
            basis: source.basis(),
            version: short_digest(version),
            newest,
            began,
            users: owners.digests().map(|users| by_digest(&users)),
            has_unplaced: sheets.has_unplaced,
            apps: all,
        }
    }

    /// Reads what an earlier scan remembered. `None` if it cannot be read.
    pub(crate) fn decode(state: &ScanState) -> Option<Self> {
        serde_json::from_slice(&state.0).ok()
    }

    /// Writes it for a later scan.
    pub(crate) fn encode(&self) -> Option<ScanState> {
        serde_json::to_vec(self).ok().map(ScanState)
    }
}

/// A digest of everything that is known of an app.
pub(crate) fn record_digest(app: &AppFacts) -> u64 {
    short_digest(format!("{app:?}"))
}

/// When an app was modified, in milliseconds since 1970.
pub(crate) fn modified(app: &AppFacts) -> Option<i64> {
    let modified = app.dates.modified.instant();
    modified.map(catalog_model::Instant::as_unix_millis)
}

pub(crate) fn by_digest(users: &HashMap<UserId, u64>) -> HashMap<u64, u64> {
    let users = users.iter();
    users
        .map(|(id, digest)| (owner_digest(id.as_str()), *digest))
        .collect()
}
