//! Universal filters: the rules of the setting `filters`. The first rule that matches decides.

use std::{ops::ControlFlow, sync::Arc};

use super::{
    criteria::{Subject, UsedCriterion},
    evaluate::{Cause, Truth},
    glob::Glob,
    regex::{Budget, Regex},
};

/// A rule of `filters`.
#[derive(Clone, Debug)]
pub(super) struct UniversalRule {
    pub(super) action: Action,
    /// The catalog of the items that the rule keeps.
    pub(super) catalog: Option<Arc<str>>,
    /// All of them must match.
    pub(super) terms: Vec<(UsedCriterion, UniversalPattern)>,
}

/// What happens to an item that a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Accept,
    Reject,
}

/// The outcome of the rules for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome<'f> {
    pub(super) action: Action,
    /// Its catalog, if it is accepted.
    pub(super) catalog: Option<&'f Arc<str>>,
}

impl Outcome<'_> {
    /// An item that no rule matches is accepted.
    pub(super) const NO_RULE: Self = Self {
        action: Action::Accept,
        catalog: None,
    };
}

/// The pattern of a key: exact, with `*` and `?`, or after `regex:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UniversalPattern {
    Glob(Glob),
    Regex(Regex),
}

impl UniversalRule {
    /// Whether all of its terms match. A term that does not match decides, even if others are unknown.
    pub(super) fn matches<S: Subject + ?Sized>(&self, subject: &S, budget: &Budget) -> Truth<'_> {
        let mut all = Truth::Holds;
        for (used, pattern) in &self.terms {
            let term = if subject.knows(used.id) {
                pattern.matches_answer(used, subject, budget)
            } else {
                Truth::Unknown(Cause::NotRead(used))
            };
            match term {
                Truth::Holds => {}
                Truth::Fails => return Truth::Fails,
                unknown @ Truth::Unknown(_) => all = unknown,
            }
        }
        all
    }

    /// Returns the outcome for a matching item, without the rich filter.
    pub(super) fn outcome(&self) -> Outcome<'_> {
        let accepts = self.action == Action::Accept;
        Outcome {
            action: self.action,
            catalog: self.catalog.as_ref().filter(|_| accepts),
        }
    }
}

impl UniversalPattern {
    /// Whether the value matches, or one value of a list. A missing value never matches.
    fn matches_answer<S: Subject + ?Sized>(
        &self,
        used: &UsedCriterion,
        subject: &S,
        budget: &Budget,
    ) -> Truth<'_> {
        if !used.is_list() {
            return match subject.text(used.id) {
                Some(text) => self.matches(&text, budget),
                None => Truth::Fails,
            };
        }
        let mut found = Truth::Fails;
        subject.each(
            used.id,
            used.name.as_deref(),
            &mut |value| match self.matches(value, budget) {
                Truth::Fails => ControlFlow::Continue(()),
                // Another value may match.
                unknown @ Truth::Unknown(_) => {
                    found = unknown;
                    ControlFlow::Continue(())
                }
                Truth::Holds => {
                    found = Truth::Holds;
                    ControlFlow::Break(())
                }
            },
        );
        found
    }

    fn matches(&self, text: &str, budget: &Budget) -> Truth<'_> {
        match self {
            Self::Glob(glob) => Truth::from_bool(glob.matches(text)),
            Self::Regex(regex) => Truth::from_match(regex.matches(text, budget)),
        }
    }
}
