//! What can go wrong with the store, and what to do then.

use std::{
    io,
    path::{Path, PathBuf},
};

use catalog_model::SinkError;
use rusqlite::ErrorCode;

use crate::{
    exit::Exit,
    home::{shown, shown_absolute},
    problem::Problem,
};

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{what} `{}` {message}", shown(.path))]
pub(crate) struct StoreError {
    /// What `path` is.
    what: &'static str,
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
    Copy,
}

impl StoreError {
    pub(super) fn of(path: &Path, doing: Doing, error: rusqlite::Error) -> Self {
        let verb = match doing {
            Doing::Open => "opened",
            Doing::Read => "read",
            Doing::Write => "written",
            Doing::Copy => "copied",
        };
        Self {
            what: "the store",
            path: path.to_path_buf(),
            message: format!("cannot be {verb}"),
            hint: hint(error.sqlite_error_code()),
            exit: Exit::Failed,
            source: Some(Box::new(error)),
        }
    }

    /// A folder or a file beside the store that cannot be made.
    pub(super) fn folder(folder: &Path, error: io::Error) -> Self {
        let full = error.kind() == io::ErrorKind::StorageFull;
        let known = Self::file(folder, "cannot be written").because(error);
        // Files of the store have an extension; what has none and does not exist is the folder.
        let is_folder = folder.extension().is_none() && !folder.is_file();
        Self {
            what: if is_folder { "the folder" } else { known.what },
            path: shown_absolute(folder).into(),
            ..known
        }
        .hint(if full { MAKE_ROOM } else { NO_STORE })
    }

    /// What is wrong with a file that is not the store.
    pub(super) fn file(path: &Path, message: &str) -> Self {
        Self {
            what: if path.is_dir() {
                "the folder"
            } else {
                "the file"
            },
            path: path.to_path_buf(),
            message: message.to_owned(),
            hint: None,
            exit: Exit::Failed,
            source: None,
        }
    }

    /// The same error with a hint.
    pub(super) fn hint(self, hint: &'static str) -> Self {
        let hint = Some(hint);
        Self { hint, ..self }
    }

    /// The same error with its cause.
    pub(super) fn because(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        let source: Option<Box<dyn std::error::Error + Send + Sync>> = Some(Box::new(source));
        Self { source, ..self }
    }

    /// There is no store.
    pub(super) fn missing(path: &Path) -> Self {
        Self {
            exit: Exit::Configuration,
            ..Self::of_store(path, "does not exist yet")
        }
        .hint("run `scan`, which makes it, or name another home with `--home` or `SCANNER_HOME`")
    }

    /// Somebody else has the store open.
    pub(super) fn in_use(path: &Path) -> Self {
        Self {
            exit: Exit::Busy,
            ..Self::of_store(path, "is in use by another process")
        }
        .hint("stop the service and wait until other commands have ended; nothing was changed")
    }

    /// Another process restores a backup, and does not come to an end.
    pub(super) fn being_restored(path: &Path) -> Self {
        Self {
            exit: Exit::Busy,
            ..Self::of_store(path, "is being restored by another process")
        }
        .hint("wait until `store restore` has ended")
    }

    /// The file system has no locks.
    pub(super) fn without_locks(path: &Path) -> Self {
        Self::of_store(path, "is on a file system without file locks, where two processes could damage it").hint(
            "put the folder `data` on a local disk, or mount the file system with locks; `scan --no-store` scans \
             without a store",
        )
    }

    /// Something else than a file has the store's name.
    pub(super) fn special(path: &Path) -> Self {
        Self::of_store(path, "cannot be opened: it is not a regular file")
            .hint("move it away: the next scan makes a store; `scan --no-store` scans without one")
    }

    /// The store has the size that it may have at most.
    pub(super) fn too_large(path: &Path, max_size: &str) -> Self {
        let message = format!("has reached its maximum size, `store.max_size = {max_size}`");
        Self::of_store(path, &message).hint(
            "raise `store.max_size` in `conf/application.conf`, or exclude sheets with filters; what was stored before \
             is intact",
        )
    }

    /// What the store holds contradicts itself.
    pub(super) fn damaged(path: &Path, problem: &str) -> Self {
        Self::of_store(path, &format!("is damaged: {problem}")).hint(RESTORE)
    }

    /// The same error for a file that is not the store of the home.
    pub(super) fn of_file(self) -> Self {
        if self.hint != Some(RESTORE) {
            return self;
        }
        Self {
            what: "the file",
            message: "is damaged".to_owned(),
            hint: Some(super::restore::NAME_A_BACKUP),
            ..self
        }
    }

    fn of_store(path: &Path, message: &str) -> Self {
        Self {
            what: "the store",
            ..Self::file(path, message)
        }
    }

    /// A backup that a newer program wrote.
    pub(super) fn newer_file(file: &Path, found: usize, known: usize) -> Self {
        let message = format!("is of version {found}, but this program knows none above {known}");
        Self {
            exit: Exit::Configuration,
            ..Self::file(file, &message)
        }
        .hint(
            "restore it with the program that wrote it, or a newer one; the store was not changed",
        )
    }

    pub(super) fn newer(path: &Path, found: usize, known: usize) -> Self {
        let message = format!("is of version {found}, but this program knows none above {known}");
        Self {
            what: "the store",
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
            what: "the store",
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
            what: "the store",
            path: path.to_path_buf(),
            message: "recorded another scan of this connection in the meantime, so this one was discarded"
                .to_owned(),
            hint: Some("keep the lock files in `data`: they keep scans of one connection apart"),
            exit: Exit::Failed,
            source: None,
        }
    }

    /// The thread that writes has gone: it panicked, and said so on standard error.
    pub(super) fn gone(path: &Path) -> Self {
        Self {
            what: "the store",
            path: path.to_path_buf(),
            message: "cannot be written: its writer thread crashed".to_owned(),
            hint: Some("please report this, with the messages above"),
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
const MAKE_ROOM: &str = "free some disk space; what was stored before is intact";
const RESTORE: &str = "restore a backup with `store restore FILE`; without one, move it away together with its `-wal` and \
                       `-shm` files: the next scan makes a new store";

fn hint(code: Option<ErrorCode>) -> Option<&'static str> {
    match code? {
        ErrorCode::DiskFull => Some(MAKE_ROOM),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => Some(NO_STORE),
        ErrorCode::SystemIoFailure => Some(
            "check whether the disk is full, has a quota, or was removed; what was stored before is intact",
        ),
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => Some(RESTORE),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Some("another process has it locked: wait until that process has ended, then try again")
        }
        _ => None,
    }
}
