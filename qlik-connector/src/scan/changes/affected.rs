//! Finds the apps whose sheets may have changed.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use qrs_client::AppId;

use crate::{
    items::apps::Apps,
    people::owners::Owners,
    scan::changes::{
        memory::{AppMemory, Memory, by_digest, modified, record_digest},
        table::SiteSheets,
    },
};

/// Sheets that were modified so long before the last scan are read again: a sheet that is modified twice in one moment has
/// the same date twice, and the clocks of a site's nodes differ.
const OVERLAP: Duration = Duration::from_hours(1);

/// The apps whose sheets are read.
pub(crate) struct Affected {
    /// Apps that have sheets.
    pub(crate) apps: BTreeSet<AppId>,
    /// Apps that had sheets, and have none in the table. They are read nevertheless: a sheet can slip from one page to another.
    pub(crate) emptied: BTreeSet<AppId>,
    /// Other apps without sheets. A sheet whose app is unknown may have been one of theirs.
    pub(crate) without_sheets: BTreeSet<AppId>,
    /// Number of sheets in `apps`, and of those without an app.
    pub(crate) sheets: u64,
}

impl Memory {
    /// Finds the apps whose sheets may have changed. The error is why everything must be read.
    pub(crate) fn affected(
        &self,
        now: &SiteSheets,
        apps: &Apps,
        owners: &Owners<'_>,
    ) -> Result<Affected, String> {
        let newest_sheet = now.by_app.values().filter_map(|set| set.newest).max();
        let newest_app = apps.listed().filter_map(|(_, app)| modified(app)).max();
        if newest_sheet.max(newest_app) < self.newest {
            return Err(
                "the latest modification date of the site is earlier than in the last scan: its clock went back, it was \
                 restored, or its latest record was removed"
                    .to_owned(),
            );
        }
        let changed_owners = self.changed_owners(owners)?;
        let overlap = i64::try_from(OVERLAP.as_millis()).unwrap_or(i64::MAX);
        let began = self.began.or(self.newest);
        let recent = began.map(|began| began.saturating_sub(overlap));
        let records: HashMap<&AppId, u64> = apps
            .listed()
            .map(|(id, app)| (id, record_digest(app)))
            .collect();
        let is_unchanged = |id: &AppId, known: &AppMemory| {
            let sheets = &known.sheets;
            now.by_app.get(id) == Some(&sheets.set)
                && !sheets.set.has_undated
                && !sheets.is_unclear
                && sheets.set.newest < recent
                && known.record.is_some()
                && known.record == records.get(id).copied()
                && !sheets.has_owner_in(&changed_owners)
        };
        let mut affected = Affected {
            apps: BTreeSet::new(),
            emptied: BTreeSet::new(),
            without_sheets: BTreeSet::new(),
            sheets: now.homeless.len() as u64,
        };
        for (id, set) in &now.by_app {
            let known = self.apps.get(id.as_str());
            if !known.is_some_and(|known| is_unchanged(id, known)) {
                affected.sheets += set.count;
                affected.apps.insert(id.clone());
            }
        }
        for (id, known) in &self.apps {
            let id = AppId::from(id.as_str());
            if now.by_app.contains_key(&id) {
                continue;
            }
            if known.sheets.set.count > 0 || known.sheets.is_unclear {
                affected.emptied.insert(id);
            } else if self.has_unplaced {
                affected.without_sheets.insert(id);
            }
        }
        Ok(affected)
    }

    /// The digests of the ids of the users whose digests changed.
    fn changed_owners(&self, owners: &Owners<'_>) -> Result<BTreeSet<u64>, String> {
        // Users who cannot be read now leave everything as it was.
        let Some(now) = owners.digests().map(|users| by_digest(&users)) else {
            return Ok(BTreeSet::new());
        };
        let Some(before) = &self.users else {
            return Err("the last scan could not read the users".to_owned());
        };
        let all = before.keys().chain(now.keys());
        let changed = all.filter(|id| before.get(id) != now.get(id));
        Ok(changed.copied().collect())
    }
}
