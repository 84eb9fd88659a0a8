//! Why an operation of the engine was not done.

use crate::problem::Problem;

/// Why an operation was not done: a kind for programs to branch on, and problems for people.
#[derive(Clone, Debug)]
pub struct OperationError {
    /// What kind of error it is.
    pub kind: OperationErrorKind,
    /// What is wrong, and what to do about it. Warnings may be among them.
    pub problems: Vec<Problem>,
}

/// What keeps an operation from being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationErrorKind {
    /// The caller named something that does not exist, as the last of the problems says.
    UnknownName,
    /// A file of settings is missing or not valid.
    Configuration,
    /// A file, the store or a source cannot be used.
    Failed,
    /// Another process uses what the operation needs.
    Busy,
    /// A follower did not receive what the operation has for it.
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

    /// A name that does not exist. The message says which names do.
    pub fn unknown_name(message: impl Into<String>) -> Self {
        Self::new(
            OperationErrorKind::UnknownName,
            Problem::general(message, None),
        )
    }

    /// Files of settings that are not valid.
    #[must_use]
    pub fn configuration(problems: Vec<Problem>) -> Self {
        Self {
            kind: OperationErrorKind::Configuration,
            problems,
        }
    }
}
