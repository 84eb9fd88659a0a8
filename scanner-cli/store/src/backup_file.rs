//! Checks by its header whether a file can be a backup or a copy of a store.

use std::path::Path;

use super::{
    error::{StoreError, StoreErrorKind as Kind},
    files::{self, Header, HeaderError},
};

const FOREIGN: &str = "is an SQLite database, but not a store of the scanner";

/// Refuses a file that cannot be a store or a backup of one.
pub(super) fn refuse_foreign(file: &Path) -> Result<(), StoreError> {
    let unreadable = |error| StoreError::file(file, Kind::Other, "cannot be read").because(error);
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(StoreError::file(
            file,
            Kind::NotABackup,
            "is not a regular file",
        ));
    }
    check_head(file).map(|_| ())
}

/// Returns the error for a database that is not a store.
pub(super) fn foreign(file: &Path) -> StoreError {
    StoreError::file(file, Kind::NotABackup, FOREIGN)
}

/// Checks what can be checked before the file is copied.
pub(super) fn check_head(file: &Path) -> Result<Header, StoreError> {
    let refuse = |message: &str| StoreError::file(file, Kind::NotABackup, message);
    let header = match Header::read(file) {
        Ok(header) => header,
        Err(HeaderError::Io(error)) => return Err(refuse("cannot be read").because(error)),
        Err(HeaderError::Empty) => return Err(refuse("is empty")),
        Err(HeaderError::Foreign) => {
            return Err(refuse(
                "is not an SQLite database, or is damaged or encrypted",
            ));
        }
    };
    if ![files::STORE_ID, files::BACKUP_ID, 0].contains(&header.application) {
        return Err(refuse(FOREIGN));
    }
    let length = file.metadata().map_or(0, |found| found.len());
    if length < header.length && !(header.write_ahead && files::has_log(file)) {
        let expected = header.length;
        return Err(refuse(&format!(
            "is truncated: it has {length} bytes instead of {expected}"
        )));
    }
    Ok(header)
}
