//! The error of the store. Front ends add what to do, because this depends on their commands and settings.

use std::{
    borrow::Cow,
    error::Error,
    io,
    path::{Path, PathBuf},
};

use file_access::path_text::{shown, shown_absolute};
use rusqlite::ErrorCode;

/// The store, or a file that belongs to it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{what} `{}` {message}", shown(.path))]
pub struct StoreError {
    kind: StoreErrorKind,
    /// What `path` is, such as `the store`.
    what: &'static str,
    path: PathBuf,
    message: String,
    hint: Option<Cow<'static, str>>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of an error, on which programs can branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The store does not exist.
    Missing,
    /// An older program wrote the store, and only a scan migrates it.
    Older,
    /// A newer program wrote the store.
    Newer,
    /// A newer program wrote the backup.
    NewerBackup,
    /// Another process has the store open.
    InUse,
    /// Another process is restoring a backup.
    BeingRestored,
    /// Another process has locked the database for longer than this one waits.
    Locked,
    /// The file system has no file locks.
    NoLocks,
    /// The path of the store is not a regular file.
    NotAFile,
    /// The store has reached its maximum size.
    TooLarge,
    /// The disk is full.
    DiskFull,
    /// The disk reports an error.
    Disk,
    /// The store or a file beside it cannot be written with the rights of this process.
    NotWritable,
    /// The store cannot be read with the rights of this process.
    NotReadable,
    /// The content of the store is damaged.
    Damaged,
    /// A file that should be a backup is not one, or is damaged.
    NotABackup,
    /// Another process has begun a scan of the same connection and recorded this one as interrupted.
    Overtaken,
    /// The writer thread has crashed. The reason is on standard error.
    WriterCrashed,
    /// The server of the store cannot be reached, or the connection to it was lost.
    Unreachable,
    /// Another scanner scans the connection.
    HeldElsewhere,
    /// Anything else.
    Other,
}

/// The operation that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Open,
    Read,
    Write,
    Copy,
}

impl StoreError {
    /// The kind of the error.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// What to do, if this does not depend on the kind alone.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns the cause, for a new error that has this error's message.
    pub fn into_source(self) -> Option<Box<dyn Error + Send + Sync>> {
        self.source
    }

    pub(super) fn from_sqlite(path: &Path, operation: Operation, error: rusqlite::Error) -> Self {
        let verb = match operation {
            Operation::Open => "opened",
            Operation::Read => "read",
            Operation::Write => "written",
            Operation::Copy => "copied",
        };
        let kind = kind_of(error.sqlite_error_code());
        Self::for_store(path, kind, &format!("cannot be {verb}")).because(error)
    }

