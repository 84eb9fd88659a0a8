//! Exit codes.

use std::process::ExitCode;

use crate::operation_error::OperationErrorKind;

/// How a run ended. `docs/commands.md` lists the codes, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The command completed.
    Complete,
    /// The command line is invalid.
    Usage,
    /// A setting or a connection file is invalid.
    Configuration,
    /// A scan failed, or its items could not be written.
    Failed,
    /// A scan ended, but its result may be incomplete.
    Partial,
    /// A delivery to a follower failed.
    Follower,
    /// Another process is scanning the same connection.
    Busy,
    /// Ctrl-C or a signal stopped the run.
    Interrupted,
}

/// If there are several outcomes, the first in this order is used: the worst for the catalog comes first.
const PRECEDENCE: [Exit; 5] = [
    Exit::Failed,
    Exit::Partial,
    Exit::Busy,
    Exit::Configuration,
    Exit::Follower,
];

impl Exit {
    /// The exit code of a run with these outcomes.
    pub(crate) fn worst_of(outcomes: &[Self]) -> Self {
        PRECEDENCE
            .into_iter()
            .find(|exit| outcomes.contains(exit))
            .unwrap_or(Self::Complete)
    }

    /// The exit code of the process.
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
    fn the_worst_outcome_for_the_catalog_is_the_exit_code() {
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
