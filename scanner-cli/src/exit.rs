//! Exit codes.

use std::process::ExitCode;

use crate::operation_error::OperationErrorKind;

/// How a run ended: the exit codes of the program. They never change their meaning; `docs/commands.md` says more about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// 0: the command completed.
    Complete,
    /// 2: the command line is invalid. Nothing was done.
    Usage,
    /// 3: a setting or a connection file is invalid.
    Configuration,
    /// 4: a scan failed, or its items could not be written.
    Failed,
    /// 5: a scan ended, but its result may be incomplete.
    Partial,
    /// 6: a delivery to a follower failed.
    Follower,
    /// 7: another process is scanning the same connection, or a service is running in the same home.
    Busy,
    /// 130: Ctrl-C or a signal stopped the run.
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
    /// All exit codes, in ascending order.
    pub const ALL: [Self; 8] = [
        Self::Complete,
        Self::Usage,
        Self::Configuration,
        Self::Failed,
        Self::Partial,
        Self::Follower,
        Self::Busy,
        Self::Interrupted,
    ];

    /// What the exit code means, in a few words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Usage => "invalid command line",
            Self::Configuration => "invalid configuration",
            Self::Failed => "a connection failed",
            Self::Partial => "partial",
            Self::Follower => "a follower failed",
            Self::Busy => "busy",
            Self::Interrupted => "interrupted",
        }
    }

    /// The exit codes and their meanings, for the help.
    pub(crate) fn help() -> String {
        let all = Self::ALL.map(|exit| format!("{} {}", exit.code(), exit.meaning()));
        let order = PRECEDENCE.map(|exit| exit.code().to_string());
        format!(
            "Exit codes: {}. If several apply, the first in the order {} is used.",
            all.join(", "),
            order.join(", ")
        )
    }

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
    fn the_documentation_has_every_exit_code_once() {
        let pages = [
            include_str!("../../README.md"),
            include_str!("../../docs/commands.md"),
        ];
        for page in pages {
            let table = page.split("| code | meaning |").nth(1);
            let table = table
                .or(page.split("| exit code | meaning |").nth(1))
                .unwrap();
            let rows = table
                .lines()
                .skip(2)
                .take_while(|line| line.starts_with('|'));
            let codes =
                rows.map(|row| row.split('|').nth(1).unwrap().trim().parse::<u8>().unwrap());
            assert_eq!(codes.collect::<Vec<_>>(), Exit::ALL.map(Exit::code));
        }
    }

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
