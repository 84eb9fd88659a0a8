//! Turns the rows of the list of sheets into items, and counts what is not an item.

mod digest;
mod report;

use std::{collections::BTreeSet, mem};

use catalog_model::{
    Contacts, DigestKey, ExcludedItem, Inclusion, Observation, Origin, RecordDigest, ScanSink,
    SourceId, UndecidedItem, UnreadableRecord,
    filter::{Decision, ItemFilter},
};
use qrs_client::{AppId, Record};

use crate::{
    filters::{
        filtering::{Filtering, inclusion},
        sheet_subject::SheetSubject,
    },
    items::{
        apps::AppFacts,
        dates::Dates,
        lower::{Surroundings, app_of, lower},
    },
    people::{
        attribute_types::TypeSet,
        owners::{AppOwner, Unread},
    },
    records::{Id, Sheet},
    scan::{
        changes::index::{SheetIndex, SheetsRead},
        containers::{AllSheets, Containers, SheetsOfApps},
        sheets::digest::Digester,
        source::Source,
    },
    site::{attempt_error::AttemptError, list::place},
};

/// Lowers sheets into a sink. Keeps only counters for the report, and no sheets.
pub(crate) struct Sheets<'a> {
    surroundings: Surroundings<'a>,
    filter: Option<Filtering<'a>>,
    of_apps: SheetsOfApps,
    dates: Dates,
    /// Number of sheets that could be read, including excluded and undecided ones.
    items: u64,
    /// Number of undecided sheets among them.
    undecided: u64,
    /// Number of sheets that the filter keeps.
    stayed: u64,
    /// Number of records that could not be read.
    unreadable: u64,
    /// Number of unreadable records without an id.
    without_id: u64,
    /// Number of rows that are not sheets.
    no_sheets: u64,
    /// Number of sheets whose owner is not among the users that were read.
    hidden_owners: u64,
    /// Number of sheets whose app is not visible to the account, although its owner is a contact.
    of_hidden_apps: u64,
    /// Number of sheets whose app could not be read, although its owner is a contact.
    of_unreadable_apps: u64,
    owners_read: bool,
    /// The sheets as digests, if scans may read only changes.
    index: Option<SheetIndex>,
    /// Whether only some of the sheets are read.
    is_part: bool,
    /// The attribute types that contain an `@`, of owners without an address.
    types_of_unreached: TypeSet,
    /// Computes digests, if the sink recognizes records.
    digester: Option<Digester>,
}

/// What the sink says to the digest of a sheet.
enum Offer {
    /// The catalog has its item.
    Recognized,
    /// Its item is needed, with its digest, if it has one.
    New(Option<RecordDigest>),
}

/// Why a record without the id of an app or of a sheet cannot become an item.
const NO_KEY: &str = "its app's id (`app.id`) or its own id (`engineObjectId`) is missing";

/// Formats a sheet without a key for messages.
fn named(sheet: &Sheet) -> String {
    match &*sheet.name {
        "" => "a sheet without a name".to_owned(),
        name => format!("the sheet `{name}`"),
    }
}

impl<'a> Sheets<'a> {
    pub(crate) fn new(
        surroundings: Surroundings<'a>,
        dates: Dates,
        filter: Option<&'a ItemFilter>,
    ) -> Self {
        Self {
            owners_read: surroundings.owners.are_read(),
            surroundings,
            filter: filter.map(Filtering::new),
            of_apps: SheetsOfApps::default(),
            dates,
            items: 0,
            unreadable: 0,
            undecided: 0,
            stayed: 0,
            without_id: 0,
            no_sheets: 0,
            hidden_owners: 0,
            of_hidden_apps: 0,
            of_unreadable_apps: 0,
            types_of_unreached: TypeSet::default(),
            index: None,
            is_part: false,
            digester: None,
        }
    }

    /// Leaves out sheets that the catalog recognizes, if the sink has a key for digests.
    pub(crate) fn with_digests(self, key: Option<DigestKey>, source: &Source) -> Self {
        Self {
            digester: key.map(|key| Digester::new(key, source)),
            ..self
        }
    }

