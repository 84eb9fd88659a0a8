//! Errors of scans that the scanner stops or cannot start.

use std::io;

use catalog_model::{Diagnostic, ScanError, SinkError};

/// The error of a scan that panicked. Other scans continue.
pub(super) fn internal_error() -> ScanError {
    ScanError::Source {
        step: "scanning".to_owned(),
        message: "the scanner has an internal error".to_owned(),
        hint: Some("please report it, with the messages above".to_owned()),
        may_pass: false,
    }
}

pub(super) fn no_thread(error: &io::Error) -> ScanError {
    ScanError::Source {
        step: "scanning".to_owned(),
        message: format!("cannot start a thread: {error}"),
        hint: Some("check the limits on threads and memory of the scanner's account".to_owned()),
        may_pass: true,
    }
}

pub(super) fn lock_failed(error: &io::Error) -> SinkError {
    SinkError {
        message: format!(
            "the lock in the folder `data` cannot be created, and nothing is stored without it: {error}"
        ),
        source: None,
    }
}

pub(super) fn scanned_without_lock(error: &io::Error) -> Diagnostic {
    Diagnostic::warning(
        format!("scanned without a lock, which cannot be created in the folder `data`: {error}"),
        "give the scanner's account write access to its home folder".to_owned(),
    )
}
