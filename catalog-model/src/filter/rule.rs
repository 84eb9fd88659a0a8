//! The rules of a connection, their decisions, and how often they applied.

use std::{fmt, sync::Arc};

use crate::Place;

/// The index of a rule among all rules of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub usize);

/// A rule of a connection's filters, for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterRule {
    /// Its index among all rules.
    pub id: RuleId,
    /// Its name: its `id`, otherwise `rule 2`. The name of the rich filter is `filter`.
    pub name: String,
    /// Its place in a file.
    pub place: Place,
    /// Its text, on one line.
    pub text: String,
}

/// What a filter decides about an item, and the rule of `filters` behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The rule of `filters` that certainly matched, if one did.
    pub matched: Option<RuleId>,
    /// What the filter decides.
    pub decision: Decision,
}

/// What a filter decides about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The catalog gets the item.
    Keep {
        /// The catalog that the matching rule assigns to the item.
        catalog: Option<Arc<str>>,
    },
    /// The catalog does not get the item.
    Exclude {
        /// The rule that excludes it.
        rule: Arc<FilterRule>,
    },
    /// Unknown, because it depends on a value of the item that could not be read, or on a pattern that exceeded a
    /// limit.
    Undecided {
        /// The first rule whose result is unknown.
        rule: RuleId,
        /// Why it is unknown.
        cause: UnknownCause,
    },
}

/// Why the result of a rule is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownCause {
    /// The rule uses this criterion, whose value could not be read: `app_tag`.
    Criterion(String),
    /// A pattern of the rule exceeded a limit on a text of the item.
    Pattern(PatternLimitError),
}

/// A pattern that exceeded a limit on a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {pattern} {why}")]
pub struct PatternLimitError {
    /// The pattern, and its position in the rule: `` `/x/` at column 7 ``.
    pub pattern: String,
    /// Why, as a predicate: `took too many steps`.
    pub why: &'static str,
}

impl PatternLimitError {
    /// What to do about it.
    pub const HINT: &'static str =
        "write the pattern without repetitions within repetitions, look-around or back references";
}

/// How often each rule of a connection was applied in a scan. A scan that begins again starts with new counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCounts {
    counts: Vec<RuleCount>,
    /// Number of decided items.
    decided: u64,
    /// Number of undecided items.
    unknown: u64,
    /// The rich filter, if there is one.
    rich: Option<RuleId>,
}

/// How often a rule was applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCount {
    /// Number of items that it matched; for the rich filter, that passed it.
    pub matched: u64,
    /// Number of items that it excluded.
    pub left_out: u64,
}

/// Why a rule matched no item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Earlier rules matched all items.
    NeverReached,
    /// The rule was tried and did not match.
    MatchedNone {
        /// Number of items that the rule was tried on.
        tested: u64,
    },
}

impl RuleCounts {
    pub(super) fn new(rules: usize, rich: Option<RuleId>) -> Self {
        Self {
            counts: vec![RuleCount::default(); rules],
            decided: 0,
            unknown: 0,
            rich,
        }
    }

    /// Counts what was decided about one item.
    pub fn count(&mut self, evaluation: &Evaluation) {
        let passed = match &evaluation.decision {
            Decision::Keep { .. } => self.rich,
            Decision::Exclude { rule } => {
                self.change(rule.id, |count| count.left_out += 1);
                None
            }
            Decision::Undecided { .. } => {
                self.unknown += 1;
                return;
            }
        };
        self.decided += 1;
        for rule in evaluation.matched.into_iter().chain(passed) {
            self.change(rule, |count| count.matched += 1);
        }
    }

    /// Returns the counts of a rule.
    #[must_use]
    pub fn get(&self, rule: RuleId) -> RuleCount {
        self.counts.get(rule.0).copied().unwrap_or_default()
    }

    /// Returns the number of excluded items, if every decided item was excluded.
    #[must_use]
    pub fn all_excluded(&self) -> Option<u64> {
        let left_out: u64 = self.counts.iter().map(|count| count.left_out).sum();
        (left_out > 0 && left_out == self.decided).then_some(left_out)
    }

    /// Returns the number of undecided items. They count for no rule.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Returns the approximate number of items that reached a rule: those that no earlier rule matched.
    fn tested(&self, rule: RuleId) -> u64 {
        let before = self.counts.iter().take(rule.0);
        let taken: u64 = before
            .map(|count| {
                if self.rich == Some(rule) {
                    count.left_out
                } else {
                    count.matched
                }
            })
            .sum();
        self.decided.saturating_sub(taken)
    }

    /// Why a rule matched no item. This is unknown if only undecided items may have reached
    /// the rule.
    pub(super) fn silence(&self, rule: RuleId) -> Option<Silence> {
        if self.get(rule).matched > 0 || self.decided == 0 {
            return None;
        }
        match self.tested(rule) {
            0 if self.unknown > 0 => None,
            0 => Some(Silence::NeverReached),
            tested => Some(Silence::MatchedNone { tested }),
        }
    }

    /// Resets all counts.
    pub fn clear(&mut self) {
        self.counts.fill(RuleCount::default());
        (self.decided, self.unknown) = (0, 0);
    }

    fn change(&mut self, rule: RuleId, change: impl FnOnce(&mut RuleCount)) {
        if let Some(count) = self.counts.get_mut(rule.0) {
            change(count);
        }
    }
}

/// Formats the rule for a report: `rule 2 (connections/a.conf:9:3)`.
impl fmt::Display for FilterRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.place)
    }
}
