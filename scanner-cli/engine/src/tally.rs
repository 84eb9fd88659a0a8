//! What a scan told besides its items, kept for the report.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use catalog_model::{
    AccountStatus, Contacts, Diagnostic, Progress, RepeatedRecord, UnreadableRecord,
    filter::{FilterRule, RuleCount},
};

/// Maximum number of people that are counted: of those without an e-mail address, and of those who cannot log in any more. Sites of 40,000 users exist; a list of sheets
/// without an end may name a new owner in each.
const MAX_PEOPLE: usize = 50_000;

/// What a scan told besides its items. Its size grows with people whom nobody can reach, up to a limit, and with nothing else.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// The version that the site names.
    pub version: Option<String>,
    /// The lists read, with what was read of each.
    pub lists: BTreeMap<&'static str, Amount>,
    /// Records that could not be read, by reason.
    pub skipped: BTreeMap<String, Skipped>,
    /// How often each rule of the filters had a say.
    pub rules: Vec<(Arc<FilterRule>, RuleCount)>,
    /// Contacts without an e-mail address, each person once, as the source calls them.
    pub unreached: BTreeSet<String>,
    /// Contacts who cannot log in to the site any more, each person once, as the source calls them.
    pub departed: BTreeMap<String, AccountStatus>,
    /// Records besides items that the site listed more than once, an entry for each list.
    pub repeated: Vec<RepeatedRecord>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// Why attempts began again.
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

/// Records that could not be read for one reason.
#[derive(Clone, Debug, Default)]
pub struct Skipped {
    /// The number of records.
    pub count: u64,
    /// The first few: where each was, and its id if that could be read.
    pub samples: Vec<String>,
}

/// So many records of one reason are shown.
const SAMPLES: usize = 3;
/// So many different reasons are kept apart; a site where each record has a fault of its own must not fill the memory.
const REASONS: usize = 50;

impl Tally {
    /// Notes how far the scan is.
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
            Progress::FilterRule { rule, count } => self.rules.push((Arc::clone(rule), *count)),
            _ => {}
        }
    }

    /// Notes a record that could not be read.
    pub fn skip(&mut self, record: UnreadableRecord) {
        let known = self.skipped.contains_key(&record.reason);
        let reason = if known || self.skipped.len() < REASONS {
            record.reason
        } else {
            "other reasons".to_owned()
        };
        let skipped = self.skipped.entry(reason).or_default();
        skipped.count += 1;
        if skipped.samples.len() < SAMPLES {
            skipped.samples.push(match record.id {
                Some(id) => format!("{} (id {id})", record.place),
                None => format!("{} (its id could not be read)", record.place),
            });
        }
    }

    /// Notes which of an item's contacts nobody can reach, and which cannot log in any more.
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

    /// Number of contacts with each status, those of none left out, the gravest first.
    pub fn departed_by_status(&self) -> Vec<(AccountStatus, u64)> {
        let all = AccountStatus::ALL.into_iter().rev();
        let counted = all.map(|status| {
            let people = self.departed.values().filter(|of| **of == status);
            (status, people.count() as u64)
        });
        counted.filter(|(_, count)| *count > 0).collect()
    }

    /// Forgets what was noted, since the scan begins again.
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

    /// Bytes of all lists.
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
        assert_eq!(tally.skipped["no name"].samples.len(), SAMPLES);
        assert_eq!(
            tally.skipped["no id"].samples,
            ["record 1 (its id could not be read)"]
        );
    }

    #[test]
    fn people_without_an_address_are_noted_once_until_the_scan_begins_again() {
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
        let noted: Vec<_> = tally.unreached.iter().map(String::as_str).collect();
        assert_eq!(noted, ["A\\ann", "Ann"]);
        tally.restart("broken");
        assert!(tally.unreached.is_empty() && tally.departed.is_empty());
    }

    #[test]
    fn owners_without_an_end_do_not_fill_the_memory() {
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
    fn a_site_full_of_different_faults_does_not_fill_the_memory() {
        let mut tally = Tally::default();
        for n in 0..1000 {
            tally.skip(record(&format!("fault {n}"), None));
        }
        assert_eq!(tally.skipped.len(), REASONS + 1);
        assert_eq!(tally.skipped["other reasons"].count, 1000 - REASONS as u64);
    }
}
