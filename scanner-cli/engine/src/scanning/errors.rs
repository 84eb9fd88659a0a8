//! What is reported of scans that this program ends or cannot begin.

use std::io;

use catalog_model::{Diagnostic, ScanError, SinkError};

/// What is reported of a scan that panicked. It must not end the others.
pub(super) fn fault() -> ScanError {
    ScanError::Source {
        step: "scanning".to_owned(),
        message: "the scanner itself has a fault".to_owned(),
        hint: Some("report it, with what stands above".to_owned()),
        may_pass: false,
    }
}

pub(super) fn no_thread(error: &io::Error) -> ScanError {
    ScanError::Source {
        step: "scanning".to_owned(),
        message: format!("cannot start a thread: {error}"),
        hint: Some("look at the limits for threads and memory of the scanner's account".to_owned()),
        may_pass: true,
    }
}

pub(super) fn without_lock(error: &io::Error) -> SinkError {
    SinkError {
        message: format!(
            "the lock in the folder `data` cannot be had, without which nothing is stored: {error}"
        ),
        source: None,
    }
}

pub(super) fn unlocked(error: &io::Error) -> Diagnostic {
    Diagnostic::warning(
        format!("scanned without a lock, which cannot be made in the folder `data`: {error}"),
        "let the scanner write to its home folder".to_owned(),
    )
}
