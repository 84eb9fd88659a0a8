//! Counts, asked for before and after a list: rows that the account may not see are left out of a list in silence, and a
//! list may be cut, so the number of rows read is compared.

use catalog_model::{ScanSink, Warning, with_causes};
use qrs_client::Error;

/// Whether lists are compared with their counts (`connection.verify_counts`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    Verify,
    Ignore,
}

/// The counts around the reading of one list; absent where they could not be asked for, or were not to be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CountedTwice {
    pub(crate) before: Option<u64>,
    pub(crate) after: Option<u64>,
}

impl CountedTwice {
    /// Why the list may lack rows, if `rows` lies outside of what was counted before and after.
    pub(crate) fn difference(self, list: &str, rows: u64) -> Option<String> {
        let before = self.before.or(self.after)?;
        let after = self.after.unwrap_or(before);
        if (before.min(after)..=before.max(after)).contains(&rows) {
            return None;
        }
        let counted = if before == after {
            format!("counted {before}")
        } else {
            format!("counted {before} before and {after} after")
        };
        Some(format!("{rows} {list} were read, but the site {counted}"))
    }
}

/// A count that may fail: then it is a warning.
pub(crate) fn or_warning(
    count: Result<u64, Error>,
    list: &str,
    sink: &mut dyn ScanSink,
) -> Option<u64> {
    match count {
        Ok(count) => Some(count),
        Err(error) => {
            sink.warn(Warning {
                message: format!(
                    "the {list} could not be counted, so it is not checked that all were read: {}",
                    with_causes(&error)
                ),
                hint: Some(
                    "`connection.verify_counts = false` turns the comparison off".to_owned(),
                ),
            });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_between_the_two_counts_are_all_rows() {
        let counted = |before, after| CountedTwice { before, after };
        for (counts, rows, whole) in [
            (counted(Some(5), Some(5)), 5, true),
            (counted(Some(5), Some(5)), 4, false),
            (counted(Some(5), Some(5)), 6, false),
            (counted(Some(5), Some(8)), 6, true),
            (counted(Some(8), Some(5)), 5, true),
            (counted(Some(8), Some(5)), 9, false),
            (counted(None, Some(5)), 4, false),
            (counted(Some(5), None), 5, true),
            (counted(None, None), 0, true),
        ] {
            assert_eq!(
                counts.difference("sheets", rows).is_none(),
                whole,
                "{counts:?} {rows}"
            );
        }
    }
}
