//! Digests of sheets: of everything that the item of a sheet depends on, so that an unchanged sheet need not be lowered.

use std::{collections::HashSet, hash::Hash};

use catalog_model::{DigestKey, RecordDigest};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::{
    items::{
        apps::{AppFacts, FactsSource, WithOwners},
        dates::is_unreadable,
        lower::Surroundings,
    },
    people::owners::UserDigest,
    records::{
        Owner, Sheet,
        texts::{is_cut, is_cut_description},
    },
    scan::source::Source,
};

/// Maximum number of owners and apps whose contacts are remembered as reported. The sheets of others are always lowered.
const MAX_REPORTED: usize = 50_000;

/// Computes digests of sheets.
pub(crate) struct Digester {
    /// A hasher that has the key of the catalog, and what all items depend on.
    begun: SipHasher13,
    /// Whose contacts this attempt has reported: the digests of owners of sheets, and of apps whose owners are contacts.
    reported: HashSet<u128>,
}

/// The digest of a sheet, and of those who are its contacts.
pub(crate) struct SheetDigest {
    pub(crate) record: RecordDigest,
    owner: Option<u128>,
    app: Option<u128>,
}

impl Digester {
    /// Creates digests with the key of a catalog.
    pub(crate) fn new(DigestKey(key): DigestKey, source: &Source) -> Self {
        let mut begun = SipHasher13::new_with_key(&key);
        source.basis().hash(&mut begun);
        Self {
            begun,
            reported: HashSet::new(),
        }
    }

    /// Whether the contacts of such a sheet were reported in this attempt. Notes that they are.
    pub(crate) fn reports(&mut self, sheet: &SheetDigest) -> bool {
        let mut all = true;
        for contact in sheet.owner.into_iter().chain(sheet.app) {
            let is_known = self.reported.contains(&contact);
            if !is_known && self.reported.len() < MAX_REPORTED {
                self.reported.insert(contact);
            }
            all &= is_known;
        }
        all
    }

    /// Returns the digest of a sheet that the filter keeps, unless something about it is unknown.
    pub(crate) fn sheet(
        &self,
        sheet: &Sheet,
        app: &AppFacts,
        surroundings: &Surroundings<'_>,
        catalog: Option<&str>,
    ) -> Option<SheetDigest> {
        if !is_readable(sheet) {
            return None;
        }
        let Surroundings { apps, owners, .. } = surroundings;
        let of_app = self.app(app, surroundings)?;
        let owner = match &sheet.owner {
            Some(owner) => Some(self.owner(owner, owners.digest_of(owner)?)),
            None => None,
        };
        let mut hasher = self.begun;
        let Sheet {
            id,
            engine_object_id,
            object_type: _,
            name,
            description,
            created_date,
            modified_date,
            publish_time,
            published,
            approved,
            owner: _,
            tags,
            app: sheet_app,
            odd: _,
        } = sheet;
        let app_id = sheet_app.as_ref().map(|app| app.id.as_str());
        (id.as_str(), engine_object_id.as_str(), app_id).hash(&mut hasher);
        (&**name, &**description).hash(&mut hasher);
        (created_date, modified_date, publish_time).hash(&mut hasher);
        (published, approved, owner, of_app, catalog).hash(&mut hasher);
        for tag in tags {
            tag.name.hash(&mut hasher);
        }
        let with_owner = apps.with_owners() == WithOwners::Yes;
        Some(SheetDigest {
            record: RecordDigest(hasher.finish128().as_u128()),
            owner,
            app: with_owner.then_some(of_app),
        })
    }

    /// The digest of an owner, as the record of a sheet or an app contains it, and of the user.
    fn owner(&self, owner: &Owner, user: UserDigest<'_>) -> u128 {
        let mut hasher = self.begun;
        let Owner {
            id,
            user_id,
            user_directory,
            name,
        } = owner;
        (id.as_str(), &**user_id, &**user_directory, &**name).hash(&mut hasher);
        user.hash(&mut hasher);
        hasher.finish128().as_u128()
    }

    /// The digest of an app, computed once, unless something about it is unknown.
    fn app(&self, app: &AppFacts, surroundings: &Surroundings<'_>) -> Option<u128> {
        *app.digest.0.get_or_init(|| {
            if app.source != FactsSource::AppList || app.has_unknown() {
                return None;
            }
            let owner = match (&app.owner, surroundings.apps.with_owners()) {
                (Some(owner), WithOwners::Yes) => {
                    let user = surroundings.owners.digest_of(owner)?;
                    Some(self.owner(owner, user))
                }
                _ => None,
            };
            let mut hasher = self.begun;
            app.hash_record(&mut hasher);
            owner.hash(&mut hasher);
            Some(hasher.finish128().as_u128())
        })
    }
}

/// Whether every field of a record could be read completely.
fn is_readable(sheet: &Sheet) -> bool {
    let dates = [
        &sheet.created_date,
        &sheet.modified_date,
        &sheet.publish_time,
    ];
    sheet.odd.is_empty()
        && !dates.into_iter().any(is_unreadable)
        && !is_cut(&sheet.name)
        && !is_cut_description(&sheet.description)
        && !sheet.tags.iter().any(|tag| is_cut(&tag.name))
        && !sheet.owner.iter().any(|owner| is_cut(&owner.name))
}
