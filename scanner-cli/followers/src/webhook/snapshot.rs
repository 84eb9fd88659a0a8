//! The place in a delivery of everything, where the next delivery resumes.

use catalog_model::{ItemKey, ItemState};
use serde::{Deserialize, Serialize};

/// How far a delivery of everything got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The end of the feed. If it has moved, something may have changed in what was sent, and everything is sent again.
    end: i64,
    /// The version of the events.
    revision: u32,
    connection: String,
    part: Part,
    key: String,
}

/// A part of the items of a connection. Removals come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Part {
    Existing,
    Removed,
}

impl Part {
    pub(super) const ALL: [Self; 2] = [Self::Existing, Self::Removed];

    pub(super) const fn states(self) -> &'static [ItemState] {
        match self {
            Self::Existing => ItemState::EXISTING,
            Self::Removed => &[ItemState::Excluded, ItemState::Gone],
        }
    }
}

impl Place {
    pub(super) fn new(
        (end, revision): (i64, u32),
        connection: &str,
        part: Part,
        key: &ItemKey,
    ) -> Self {
        Self {
            end,
            revision,
            connection: connection.to_owned(),
            part,
            key: key.to_string(),
        }
    }

    /// The place of a note, if it is one of the same delivery of everything.
    pub(super) fn read(note: &str, (end, revision): (i64, u32)) -> Option<Self> {
        let place: Self = serde_json::from_str(note).ok()?;
        (place.end == end && place.revision == revision).then_some(place)
    }

    pub(super) fn note(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether all of this part of a connection was sent.
    pub(super) fn is_after(&self, connection: &str, part: Part) -> bool {
        (connection, part) < (self.connection.as_str(), self.part)
    }

    /// Whether this item was sent.
    pub(super) fn has_passed(&self, connection: &str, part: Part, key: &ItemKey) -> bool {
        let place = (self.connection.as_str(), self.part, self.key.as_str());
        (connection, part, key.as_str()) <= place
    }
}
