//! The stages of a check, from a connection's settings to the data of its source.

use std::{fmt, time::Duration};

/// One stage of a check, and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What is tested: `name resolution`.
    pub name: &'static str,
    /// The result.
    pub verdict: Verdict,
    /// What was found, or why the stage failed; empty if it was not reached.
    pub seen: String,
    /// How long it took.
    pub took: Duration,
    /// What to do, if anything: one piece of advice per line.
    pub hint: Option<String>,
}

/// The result of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The stage passed.
    Ok,
    /// The stage passed, with something that an administrator should know.
    Warning,
    /// The stage failed; the source cannot be read.
    Failed,
    /// An earlier stage failed, so this one was not tested.
    NotReached,
}

impl Stage {
    /// A stage that passed.
    #[must_use]
    pub fn ok(name: &'static str, seen: impl Into<String>, took: Duration) -> Self {
        Self {
            name,
            verdict: Verdict::Ok,
            seen: seen.into(),
            took,
            hint: None,
        }
    }

    /// The same stage with a verdict and a hint.
    #[must_use]
    pub fn but(self, verdict: Verdict, hint: impl Into<Option<String>>) -> Self {
        Self {
            verdict,
            hint: hint.into(),
            ..self
        }
    }

    /// A stage that was not reached.
    #[must_use]
    pub fn not_reached(name: &'static str) -> Self {
        Self::ok(name, "", Duration::ZERO).but(Verdict::NotReached, None)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
        })
    }
}