    /// Keeps digests of the sheets.
    pub(crate) fn indexed(self) -> Self {
        Self {
            index: Some(SheetIndex::default()),
            ..self
        }
    }

    /// Adds the sheets of an app that are not read, because they are as an earlier scan read them.
    pub(crate) fn add_unread(&mut self, app: AppId, known: &SheetsRead) {
        self.is_part = true;
        self.items += known.set.count;
        self.stayed += u64::from(known.is_kept);
        if let Some(index) = &mut self.index {
            index.apps.insert(app.clone(), known.clone());
        }
        self.of_apps.add_unread(app, known.inclusion());
    }

    /// Whether sheets of other apps than these were read.
    pub(crate) fn has_other_apps(&self, apps: &BTreeSet<AppId>) -> bool {
        let mut read = self.index.iter().flat_map(|index| index.apps.keys());
        read.any(|app| !apps.contains(app))
    }

    /// Number of sheets, including unreadable ones.
    pub(crate) fn len(&self) -> u64 {
        self.items + self.unreadable
    }

    /// The digests of the sheets.
    pub(crate) fn into_index(self) -> Option<SheetIndex> {
        self.index
    }

    /// Handles one row.
    pub(crate) fn take(
        &mut self,
        sink: &mut dyn ScanSink,
        record: Record<Sheet<'_>>,
    ) -> Result<(), AttemptError> {
        let sheet = match record {
            Ok(sheet) => sheet,
            Err(record) => {
                self.note_unreadable(None);
                let place = place("sheets", &record);
                return self.unreadable(sink, record.id, record.reason, place);
            }
        };
        if !sheet.is_sheet() {
            self.no_sheets += 1;
            return Ok(());
        }
        let id = (!sheet.id.is_empty()).then(|| sheet.id.as_str().to_owned());
        let Some(app) = app_of(&sheet, &self.surroundings) else {
            self.note_unreadable(sheet.app.as_ref().map(|app| &app.id));
            return self.unreadable(sink, id, NO_KEY.to_owned(), named(&sheet));
        };
        self.items += 1;
        let subject = SheetSubject::new(self.surroundings.code, &sheet, &app);
        let (decision, reason) = self.decide(&subject);
        self.note(&sheet, &app, &decision);
        let Offer::New(digest) = self.offer(sink, &sheet, &app, &decision) else {
            return Ok(());
        };
        let Ok(mut item) = lower(&sheet, &app, &self.surroundings, &mut self.dates) else {
            return self.unreadable(sink, id, NO_KEY.to_owned(), named(&sheet));
        };
        let (id, precedence) = (id.map(SourceId), item.precedence);
        let observation = match decision {
            Decision::Keep { catalog } => {
                self.note_contacts(&sheet, &item.contacts, &app);
                item.catalog = catalog;
                Observation::Item(item, Origin { id, digest })
            }
            Decision::Exclude { rule } => Observation::Excluded(ExcludedItem {
                key: item.key,
                label: item.label,
                id,
                precedence,
                rule,
            }),
            Decision::Undecided { .. } => Observation::Undecided(UndecidedItem {
                key: item.key,
                label: item.label,
                id,
                precedence,
                reason: reason.unwrap_or_default(),
            }),
        };
        Ok(sink.observe(observation)?)
    }

    /// Offers the digest of a sheet to the sink, which may recognize it.
    fn offer(
        &mut self,
        sink: &mut dyn ScanSink,
        sheet: &Sheet,
        app: &AppFacts,
        decision: &Decision,
    ) -> Offer {
        let (Some(digester), Decision::Keep { catalog }) = (&mut self.digester, decision) else {
            return Offer::New(None);
        };
        let Some(digest) = digester.sheet(sheet, app, &self.surroundings, catalog.as_deref())
        else {
            return Offer::New(None);
        };
        // The contacts of each owner are reported once.
        let is_reported = digester.reports(&digest);
        match sink.recognizes(digest.record) && is_reported {
            true => Offer::Recognized,
            false => Offer::New(Some(digest.record)),
        }
    }

