//! Collects what a scan reports besides items.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use catalog_model::{
    AccountStatus, Contacts, Diagnostic, Extent, Progress, RepeatedRecord, UnreadableRecord,
    filter::{FilterRule, RuleCount},
};

/// Maximum number of people that are counted without an e-mail address, and maximum number who can no longer log in.
/// There are sites with 40,000 users; an endless list of sheets could have a new owner for each sheet.
const MAX_PEOPLE: usize = 50_000;

/// What a scan reports besides items. Its size is limited.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// The version of the site.
    pub version: Option<String>,
    /// How much was read, if the connection may read only changes.
    pub extent: Option<Extent>,
    /// The lists that were read, with the amount of each.
    pub lists: BTreeMap<&'static str, Amount>,
    /// Records that could not be read, by reason.
    pub skipped: BTreeMap<String, Skipped>,
    /// How often each rule of the filters applied.
    pub rules: Vec<(Arc<FilterRule>, RuleCount)>,
    /// Contacts without an e-mail address, each person once, by account or name.
    pub unreached: BTreeSet<String>,
    /// Contacts who can no longer log in to the site, each person once, by account or name.
    pub departed: BTreeMap<String, AccountStatus>,
    /// Records other than items that the site sent more than once, with one entry per list.
    pub repeated: Vec<RepeatedRecord>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// Why the scan started over, for each time.
    pub restarts: Vec<String>,
}

/// How much of a list was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// The number of records.
    pub records: u64,
    /// Their size in bytes, decompressed.
    pub bytes: u64,
}

/// Records that could not be read for the same reason.
#[derive(Clone, Debug, Default)]
pub struct Skipped {
    /// The number of records.
    pub count: u64,
    /// The first few records, each with its place and, if it could be read, its id.
    pub samples: Vec<String>,
}

/// Maximum number of records that are listed for each reason.
const MAX_SAMPLES: usize = 3;
/// Maximum number of different reasons. Further reasons are combined, so that a site with a different error in each
/// record does not fill the memory.
const MAX_REASONS: usize = 50;

impl Tally {
    /// Records the progress of the scan.
    pub fn progress(&mut self, progress: &Progress) {
        match progress {
            Progress::Connected { version } => self.version = Some(version.clone()),
            Progress::Reading {
                list,
                records,
                bytes,
                ..
            } => {
                let amount = Amount {
                    records: *records,
                    bytes: *bytes,
                };
                self.lists.insert(list, amount);
            }
            Progress::Extent(extent) => self.extent = Some(extent.clone()),
            Progress::FilterRule { rule, count } => self.rules.push((Arc::clone(rule), *count)),
            _ => {}
        }
    }

    /// Records a record that could not be read.
    pub fn skip(&mut self, record: UnreadableRecord) {
        let known = self.skipped.contains_key(&record.reason);
        let reason = if known || self.skipped.len() < MAX_REASONS {
            record.reason
        } else {
            "other reasons".to_owned()
        };
        let skipped = self.skipped.entry(reason).or_default();
        skipped.count += 1;
        if skipped.samples.len() < MAX_SAMPLES {
            skipped.samples.push(match record.id {
                Some(id) => format!("{} (id {id})", record.place),
                None => format!("{} (its id could not be read)", record.place),
            });
        }
    }

    /// Records which contacts of an item have no e-mail address, and which can no longer log in.
    pub fn contacts(&mut self, contacts: &Contacts) {
        let Contacts::Known(contacts) = contacts else {
            return;
        };
        for contact in contacts {
            let Some(person) = contact.account.as_ref().or(contact.name.as_ref()) else {
                continue;
            };
            let unreached = &mut self.unreached;
            if contact.email.is_none()
                && !unreached.contains(person)
                && unreached.len() < MAX_PEOPLE
            {
                unreached.insert(person.clone());
            }
            let departed = &mut self.departed;
            let status = contact.status.filter(|it| *it != AccountStatus::Active);
            if let Some(status) = status
                && !departed.contains_key(person)
                && departed.len() < MAX_PEOPLE
            {
                departed.insert(person.clone(), status);
            }
        }
    }

