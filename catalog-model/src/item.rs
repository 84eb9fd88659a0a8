//! Items of a catalog.

use std::{borrow::Cow, sync::Arc};

use crate::{Instant, ItemKey, Properties};

/// A report that people look at: for Qlik Sense, a sheet of an application.
#[derive(Clone, Debug, PartialEq)]
pub struct Visualization {
    /// The identification key.
    pub key: ItemKey,
    /// The key of the container that holds it, if it is in one: that of a [`Container`](crate::Container) of the same
    /// scan.
    pub container: Option<ItemKey>,
    /// The path to it in the source's user interface: stream, application, sheet.
    pub label: Vec<String>,
    /// The source's name of it. May be empty.
    pub name: String,
    /// The source's own description, unless it is empty.
    pub description: Option<String>,
    /// The people who are responsible for it.
    pub contacts: Contacts,
    /// The catalog that a rule of the filter assigns to it.
    pub catalog: Option<Arc<str>>,
    /// The rank of its record among records with the same key.
    pub precedence: Precedence,
    /// Technical data, by the names that the connection declares.
    pub properties: Properties,
}

/// The rank of a record among records with the same key. The record with the highest rank is the item. Of equal
/// records, the one with the smaller source id is the item. The choice never depends on the order in the source's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Precedence {
    /// The source's own ranking; for Qlik Sense, approved sheets rank above published ones, and those above private
    /// ones.
    pub standing: u8,
    /// When the record was last modified, if that is known.
    pub modified: Option<Instant>,
}

impl Precedence {
    /// Whether a record with this precedence and `id` is the item rather than `other`. An unknown id is empty and
    /// decides nothing.
    #[must_use]
    pub fn beats(self, id: &str, (other, other_id): (Self, &str)) -> bool {
        let smaller = id < other_id && !id.is_empty();
        self > other || (self == other && smaller)
    }
}

/// The contacts of an item: known (possibly empty) or unknown in this scan.
///
/// Unknown differs from empty: the contacts that a catalog already has stay unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// The source has these contacts.
    Known(Vec<Contact>),
    /// The source could not be queried, or they are not visible to the account.
    Unknown,
}

/// A person who is responsible for an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The person's role: `owner`. Each role occurs once per item.
    pub role: Cow<'static, str>,
    /// The e-mail address. Catalogs identify people by it.
    pub email: Option<String>,
    /// The person's name.
    pub name: Option<String>,
    /// The account on the source: for Qlik Sense `DIRECTORY\user`.
    pub account: Option<String>,
    /// The status of the person's account; `None` if the source does not provide it.
    pub status: Option<AccountStatus>,
    /// The first [revision](crate::FieldRevision) of contacts in which the connector finds this address: 1 for
    /// addresses found by every version, and for contacts without an address.
    pub email_since: u32,
}

/// Whether a person can still log in to the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountStatus {
    /// The account is in use.
    Active,
    /// The account is disabled.
    Inactive,
    /// The source locks the account out.
    Blocked,
    /// The directory of the account no longer contains it.
    Removed,
}

impl AccountStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Inactive, Self::Blocked, Self::Removed];

    /// The word for it in files and exports: `active`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Blocked => "blocked",
            Self::Removed => "removed",
        }
    }

    /// The status with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_ranked_by_standing_then_by_age_then_by_id() {
        let precedence = |standing, millis| Precedence {
            standing,
            modified: Instant::from_unix_millis(millis).ok(),
        };
        for (winner, loser) in [
            ((precedence(2, 1), "b"), (precedence(1, 9), "a")),
            ((precedence(1, 9), "b"), (precedence(1, 1), "a")),
            ((precedence(1, 1), "a"), (precedence(1, 1), "b")),
            ((precedence(0, 1), "b"), (Precedence::default(), "a")),
        ] {
            assert!(winner.0.beats(winner.1, loser), "{winner:?} {loser:?}");
            assert!(!loser.0.beats(loser.1, winner), "{winner:?} {loser:?}");
        }
        let (same, unknown) = ((precedence(1, 1), "a"), (precedence(1, 1), ""));
        for (one, other) in [(same, same), (same, unknown), (unknown, same)] {
            assert!(!one.0.beats(one.1, other), "{one:?} {other:?}");
        }
    }
}
