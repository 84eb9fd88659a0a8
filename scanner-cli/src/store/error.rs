//! What can go wrong with the store, and what to do then.

use std::{
    io,
    path::{Path, PathBuf},
};

use catalog_model::SinkError;
use rusqlite::ErrorCode;

use crate::{exit::Exit, home::shown, problem::Problem};

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the store `{}` {message}", shown(.path))]
pub(crate) struct StoreError {
    path: PathBuf,
    message: String,
    hint: Option<&'static str>,
    exit: Exit,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What was to be done with the store.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Doing {
    Open,
    Read,
    Write,
}

impl StoreError {
    pub(super) fn of(path: &Path, doing: Doing, error: rusqlite::Error) -> Self {
        let verb = match doing {
            Doing::Open => "opened",
            Doing::Read => "read",
            Doing::Write => "written",
        };
        Self {
            path: path.to_path_buf(),
            message: format!("cannot be {verb}"),
            hint: hint(error.sqlite_error_code()),
            exit: Exit::Failed,
            source: Some(Box::new(error)),
        }
    }

    pub(super) fn folder(folder: &Path, error: io::Error) -> Self {
        Self {
            path: folder.to_path_buf(),
            message: "cannot be made".to_owned(),
            hint: Some(NO_STORE),
            exit: Exit::Failed,
            source: Some(Box::new(error)),
        }
    }

    pub(super) fn newer(path: &Path, found: usize, known: usize) -> Self {
        let message = format!("is of version {found}, but this program knows none above {known}");
        Self {
            path: path.to_path_buf(),
            message,
            hint: Some(
                "take the program that wrote it, or a newer one; `scan --no-store` scans without it",
            ),
            exit: Exit::Configuration,
            source: None,
        }
    }

    pub(super) fn older(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            message: "is of an older version".to_owned(),
            hint: Some("run `scan`, which brings it up to date"),
            exit: Exit::Configuration,
            source: None,
        }
    }

    /// Another process began a scan of the same connection and called this one interrupted.
    pub(super) fn overtaken(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            message: "took another scan of this connection meanwhile, so this one does not count"
                .to_owned(),
            hint: Some("let the lock files in `data` be, which keep scans apart"),
            exit: Exit::Failed,
            source: None,
        }
    }

    /// The thread that writes has gone: it panicked, and said so on standard error.
    pub(super) fn gone(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            message: "is not written any more: the scanner itself has a fault".to_owned(),
            hint: None,
            exit: Exit::Failed,
            source: None,
        }
    }

    /// The same error once more: who fills a batch and who ends the scan both have to know.
    pub(super) fn again(&self) -> Self {
        let source = self.source.as_ref();
        Self {
            path: self.path.clone(),
            message: self.message.clone(),
            source: source.map(|source| source.to_string().into()),
            ..*self
        }
    }

    /// The exit of a command that needs the store.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The error for a person.
    pub(crate) fn problem(&self) -> Problem {
        let mut message = self.to_string();
        if let Some(source) = &self.source {
            message.push_str(&format!(": {source}"));
        }
        Problem::general(message, self.hint.map(str::to_owned))
    }
}

impl From<StoreError> for SinkError {
    fn from(error: StoreError) -> Self {
        let advice = error.hint.map(|hint| format!(" ({hint})"));
        Self {
            message: format!("{error}{}", advice.unwrap_or_default()),
            source: error.source,
        }
    }
}

const NO_STORE: &str = "let the scanner write there; `scan --no-store` scans without a store";

fn hint(code: Option<ErrorCode>) -> Option<&'static str> {
    match code? {
        ErrorCode::DiskFull => Some("make room on the disk; what was there is whole"),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => Some(NO_STORE),
        ErrorCode::SystemIoFailure => {
            Some("look whether the disk is full, has a quota, or has gone; what was there is whole")
        }
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            Some("put a copy of it back, or move it away: the next scan makes a new one")
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Some("another process writes to it without a pause: try again when that has ended")
        }
        _ => None,
    }
}
