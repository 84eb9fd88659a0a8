//! Limits of the store: how long it keeps changes, and its maximum size.

use std::path::Path;

use jiff::SignedDuration;
use rusqlite::{Connection, ErrorCode};

use super::{
    error::{Operation, StoreError},
    files,
};

/// How long the store keeps its contents, and its maximum size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// How long changes are kept.
    pub keep_changes: SignedDuration,
    /// How long gone items are kept. Not set: forever.
    pub keep_gone: Option<SignedDuration>,
    /// The maximum size. A scan that would exceed it fails.
    pub max_size: Option<MaxSize>,
}

impl From<SignedDuration> for StoreLimits {
    fn from(keep_changes: SignedDuration) -> Self {
        Self {
            keep_changes,
            keep_gone: None,
            max_size: None,
        }
    }
}

/// A size, with the text that it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxSize {
    bytes: u64,
    text: String,
}

/// Smallest valid maximum size, in bytes: enough for the scans and one or two apps.
const MIN_SIZE_BYTES: u64 = 1_000_000;
/// Number of free bytes below which a disk is treated as full.
const MIN_FREE_BYTES: u64 = 16_000_000;
/// SQLite's largest maximum number of pages, which is its default.
const MAX_PAGE_COUNT: i64 = 4_294_967_294;

impl MaxSize {
    /// Reads a size such as `2 GB`, `500 MiB` or a number of bytes; `None` if it is not valid or too small.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let unit = text.find(|char: char| !char.is_ascii_digit() && char != '.');
        let (number, unit) = text.split_at(unit.unwrap_or(text.len()));
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "tb" => 1e12,
            // Units as in HOCON.
            "k" | "ki" | "kib" => 1024.0,
            "m" | "mi" | "mib" => 1024.0 * 1024.0,
            "g" | "gi" | "gib" => 1024.0 * 1024.0 * 1024.0,
            "t" | "ti" | "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
            _ => return None,
        };
        // The conversion saturates. A size that large is never reached.
        let bytes = (number.parse::<f64>().ok()? * factor) as u64;
        (bytes >= MIN_SIZE_BYTES).then(|| Self {
            bytes,
            text: text.to_owned(),
        })
    }

    /// Sets the limit for later writes of the connection.
    pub(super) fn set(&self, db: &Connection) -> rusqlite::Result<()> {
        let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = i64::try_from(self.bytes).unwrap_or(i64::MAX) / page.max(1);
        limit_pages(db, pages.clamp(1, MAX_PAGE_COUNT))
    }

    /// Removes the limit, so that the end of a scan can always be written.
    pub(super) fn lift(db: &Connection) -> rusqlite::Result<()> {
        limit_pages(db, MAX_PAGE_COUNT)
    }

    /// Converts the error of a transaction that may have reached the limit.
    pub(super) fn error(&self, path: &Path, error: rusqlite::Error) -> StoreError {
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) && has_room(files::folder(path)) {
            return StoreError::too_large(path, &self.text);
        }
        StoreError::from_sqlite(path, Operation::Write, error)
    }
}

fn limit_pages(db: &Connection, pages: i64) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}

/// Whether the disk still has room, according to the system.
#[cfg(unix)]
fn has_room(folder: &Path) -> bool {
    rustix::fs::statvfs(folder)
        .is_ok_and(|found| found.f_bavail.saturating_mul(found.f_frsize) > MIN_FREE_BYTES)
}

/// Whether the disk still has room. Other systems reserve space when a file is extended.
#[cfg(not(unix))]
fn has_room(folder: &Path) -> bool {
    tempfile::tempfile_in(folder).is_ok_and(|file| file.set_len(MIN_FREE_BYTES).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_or_is_in_bytes() {
        for (text, bytes) in [
            ("2 GB", Some(2_000_000_000)),
            ("2GB", Some(2_000_000_000)),
            ("1.5 gb", Some(1_500_000_000)),
            ("500 MiB", Some(524_288_000)),
            ("500m", Some(524_288_000)),
            (" 1000000 ", Some(1_000_000)),
            ("999999", None),
            ("0 GB", None),
            ("-2 GB", None),
            ("2 GBytes", None),
            ("GB", None),
            ("", None),
            ("1..5 GB", None),
            ("999999999999999999999999 TB", Some(u64::MAX)),
        ] {
            assert_eq!(MaxSize::parse(text).map(|size| size.bytes), bytes, "{text}");
        }
    }
}
