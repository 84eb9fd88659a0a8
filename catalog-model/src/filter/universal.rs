//! Universal filters: the rules of the setting `filters`, of which the first that matches decides.

use std::{ops::ControlFlow, sync::Arc};

use super::{
    criteria::{Asked, Subject},
    evaluate::Truth,
    glob::Glob,
    regex::{GaveUp, Regex},
};

/// A rule of `filters`.
#[derive(Clone, Debug)]
pub(super) struct UniversalRule {
    pub(super) action: Action,
    /// What goes with an item that the rule keeps.
    pub(super) catalog: Option<Arc<str>>,
    /// All of which must match.
    pub(super) terms: Vec<(Asked, UniversalPattern)>,
}

/// What becomes of an item that a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Accept,
    Reject,
}

/// What rules make of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome<'f> {
    pub(super) action: Action,
    /// What it goes with, if it is accepted.
    pub(super) catalog: Option<&'f Arc<str>>,
}

impl Outcome<'_> {
    /// An item that no rule matches is accepted.
    pub(super) const OF_NO_RULE: Self = Self {
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
    /// Whether all of its terms match. One that does not decides, be others unknown.
    pub(super) fn matches<S: Subject + ?Sized>(&self, subject: &S) -> Result<Truth<'_>, GaveUp> {
        let mut all = Truth::Holds;
        for (asked, pattern) in &self.terms {
            if !subject.knows(asked.id) {
                all = Truth::Unknown(asked);
            } else if !pattern.matches_answer(asked, subject)? {
                return Ok(Truth::Fails);
            }
        }
        Ok(all)
    }

    /// What becomes of an item that it matches, the rich filter aside.
    pub(super) fn outcome(&self) -> Outcome<'_> {
        let accepts = self.action == Action::Accept;
        Outcome {
            action: self.action,
            catalog: self.catalog.as_ref().filter(|_| accepts),
        }
    }
}

impl UniversalPattern {
    /// Whether the answer matches: of a list, one of its values. Where there is no answer, nothing does.
    fn matches_answer<S: Subject + ?Sized>(
        &self,
        asked: &Asked,
        subject: &S,
    ) -> Result<bool, GaveUp> {
        if !asked.is_list() {
            return match subject.text(asked.id) {
                Some(text) => self.matches(&text),
                None => Ok(false),
            };
        }
        let mut found = Ok(false);
        subject.each(
            asked.id,
            asked.name.as_deref(),
            &mut |value| match self.matches(value) {
                Ok(false) => ControlFlow::Continue(()),
                decided => {
                    found = decided;
                    ControlFlow::Break(())
                }
            },
        );
        found
    }

    fn matches(&self, text: &str) -> Result<bool, GaveUp> {
        match self {
            Self::Glob(glob) => Ok(glob.matches(text)),
            Self::Regex(regex) => regex.matches(text),
        }
    }
}
