//! Universal filters: the rules of the setting `filters`, of which the first that matches decides.

use std::{ops::ControlFlow, sync::Arc};

use super::{
    criteria::{Asked, Subject},
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

/// The pattern of a key: exact, with `*` and `?`, or after `regex:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UniversalPattern {
    Glob(Glob),
    Regex(Regex),
}

impl UniversalRule {
    pub(super) fn matches<S: Subject + ?Sized>(&self, subject: &S) -> Result<bool, GaveUp> {
        for (asked, pattern) in &self.terms {
            if !pattern.matches_answer(asked, subject)? {
                return Ok(false);
            }
        }
        Ok(true)
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
