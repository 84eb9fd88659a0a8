//! Counts, requested with a list and, if they differ from it, again after it. A site silently omits rows that are not visible
//! to the account, and a list may be truncated, so the number of distinct records is compared with the counts.

use std::ops::RangeInclusive;

use qrs_client::Error;

use crate::site::describe::describe;

/// Whether lists are compared with their counts (`connection.verify_counts`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    Verify,
    Ignore,
}

/// The setting that turns the comparison off.
pub(crate) const VERIFY_COUNTS_OFF: &str = "`connection.verify_counts = false`";

/// The count of a list: not requested, the site's count, or why there is no count.
#[derive(Clone, Debug, Default)]
pub(crate) enum Count {
    #[default]
    NotAsked,
    Known(u64),
    Missing(String),
}

impl From<Result<u64, Error>> for Count {
    fn from(count: Result<u64, Error>) -> Self {
        match count {
            Ok(count) => Self::Known(count),
            Err(error) => Self::Missing(describe(&error)),
        }
    }
}

impl Count {
    pub(crate) fn known(&self) -> Option<u64> {
        match self {
            Self::Known(count) => Some(*count),
            _ => None,
        }
    }

    fn missing(&self) -> Option<&str> {
        match self {
            Self::Missing(why) => Some(why),
            _ => None,
        }
    }
}

/// The counts around the reading of one list. The second one is not requested if the first one is right.
#[derive(Clone, Debug, Default)]
pub(crate) struct CountedTwice {
    pub(crate) first: Count,
    pub(crate) second: Count,
}

/// The result of comparing a list with its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As many distinct records as counted, or no count was requested.
    Whole,
    /// As many as counted, but one of the two counts is missing, for this reason.
    CountedOnce(String),
    /// A different number of distinct records.
    Differs(String),
    /// Both counts are missing, for this reason.
    NotCounted(String),
}

impl CountedTwice {
    /// Returns the numbers of records that the counts allow. The content of the site may change while it is read.
    pub(crate) fn range(&self) -> Option<RangeInclusive<u64>> {
        let (first, second) = (self.first.known(), self.second.known());
        let one = first.or(second)?;
        let (first, second) = (first.unwrap_or(one), second.unwrap_or(one));
        Some(first.min(second)..=first.max(second))
    }

    /// Compares the counts with the number of `distinct` records of the list.
    pub(crate) fn verdict(&self, list: &str, distinct: u64) -> Verdict {
        let why = self.first.missing().or(self.second.missing());
        let Some(range) = self.range() else {
            return why.map_or(Verdict::Whole, |why| {
                Verdict::NotCounted(format!("the {list} could not be counted: {why}"))
            });
        };
        if !range.contains(&distinct) {
            return Verdict::Differs(self.difference(list, distinct));
        }
        why.map_or(Verdict::Whole, |why| {
            Verdict::CountedOnce(format!("the {list} could be counted only once: {why}"))
        })
    }

    fn difference(&self, list: &str, distinct: u64) -> String {
        let counted = match (self.first.known(), self.second.known()) {
            (Some(first), Some(second)) if first != second => {
                format!("counted {first}, then {second}")
            }
            (first, second) => format!("counted {}", first.or(second).unwrap_or_default()),
        };
        format!("{distinct} {list} were read, but the site {counted}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(first: Option<u64>, second: Option<u64>) -> CountedTwice {
        let count = |count: Option<u64>| match count {
            Some(count) => Count::Known(count),
            None => Count::Missing("status 404".to_owned()),
        };
        CountedTwice {
            first: count(first),
            second: count(second),
        }
    }

    #[test]
    fn a_number_of_distinct_records_between_the_two_counts_is_complete() {
        for (counts, distinct, whole) in [
            (counted(Some(5), Some(5)), 5, true),
            (counted(Some(5), Some(5)), 4, false),
            (counted(Some(5), Some(5)), 6, false),
            (counted(Some(5), Some(8)), 6, true),
            (counted(Some(8), Some(5)), 5, true),
            (counted(Some(8), Some(5)), 9, false),
            (counted(None, Some(5)), 4, false),
        ] {
            let verdict = counts.verdict("sheets", distinct);
            assert_eq!(verdict == Verdict::Whole, whole, "{counts:?} {distinct}");
        }
        assert_eq!(CountedTwice::default().verdict("sheets", 7), Verdict::Whole);
    }

    #[test]
    fn a_missing_count_differs_from_a_count_that_was_not_requested() {
        let once = counted(Some(5), None).verdict("apps", 5);
        let none = counted(None, None).verdict("apps", 5);
        assert!(matches!(once, Verdict::CountedOnce(_)), "{once:?}");
        let expected = "the apps could not be counted: status 404".to_owned();
        assert_eq!(none, Verdict::NotCounted(expected));
    }
}