    /// Counts a sheet with the filter's decision, and adds it to the digests and to its app.
    fn note(&mut self, sheet: &Sheet<'_>, app: &AppFacts, decision: &Decision) {
        match inclusion(decision) {
            Inclusion::Included => self.stayed += 1,
            Inclusion::Undecided => self.undecided += 1,
            Inclusion::Excluded => {}
        }
        if let Some(sheet_app) = &sheet.app {
            self.of_apps.add(&sheet_app.id, app, inclusion(decision));
        }
        if let Some(index) = &mut self.index {
            index.add(sheet, app, decision);
        }
    }

    /// Counts unknown contacts of a sheet, and records where missing addresses may be.
    fn note_contacts(&mut self, sheet: &Sheet<'_>, contacts: &Contacts, app: &AppFacts) {
        // A field of an unexpected type has its own warning.
        if self.owners_read && *contacts == Contacts::Unknown && !sheet.odd.has("owner") {
            let owner = self.surroundings.apps.owner(app);
            self.count_unknown_contacts(&owner);
        }
        self.note_unreached(sheet, contacts, app);
    }

    fn note_unreadable(&mut self, app: Option<&Id<'_, AppId>>) {
        if let Some(index) = &mut self.index {
            index.add_unreadable(app);
        }
    }

    /// Returns the decision of the filter, and the reason if the sheet is undecided.
    fn decide(&mut self, subject: &SheetSubject<'_>) -> (Decision, Option<String>) {
        let Some(filter) = &mut self.filter else {
            return (Decision::Keep { catalog: None }, None);
        };
        let decision = filter.ask(subject);
        let reason = match &decision {
            Decision::Undecided { rule, cause } => Some(filter.reason(*rule, cause, subject)),
            _ => None,
        };
        (decision, reason)
    }

    fn count_unknown_contacts(&mut self, owner: &AppOwner<'_>) {
        *match owner {
            AppOwner::Unread(Unread::Hidden) => &mut self.of_hidden_apps,
            AppOwner::Unread(Unread::Unreadable) => &mut self.of_unreadable_apps,
            _ => &mut self.hidden_owners,
        } += 1;
    }

    /// Records which attributes may contain the addresses of owners without one.
    fn note_unreached(&mut self, sheet: &Sheet<'_>, contacts: &Contacts, app: &AppFacts) {
        let Contacts::Known(contacts) = contacts else {
            return;
        };
        if contacts.iter().all(|contact| contact.email.is_some()) {
            return;
        }
        let Surroundings { apps, owners, .. } = &self.surroundings;
        let of_app = match apps.owner(app) {
            AppOwner::Wanted(owner) => owner,
            AppOwner::Unwanted | AppOwner::Unread(_) => None,
        };
        for owner in sheet.owner.as_ref().into_iter().chain(of_app) {
            let types = owners.types_of_unreached(owner);
            self.types_of_unreached.add(types);
        }
    }

    /// Number of rows that are not sheets.
    pub(crate) fn others(&self) -> u64 {
        self.no_sheets
    }

    fn unreadable(
        &mut self,
        sink: &mut dyn ScanSink,
        id: Option<String>,
        reason: String,
        place: String,
    ) -> Result<(), AttemptError> {
        self.unreadable += 1;
        self.without_id += u64::from(id.is_none());
        let id = id.map(SourceId);
        Ok(sink.observe(Observation::Unreadable(UnreadableRecord {
            id,
            reason,
            place,
        }))?)
    }

    /// Returns the apps and streams, after all sheets were read.
    pub(crate) fn containers(
        &mut self,
        filter: Option<&'a ItemFilter>,
        hidden: &[String],
    ) -> Containers<'_> {
        let all_seen = hidden.is_empty() && self.unreadable == 0;
        Containers {
            surroundings: &self.surroundings,
            filter,
            sheets: mem::take(&mut self.of_apps),
            all_sheets: match all_seen {
                true => AllSheets::Seen,
                false => AllSheets::Unknown,
            },
        }
    }
}
