//! What went wrong, for people, and whose fault it is.

use std::error::Error as _;

use catalog_model::{FollowError, documentation, follower::FeedError};
use tokio_postgres::error::SqlState;

/// Why something could not be done in the database.
#[derive(Debug)]
pub enum Failure {
    /// The database refuses the data: another item may be accepted.
    Data(String),
    /// Nothing more can be done now.
    Database(Problem),
    /// The feed failed.
    Feed(FeedError),
}

/// What happened, why, and what to do.
#[derive(Debug)]
pub struct Problem {
    /// What happened.
    pub message: String,
    /// Why; empty if the message says it.
    pub cause: String,
    /// What to do.
    pub hint: Option<String>,
    /// Whether another try would fail in the same way.
    pub is_final: bool,
}

const LOST: &str = "the connection to the database was lost";
/// What to do if the server does not behave like PostgreSQL.
pub const OTHER_SERVER: &str = "check the host and the port: another server may listen there";
/// What to do if a table belongs to another role.
pub const RIGHTS: &str =
    "the tables must belong to the role in `url`: connect as their owner, or set another `schema`";

impl Problem {
    /// A problem that another try may solve.
    #[must_use]
    pub fn new(
        message: impl Into<String>,
        cause: impl Into<String>,
        hint: Option<&'static str>,
    ) -> Self {
        Self {
            message: message.into(),
            cause: cause.into(),
            hint: hint.map(str::to_owned),
            is_final: false,
        }
    }

    /// The same problem with what to do.
    #[must_use]
    pub fn advise(self, hint: String) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }

    /// The same problem, which another try would not solve.
    #[must_use]
    pub fn finally(self) -> Self {
        Self {
            is_final: true,
            ..self
        }
    }

    /// The whole problem in one line.
    #[must_use]
    pub fn line(&self) -> String {
        match self.cause.is_empty() {
            true => self.message.clone(),
            false => format!("{}: {}", self.message, self.cause),
        }
    }
}

/// What an error of the driver is, after a login.
pub(crate) fn failure(error: &tokio_postgres::Error) -> Failure {
    let Some(found) = error.as_db_error() else {
        return Failure::Database(Problem::new(LOST, causes(error), None));
    };
    let text = server_text(error);
    if is_of_data(found.code()) {
        return Failure::Data(text);
    }
    let (message, hint) = match *found.code() {
        SqlState::INSUFFICIENT_PRIVILEGE => ("the role in `url` lacks a right", Some(RIGHTS)),
        SqlState::READ_ONLY_SQL_TRANSACTION => (
            "the database cannot be written",
            Some("name the primary server in `url`, not a standby"),
        ),
        SqlState::UNDEFINED_COLUMN
        | SqlState::UNDEFINED_TABLE
        | SqlState::DATATYPE_MISMATCH
        | SqlState::UNDEFINED_FUNCTION => (
            "the tables in the schema are not as the scanner made them",
            Some(concat!(
                "restore what somebody changed: ",
                documentation!("catalogs/postgresql#if-it-fails")
            )),
        ),
        SqlState::DISK_FULL => ("the disk of the database is full", None),
        SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => (
            "the database did not finish in time",
            Some("look for sessions that hold locks in the schema of the scanner"),
        ),
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => (LOST, None),
        _ => ("the database refuses a statement", None),
    };
    let problem = Problem::new(message, text, hint);
    Failure::Database(match *found.code() {
        SqlState::INSUFFICIENT_PRIVILEGE | SqlState::READ_ONLY_SQL_TRANSACTION => problem.finally(),
        _ => problem,
    })
}

/// What an error of the driver is, during a login.
pub(crate) fn login_failure(error: &tokio_postgres::Error, user: &str, database: &str) -> Problem {
    let Some(found) = error.as_db_error() else {
        let missing = error
            .source()
            .is_some_and(|cause| cause.to_string().contains("password missing"));
        return match missing {
            true => Problem::new(
                format!("the server asks for the password of `{user}`"),
                "",
                Some("set `password`"),
            )
            .finally(),
            false => Problem::new("the login failed", causes(error), Some(OTHER_SERVER)),
        };
    };
    let (message, hint) = match *found.code() {
        SqlState::INVALID_PASSWORD => (
            format!("the server refuses the login of `{user}`"),
            Some("check `password`, and the user in `url`"),
        ),
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => (
            format!("the server refuses the login of `{user}`"),
            Some(
                "check the user in `url`; the database administrator allows logins in pg_hba.conf",
            ),
        ),
        SqlState::INVALID_CATALOG_NAME => {
            let message = format!("the database `{database}` does not exist");
            let hint = "check the database name at the end of `url`";
            return Problem::new(message, "", Some(hint)).finally();
        }
        SqlState::INSUFFICIENT_PRIVILEGE => (
            format!("`{user}` may not use the database"),
            Some("let the database administrator run `GRANT CONNECT ON DATABASE …`"),
        ),
        SqlState::TOO_MANY_CONNECTIONS => ("the server has too many connections".to_owned(), None),
        SqlState::CANNOT_CONNECT_NOW => ("the server accepts no logins now".to_owned(), None),
        _ => ("the login failed".to_owned(), None),
    };
    let problem = Problem::new(message, server_text(error), hint);
    match hint {
        // Only the settings or the administrator can help.
        Some(_) => problem.finally(),
        None => problem,
    }
}

/// Whether the database refuses the data, not the work: values it cannot store, constraints and triggers.
fn is_of_data(code: &SqlState) -> bool {
    let class = code.code().get(..2).unwrap_or_default();
    match class {
        "22" => true,
        "23" => *code != SqlState::FOREIGN_KEY_VIOLATION,
        "54" => *code == SqlState::PROGRAM_LIMIT_EXCEEDED,
        _ => *code == SqlState::RAISE_EXCEPTION,
    }
}

/// What the server said.
fn server_text(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(found) => format!("{} ({})", found.message(), found.code().code()),
        None => causes(error),
    }
}

fn causes(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        // The driver repeats its causes.
        if !text.contains(&inner.to_string()) {
            text = format!("{text}: {inner}");
        }
        cause = inner.source();
    }
    text
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Database(problem)
    }
}

impl From<FeedError> for Failure {
    fn from(error: FeedError) -> Self {
        Self::Feed(error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        failure(&error)
    }
}

impl From<Problem> for FollowError {
    fn from(problem: Problem) -> Self {
        if problem.is_final {
            return Self::Rejected {
                message: problem.line(),
                hint: problem.hint,
            };
        }
        Self::Target {
            message: problem.message,
            hint: problem.hint,
            source: (!problem.cause.is_empty()).then(|| problem.cause.into()),
        }
    }
}

impl From<Failure> for FollowError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Data(text) => {
                Problem::new("the database refuses a statement", text, None).into()
            }
            Failure::Database(problem) => problem.into(),
            Failure::Feed(error) => error.into(),
        }
    }
}
