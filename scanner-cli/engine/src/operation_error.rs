//! Errors of the engine's operations.

use crate::problem::Problem;

/// Why an operation failed: a kind for programs to branch on, and problems to show to people.
#[derive(Clone, Debug)]
pub struct OperationError {
    /// The kind of error.
    pub kind: OperationErrorKind,
    /// Errors, and possibly warnings, each with what to do about it.
    pub problems: Vec<Problem>,
}

/// The kinds of operation errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationErrorKind {
    /// The caller named something that does not exist. The last problem says what.
    UnknownName,
    /// A settings file is missing or invalid.
    Configuration,
    /// A file, the store or a source cannot be used.
    Failed,
    /// Another process is using what the operation needs.
    Busy,
    /// A follower did not receive the changes of the operation.
    Follower,
}

impl OperationError {
    /// An error of this kind with one problem.
    #[must_use]
    pub fn new(kind: OperationErrorKind, problem: Problem) -> Self {
        Self {
            kind,
            problems: vec![problem],
        }
    }

    /// A name that does not exist. The message lists the existing names.
    pub fn unknown_name(message: impl Into<String>) -> Self {
        Self::new(
            OperationErrorKind::UnknownName,
            Problem::general(message, None),
        )
    }

    /// Invalid settings files.
    #[must_use]
    pub fn configuration(problems: Vec<Problem>) -> Self {
        Self {
            kind: OperationErrorKind::Configuration,
            problems,
        }
    }
}
