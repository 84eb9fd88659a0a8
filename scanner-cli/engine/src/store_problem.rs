//! Converts errors of the store: adds hints that name commands and settings, and determines the kind of operation
//! error.

use std::error::Error;

use catalog_model::SinkError;

use crate::{
    operation_error::{OperationError, OperationErrorKind},
    problem::Problem,
    store::{StoreError, StoreErrorKind as Kind},
};

/// Converts an error of the store.
pub trait StoreProblem {
    /// The error as a problem with a hint.
    fn problem(&self) -> Problem;

    /// The kind of error for an operation that needs the store.
    fn operation_kind(&self) -> OperationErrorKind;
}

impl StoreProblem for StoreError {
    fn problem(&self) -> Problem {
        let mut message = self.to_string();
        // Only the first cause: SQLite's errors repeat their text in their causes.
        if let Some(cause) = self.source() {
            message.push_str(&format!(": {cause}"));
        }
        Problem::general(message, advice(self).map(str::to_owned))
    }

    fn operation_kind(&self) -> OperationErrorKind {
        match self.kind() {
            Kind::Missing | Kind::Older | Kind::Newer | Kind::NewerBackup => {
                OperationErrorKind::Configuration
            }
            Kind::InUse | Kind::BeingRestored => OperationErrorKind::Busy,
            _ => OperationErrorKind::Failed,
        }
    }
}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        Self::new(error.operation_kind(), error.problem())
    }
}

/// The error of a scan that the store ended.
pub fn sink_error(error: StoreError) -> SinkError {
    let advice = advice(&error).map(|advice| format!(" ({advice})"));
    SinkError {
        message: format!("{error}{}", advice.unwrap_or_default()),
        source: error.into_source(),
    }
}

fn advice(error: &StoreError) -> Option<&str> {
    error.hint().or_else(|| hint_for(error.kind()))
}

fn hint_for(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Missing => {
            "run `scan`, which creates it, or name another home with `--home` or `SCANNER_HOME`"
        }
        Kind::Older => "run `scan`, which upgrades it",
        Kind::Newer => {
            "use the program that wrote it, or a newer one; `scan --no-store` scans without it"
        }
        Kind::NewerBackup => {
            "restore it with the program that wrote it, or a newer one; the store was not changed"
        }
        Kind::InUse => {
            "stop the service and wait until other commands have ended; nothing was changed"
        }
        Kind::BeingRestored => "wait until `store restore` has ended",
        Kind::Locked => "wait until the process that has locked it has ended, then try again",
        Kind::NoLocks => {
            "put the folder `data` on a local disk, or mount the file system with support for locks; `scan --no-store` scans without a \
             store"
        }
        Kind::NotAFile => {
            "move it away: the next scan creates a store; `scan --no-store` scans without one"
        }
        Kind::TooLarge => {
            "raise `store.max_size` in `conf/application.conf`, or exclude sheets with filters; what was stored before is \
             intact"
        }
        Kind::DiskFull => "free some disk space; what was stored before is intact",
        Kind::Disk => {
            "check whether the disk is full, has a quota, or was removed; what was stored before is intact"
        }
        Kind::NotWritable => {
            "give the scanner's account write access there; `scan --no-store` scans without a store"
        }
        Kind::NotReadable => "run the command as the account of the service, or as root",
        Kind::Damaged => {
            "restore a backup with `store restore FILE`; without one, move it away together with its `-wal` and `-shm` \
             files: the next scan creates a new store"
        }
        Kind::NotABackup => "name a file that `store backup` wrote; the store was not changed",
        Kind::Overtaken => {
            "do not delete the lock files in `data`: they prevent simultaneous scans of one connection"
        }
        Kind::Unreachable => {
            "check whether the database runs and accepts connections from this machine"
        }
        Kind::HeldElsewhere => "wait until the other scanner has ended its scan",
        Kind::WriterCrashed => "report this, with the messages above",
        Kind::Other => return None,
    })
}
