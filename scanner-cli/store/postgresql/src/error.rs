//! What an error of the database means for the store.

use std::{fmt, io};

use catalog_store::{StoreError, StoreErrorKind};
use postgresql_client::{Failure, Problem};
use tokio_postgres::error::SqlState;

/// What could not be done. Says it to the user in the words of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Open,
    Read,
    Write,
}

/// An error in the crate, before the address of the store is added.
#[derive(Debug)]
pub(crate) enum DatabaseError {
    /// The driver or the server reports it.
    Driver(tokio_postgres::Error),
    /// The session could not be opened.
    Problem(Problem),
    /// A statement took longer than its time limit.
    Late,
    /// The lease was not renewed in time, or another scanner has it.
    LeaseLost,
    /// No thread could be started, or a task crashed.
    Thread(io::Error),
    /// The content of the database is not what a store has.
    Content(String),
    /// The error of the store.
    Store(StoreError),
}

/// Why something was not written.
pub(crate) const LEASE_LOST: &str = "was not written: this scanner did not renew its lease in time, so another one may have taken over";

pub(crate) type Result<T> = std::result::Result<T, DatabaseError>;

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for DatabaseError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Problem> for DatabaseError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Failure> for DatabaseError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Database(problem) => Self::Problem(problem),
            Failure::Data(text) => Self::Content(text),
            Failure::Feed(error) => Self::Content(error.to_string()),
        }
    }
}

impl From<io::Error> for DatabaseError {
    fn from(error: io::Error) -> Self {
        Self::Thread(error)
    }
}

/// The cause of a store's error, as text.
#[derive(Debug)]
struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

impl DatabaseError {
    /// The error of the store at this address.
    pub(crate) fn of_store(self, address: &str, operation: Operation) -> StoreError {
        let verb = match operation {
            Operation::Open => "opened",
            Operation::Read => "read",
            Operation::Write => "written",
        };
        let with = |kind, cause: String| {
            let error = StoreError::on_server(address, kind, &format!("cannot be {verb}"));
            match cause.is_empty() {
                true => error,
                false => error.because(Cause(cause)),
            }
        };
        match self {
            Self::Store(error) => error,
            Self::Driver(error) => with(kind_of(&error, operation), text_of(&error)),
            Self::Problem(problem) => {
                let error = with(StoreErrorKind::Unreachable, problem.line());
                match problem.hint {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                }
            }
            Self::Late => with(
                StoreErrorKind::Locked,
                "the database did not answer in time".to_owned(),
            ),
            Self::LeaseLost => {
                StoreError::on_server(address, StoreErrorKind::Overtaken, LEASE_LOST)
            }
            Self::Thread(error) => with(StoreErrorKind::Other, error.to_string()),
            Self::Content(text) => with(StoreErrorKind::Damaged, text),
        }
    }

    /// Whether the server ended the transaction because of another one, so that it can be repeated.
    pub(crate) fn is_conflict(&self) -> bool {
        let Self::Driver(error) = self else {
            return false;
        };
        let code = error.code();
        code == Some(&SqlState::T_R_SERIALIZATION_FAILURE)
            || code == Some(&SqlState::T_R_DEADLOCK_DETECTED)
    }
}

fn kind_of(error: &tokio_postgres::Error, operation: Operation) -> StoreErrorKind {
    let Some(code) = error.code() else {
        let cause = std::error::Error::source(error);
        let is_lost = error.is_closed() || cause.is_some_and(|cause| cause.is::<io::Error>());
        return match is_lost {
            true => StoreErrorKind::Unreachable,
            false => StoreErrorKind::Other,
        };
    };
    match code {
        code if *code == SqlState::DISK_FULL => StoreErrorKind::DiskFull,
        code if *code == SqlState::IO_ERROR => StoreErrorKind::Disk,
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => StoreErrorKind::NotWritable,
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => match operation {
            Operation::Read => StoreErrorKind::NotReadable,
            Operation::Open | Operation::Write => StoreErrorKind::NotWritable,
        },
        code if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::QUERY_CANCELED => {
            StoreErrorKind::Locked
        }
        code if ["57", "08", "53"].contains(&code.code().get(..2).unwrap_or_default()) => {
            StoreErrorKind::Unreachable
        }
        code if ["42", "XX"].contains(&code.code().get(..2).unwrap_or_default()) => {
            StoreErrorKind::Damaged
        }
        _ => StoreErrorKind::Other,
    }
}

/// What the server said, or why the connection ended.
fn text_of(error: &tokio_postgres::Error) -> String {
    if let Some(found) = error.as_db_error() {
        return format!("{} ({})", found.message(), found.code().code());
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        // The driver repeats its causes.
        if !text.contains(&inner.to_string()) {
            text = format!("{text}: {inner}");
        }
        cause = inner.source();
    }
    text
}
