//! Exit codes: what a script learns of a run.

use std::process::ExitCode;

use crate::operation_error::OperationErrorKind;

/// How a run ended. `docs/commands.md` tells people the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All that was asked for is done.
    Complete,
    /// The command line makes no sense.
    Usage,
    /// A setting or a connection file is wrong.
    Configuration,
    /// A connection could not be scanned to the end, or its items could not be written.
    Failed,
    /// A scan ended, but something may be hidden from it.
    Partial,
    /// A follower could not take what the store has for it.
    Follower,
    /// Another process is scanning the same connection.
    Busy,
    /// A person or the system asked the run to end.
    Interrupted,
}

/// Of several outcomes the run takes the first in this order: what is worst for the catalog comes first.
const PRECEDENCE: [Exit; 5] = [
    Exit::Failed,
    Exit::Partial,
    Exit::Busy,
    Exit::Configuration,
    Exit::Follower,
];

impl Exit {
    /// The exit of a run with these outcomes.
    pub(crate) fn worst_of(outcomes: &[Self]) -> Self {
        PRECEDENCE
            .into_iter()
            .find(|exit| outcomes.contains(exit))
            .unwrap_or(Self::Complete)
    }

    /// The number that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Failed => 4,
            Self::Partial => 5,
            Self::Follower => 6,
            Self::Busy => 7,
            Self::Interrupted => 130,
        }
    }
}

impl From<OperationErrorKind> for Exit {
    fn from(kind: OperationErrorKind) -> Self {
        match kind {
            OperationErrorKind::UnknownName => Self::Usage,
            OperationErrorKind::Configuration => Self::Configuration,
            OperationErrorKind::Failed => Self::Failed,
            OperationErrorKind::Busy => Self::Busy,
            OperationErrorKind::Follower => Self::Follower,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_outcomes_the_worst_for_the_catalog_is_the_exit() {
        for (outcomes, exit) in [
            (&[][..], Exit::Complete),
            (&[Exit::Complete, Exit::Configuration], Exit::Configuration),
            (&[Exit::Follower], Exit::Follower),
            (&[Exit::Follower, Exit::Configuration], Exit::Configuration),
            (&[Exit::Configuration, Exit::Busy], Exit::Busy),
            (
                &[Exit::Busy, Exit::Partial, Exit::Configuration],
                Exit::Partial,
            ),
            (&[Exit::Partial, Exit::Failed], Exit::Failed),
        ] {
            assert_eq!(Exit::worst_of(outcomes), exit);
        }
    }
}