    /// Number of contacts with each status other than active, the most severe first. Statuses without contacts are
    /// omitted.
    pub fn departed_by_status(&self) -> Vec<(AccountStatus, u64)> {
        let all = AccountStatus::ALL.into_iter().rev();
        let counted = all.map(|status| {
            let people = self.departed.values().filter(|of| **of == status);
            (status, people.count() as u64)
        });
        counted.filter(|(_, count)| *count > 0).collect()
    }

    /// Discards everything that was collected, because the scan starts over.
    pub fn restart(&mut self, cause: &str) {
        self.unreached.clear();
        self.departed.clear();
        self.skipped.clear();
        self.warnings.clear();
        self.repeated.clear();
        self.rules.clear();
        self.lists.clear();
        self.restarts.push(cause.to_owned());
    }

    /// Number of bytes of all lists.
    pub fn bytes(&self) -> u64 {
        self.lists.values().map(|amount| amount.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use catalog_model::{Contact, SourceId};

    use super::*;

    fn record(reason: &str, id: Option<&str>) -> UnreadableRecord {
        UnreadableRecord {
            id: id.map(|id| SourceId(id.to_owned())),
            reason: reason.to_owned(),
            place: "record 1".to_owned(),
        }
    }

    #[test]
    fn records_are_counted_by_reason_with_a_few_samples() {
        let mut tally = Tally::default();
        for n in 0..5 {
            tally.skip(record("no name", Some(&n.to_string())));
        }
        tally.skip(record("no id", None));
        assert_eq!(tally.skipped["no name"].count, 5);
        assert_eq!(tally.skipped["no name"].samples.len(), MAX_SAMPLES);
        assert_eq!(
            tally.skipped["no id"].samples,
            ["record 1 (its id could not be read)"]
        );
    }

    #[test]
    fn people_without_an_address_are_counted_once_until_the_scan_starts_over() {
        let contact = |account: Option<&str>, email: Option<&str>| Contact {
            role: "owner".into(),
            email: email.map(str::to_owned),
            name: Some("Ann".to_owned()),
            account: account.map(str::to_owned),
            status: None,
            email_since: 1,
        };
        let mut tally = Tally::default();
        for contacts in [
            Contacts::Known(vec![
                contact(Some("A\\ann"), None),
                contact(Some("A\\ann"), None),
            ]),
            Contacts::Known(vec![contact(Some("A\\bob"), Some("bob@example.com"))]),
            Contacts::Known(vec![contact(None, None)]),
            Contacts::Unknown,
        ] {
            tally.contacts(&contacts);
            tally.contacts(&contacts);
        }
        let mut left = contact(Some("A\\carl"), Some("carl@example.com"));
        for status in [
            AccountStatus::Active,
            AccountStatus::Blocked,
            AccountStatus::Removed,
        ] {
            left.status = Some(status);
            left.account = Some(format!("A\\{}", status.word()));
            tally.contacts(&Contacts::Known(vec![left.clone(), left.clone()]));
        }
        assert_eq!(
            tally.departed_by_status(),
            [(AccountStatus::Removed, 1), (AccountStatus::Blocked, 1)]
        );
        let listed: Vec<_> = tally.unreached.iter().map(String::as_str).collect();
        assert_eq!(listed, ["A\\ann", "Ann"]);
        tally.restart("broken");
        assert!(tally.unreached.is_empty() && tally.departed.is_empty());
    }

    #[test]
    fn the_number_of_counted_owners_is_limited() {
        let mut tally = Tally::default();
        for number in 0..MAX_PEOPLE + 100 {
            tally.contacts(&Contacts::Known(vec![Contact {
                role: "owner".into(),
                email: None,
                name: Some(number.to_string()),
                account: None,
                status: Some(AccountStatus::Removed),
                email_since: 1,
            }]));
        }
        assert_eq!(tally.unreached.len(), MAX_PEOPLE);
        assert_eq!(tally.departed.len(), MAX_PEOPLE);
    }

    #[test]
    fn the_number_of_different_reasons_is_limited() {
        let mut tally = Tally::default();
        for n in 0..1000 {
            tally.skip(record(&format!("error {n}"), None));
        }
        assert_eq!(tally.skipped.len(), MAX_REASONS + 1);
        assert_eq!(
            tally.skipped["other reasons"].count,
            1000 - MAX_REASONS as u64
        );
    }
}
