//! The sheets of a site as digests, one for each app.

use std::collections::{BTreeSet, HashMap};

use catalog_model::{Inclusion, filter::Decision};
use qrs_client::{AppId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    filters::filtering::inclusion,
    items::apps::{AppFacts, FactsSource},
    records::{Id, Sheet},
    site::digest::{digest, short_digest},
};

/// The ids and modification dates of the sheets of an app, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SheetSet {
    pub(crate) count: u64,
    /// The sum of their digests.
    sum: u128,
    /// The latest modification date, in milliseconds since 1970.
    pub(crate) newest: Option<i64>,
    /// Whether one of them has no modification date, so that changes of it are not seen.
    pub(crate) has_undated: bool,
}

impl SheetSet {
    pub(crate) fn add(&mut self, id: &str, modified: &Timestamp) {
        let modified = modified.as_unix_millis();
        self.count += 1;
        self.sum = self.sum.wrapping_add(digest((id, modified)));
        self.newest = self.newest.max(modified);
        self.has_undated |= modified.is_none();
    }
}

/// What is remembered of the sheets of an app that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SheetsRead {
    pub(crate) set: SheetSet,
    /// Digests of the ids of their owners, and of the owner of their app.
    owners: BTreeSet<u64>,
    /// Whether the filter keeps at least one of them.
    pub(crate) is_kept: bool,
    /// Number of them that the filter excludes.
    pub(crate) excluded: u64,
    /// Whether they must be read again, because something about one of them is unknown.
    pub(crate) is_unclear: bool,
}

impl SheetsRead {
    pub(crate) fn has_owner_in(&self, owners: &BTreeSet<u64>) -> bool {
        !self.owners.is_disjoint(owners)
    }

    /// The combined result of the filter, for sheets about which nothing is unknown.
    pub(crate) fn inclusion(&self) -> Inclusion {
        match self.is_kept {
            true => Inclusion::Included,
            false => Inclusion::Excluded,
        }
    }
}

/// The digest of a user's id.
pub(crate) fn owner_digest(id: &str) -> u64 {
    short_digest(id)
}

/// The sheets of all apps that a scan has read.
#[derive(Debug, Default)]
pub(crate) struct SheetIndex {
    pub(crate) apps: HashMap<AppId, SheetsRead>,
    /// Whether the app of a sheet that could not be read is unknown.
    pub(crate) has_unplaced: bool,
}

impl SheetIndex {
    /// Adds a sheet of an app with the filter's decision.
    pub(crate) fn add(&mut self, sheet: &Sheet<'_>, app: &AppFacts, decision: &Decision) {
        let Some(sheet_app) = &sheet.app else { return };
        let read = self.sheets_of(&sheet_app.id);
        read.set.add(sheet.id.as_str(), &sheet.modified_date);
        for owner in sheet.owner.iter().chain(app.owner.as_deref()) {
            read.owners.insert(owner_digest(owner.id.as_str()));
        }
        match inclusion(decision) {
            Inclusion::Included => read.is_kept = true,
            Inclusion::Excluded => read.excluded += 1,
            Inclusion::Undecided => read.is_unclear = true,
        }
        read.is_unclear |= app.source != FactsSource::AppList || !sheet.odd.is_empty();
    }

    /// Adds a sheet that could not be read, with its app, if that is known.
    pub(crate) fn add_unreadable(&mut self, app: Option<&Id<'_, AppId>>) {
        match app.filter(|app| !app.is_empty()) {
            Some(app) => self.sheets_of(app).is_unclear = true,
            None => self.has_unplaced = true,
        }
    }

    fn sheets_of(&mut self, app: &Id<'_, AppId>) -> &mut SheetsRead {
        self.apps.entry(app.to_id()).or_default()
    }
}
