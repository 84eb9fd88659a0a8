//! Converts dates of QRS for the catalog: "never" means no date, and dates that cannot be read are counted.

use catalog_model::{Diagnostic, Instant};
use qrs_client::Timestamp;

/// A date, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Date {
    Known(Instant),
    /// The source has no date.
    #[default]
    Absent,
    /// The date cannot be read.
    Unknown,
}

impl Date {
    pub(crate) fn instant(self) -> Option<Instant> {
        match self {
            Self::Known(instant) => Some(instant),
            Self::Absent | Self::Unknown => None,
        }
    }
}

/// Converts dates, and counts those that could not be read.
#[derive(Debug, Default)]
pub(crate) struct Dates {
    unreadable: u64,
    first: Option<String>,
}

/// Whether a date is set but cannot be read.
pub(crate) fn is_unreadable(timestamp: &Timestamp) -> bool {
    instant(timestamp).is_none() && !timestamp.is_never()
}

/// The date, unless it means "never" or cannot be read.
pub(crate) fn instant(timestamp: &Timestamp) -> Option<Instant> {
    let millis = timestamp.as_unix_millis()?;
    Instant::from_unix_millis(millis).ok()
}

impl Dates {
    /// The date `timestamp`, which is the `what` of the record `id`, unless it means "never" or cannot be read.
    pub(crate) fn lower(&mut self, timestamp: &Timestamp, what: &str, id: &str) -> Option<Instant> {
        if is_unreadable(timestamp) {
            self.unreadable += 1;
            self.first
                .get_or_insert_with(|| format!("`{timestamp}`, the {what} of {id}"));
        }
        instant(timestamp)
    }

    /// What is known of the date `timestamp`, which is the `what` of the record `id`.
    pub(crate) fn date(&mut self, timestamp: &Timestamp, what: &str, id: &str) -> Date {
        match self.lower(timestamp, what, id) {
            Some(instant) => Date::Known(instant),
            None if is_unreadable(timestamp) => Date::Unknown,
            None => Date::Absent,
        }
    }

    /// Returns a warning about the dates that could not be read.
    pub(crate) fn warning(&self) -> Option<Diagnostic> {
        let first = self.first.as_ref()?;
        let (dates, were) = if self.unreadable == 1 {
            ("date", "was")
        } else {
            ("dates", "were")
        };
        Some(Diagnostic::warning(
            format!(
                "{} {dates} could not be read and {were} ignored; first: {first}",
                self.unreadable
            ),
            None,
        ))
    }
}
