//! The status of a sheet for the people who see its app (Qlik help, "Publishing sheets").

use crate::{items::apps::AppFacts, records::Sheet};

/// The status of a sheet for the people who see its app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Part of the published app, or approved later.
    Base,
    /// Added by the community.
    Community,
    /// Visible only to its owner.
    Private,
    /// Any sheet of an app that is not published.
    Unpublished,
}

impl Status {
    const ALL: [Self; 4] = [
        Self::Base,
        Self::Community,
        Self::Private,
        Self::Unpublished,
    ];

    pub(crate) fn new(sheet: &Sheet<'_>, app: &AppFacts) -> Self {
        match (app.published, sheet.published, sheet.approved) {
            (false, _, _) => Self::Unpublished,
            (true, true, true) => Self::Base,
            (true, true, false) => Self::Community,
            (true, false, _) => Self::Private,
        }
    }

    /// Whether the fields that determine it could be read.
    pub(crate) fn is_known(sheet: &Sheet<'_>, app: &AppFacts) -> bool {
        let odd = |field| sheet.odd.has(field);
        !app.is_ignored("published") && (!app.published || !(odd("published") || odd("approved")))
    }

    /// The word in items.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Community => "community",
            Self::Private => "private",
            Self::Unpublished => "unpublished",
        }
    }

    /// Finds the status with this word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Whether such a sheet is published, if the status determines that.
    pub(crate) fn published(self) -> Option<bool> {
        match self {
            Self::Base | Self::Community => Some(true),
            Self::Private => Some(false),
            Self::Unpublished => None,
        }
    }

    /// Whether such a sheet is approved, if the status determines that.
    pub(crate) fn approved(self) -> Option<bool> {
        match self {
            Self::Base => Some(true),
            Self::Community => Some(false),
            Self::Private | Self::Unpublished => None,
        }
    }
}