    /// Creates the error for a folder, or a file beside the store, that cannot be created.
    pub(super) fn folder(folder: &Path, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::StorageFull => StoreErrorKind::DiskFull,
            _ => StoreErrorKind::NotWritable,
        };
        let known = Self::file(folder, kind, "cannot be written").because(error);
        // Files of the store have an extension. A missing path without one is the folder.
        let is_folder = folder.extension().is_none() && !folder.is_file();
        Self {
            what: if is_folder { "the folder" } else { known.what },
            path: shown_absolute(folder).into(),
            ..known
        }
    }

    /// Creates an error about a file that is not the store.
    pub(super) fn file(path: &Path, kind: StoreErrorKind, message: &str) -> Self {
        Self {
            kind,
            what: if path.is_dir() {
                "the folder"
            } else {
                "the file"
            },
            path: path.to_path_buf(),
            message: message.to_owned(),
            hint: None,
            source: None,
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        let hint = Some(hint.into());
        Self { hint, ..self }
    }

    /// Creates the error of a store on a server.
    #[must_use]
    pub fn on_server(address: &str, kind: StoreErrorKind, message: &str) -> Self {
        Self::for_store(Path::new(address), kind, message)
    }

    /// The same error with its cause.
    #[must_use]
    pub fn because(self, source: impl Error + Send + Sync + 'static) -> Self {
        let source: Option<Box<dyn Error + Send + Sync>> = Some(Box::new(source));
        Self { source, ..self }
    }

    pub(super) fn missing(path: &Path) -> Self {
        Self::for_store(path, StoreErrorKind::Missing, "does not exist yet")
    }

    pub(super) fn in_use(path: &Path) -> Self {
        Self::for_store(path, StoreErrorKind::InUse, "is in use by another process")
    }

    pub(super) fn being_restored(path: &Path) -> Self {
        let message = "is being restored by another process";
        Self::for_store(path, StoreErrorKind::BeingRestored, message)
    }

    pub(super) fn without_locks(path: &Path) -> Self {
        let message = "is on a file system without file locks, where two processes could damage it";
        Self::for_store(path, StoreErrorKind::NoLocks, message)
    }

    pub(super) fn not_a_file(path: &Path) -> Self {
        let message = "cannot be opened: it is not a regular file";
        Self::for_store(path, StoreErrorKind::NotAFile, message)
    }

    pub(super) fn too_large(path: &Path, max_size: &str) -> Self {
        let message = format!("has reached its maximum size of {max_size}");
        Self::for_store(path, StoreErrorKind::TooLarge, &message)
    }

    /// Creates the error for inconsistent content.
    pub(super) fn damaged(path: &Path, problem: &str) -> Self {
        Self::for_store(
            path,
            StoreErrorKind::Damaged,
            &format!("is damaged: {problem}"),
        )
    }

    /// Converts the error for a file that was given as an argument and is not the store of the home.
    pub(super) fn for_named_file(self) -> Self {
        if self.kind != StoreErrorKind::Damaged {
            return self;
        }
        Self {
            kind: StoreErrorKind::NotABackup,
            what: "the file",
            message: "is damaged".to_owned(),
            ..self
        }
    }

    /// Creates an error about the store.
    pub(super) fn for_store(path: &Path, kind: StoreErrorKind, message: &str) -> Self {
        Self {
            what: "the store",
            ..Self::file(path, kind, message)
        }
    }

    pub(super) fn newer_backup(file: &Path, found: usize, known: usize) -> Self {
        Self::file(file, StoreErrorKind::NewerBackup, &newer(found, known))
    }

    pub(super) fn newer(path: &Path, found: usize, known: usize) -> Self {
        Self::for_store(path, StoreErrorKind::Newer, &newer(found, known))
    }

    pub(super) fn older(path: &Path) -> Self {
        Self::for_store(path, StoreErrorKind::Older, "is of an older version")
    }

    /// Creates the error of a scan that does not count, because another one began later.
    #[must_use]
    pub fn overtaken(path: &Path) -> Self {
        let message =
            "recorded another scan of this connection in the meantime, so this one was discarded";
        Self::for_store(path, StoreErrorKind::Overtaken, message)
    }

    /// Creates the error of a scan that its writer does not know.
    #[must_use]
    pub fn writer_crashed(path: &Path) -> Self {
        let message = "cannot be written: its writer thread crashed";
        Self::for_store(path, StoreErrorKind::WriterCrashed, message)
    }

    /// Creates the error for an item whose key in the store is not valid.
    pub(super) fn unreadable(key: &str, error: impl Error + Send + Sync + 'static) -> Self {
        let message = "is not a key of an item";
        let error = Self::file(Path::new(key), StoreErrorKind::Damaged, message).because(error);
        Self {
            what: "the text",
            ..error
        }
    }

    /// Creates the error for an item that cannot be written as JSON.
    pub(super) fn unwritable(path: &Path, key: &str, error: serde_json::Error) -> Self {
        let message = format!("cannot hold the item `{key}`");
        Self::for_store(path, StoreErrorKind::Other, &message).because(error)
    }

    /// Returns a copy of the error. It is reported both while a scan sends items and when the scan ends.
    #[must_use]
    pub fn again(&self) -> Self {
        let source = self.source.as_ref();
        Self {
            path: self.path.clone(),
            message: self.message.clone(),
            hint: self.hint.clone(),
            source: source.map(|source| source.to_string().into()),
            kind: self.kind,
            what: self.what,
        }
    }
}

fn newer(found: usize, known: usize) -> String {
    format!("has version {found}, but this program supports versions up to {known}")
}

fn kind_of(code: Option<ErrorCode>) -> StoreErrorKind {
    match code {
        Some(ErrorCode::DiskFull) => StoreErrorKind::DiskFull,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            StoreErrorKind::NotWritable
        }
        Some(ErrorCode::SystemIoFailure) => StoreErrorKind::Disk,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreErrorKind::Damaged,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::Locked,
        _ => StoreErrorKind::Other,
    }
}
