//! The files of a database: its main file, the files that SQLite keeps beside it, and the header. Nothing here runs
//! SQL.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use file_access::file_rights::{give_to_owner_of, new_file};
use tempfile::TempPath;

use super::error::StoreError;

/// `application_id` of a store that is in use.
pub(super) const STORE_ID: u32 = 0x5343_4e53;
/// `application_id` of a backup that the scanner made. A store with this id is never opened for writing, because files
/// beside a backup do not belong to it.
pub(super) const BACKUP_ID: u32 = 0x5343_4e42;

/// The suffixes of the files that SQLite keeps beside a database.
pub(super) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The names of temporary database files begin with this prefix and end with `TEMPORARY_END`.
const TEMPORARY: &str = ".scan-";
const TEMPORARY_END: &str = ".tmp";

/// The header of a database file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) application: u32,
    /// Whether it was last written with a write-ahead log.
    pub(super) write_ahead: bool,
    /// Length of the file in bytes according to the header; 0 if the header does not contain it.
    pub(super) length: u64,
}

/// Why a file has no valid header.
#[derive(Debug)]
pub(super) enum HeaderError {
    Io(io::Error),
    Empty,
    /// The first bytes are not those of an SQLite database.
    Foreign,
}

impl Header {
    /// Reads the header of the file `path`.
    pub(super) fn read(path: &Path) -> Result<Self, HeaderError> {
        let mut bytes = Vec::new();
        if !path.metadata().map_err(HeaderError::Io)?.is_file() {
            // Opening a pipe would block.
            return Err(HeaderError::Foreign);
        }
        let file = File::open(path).map_err(HeaderError::Io)?;
        file.take(100)
            .read_to_end(&mut bytes)
            .map_err(HeaderError::Io)?;
        if bytes.is_empty() {
            return Err(HeaderError::Empty);
        }
        Self::parse(&bytes).ok_or(HeaderError::Foreign)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(b"SQLite format 3\0") {
            return None;
        }
        let number = |at: usize| {
            let four = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(four))
        };
        let page = u16::from_be_bytes(bytes.get(16..18)?.try_into().ok()?);
        let page = if page == 1 { 65_536 } else { u64::from(page) };
        // The number of pages is valid only if the program that last changed the file also wrote it.
        let pages = if number(24)? == number(92)? {
            u64::from(number(28)?)
        } else {
            0
        };
        Some(Self {
            application: number(68)?,
            write_ahead: *bytes.get(19)? == 2,
            length: pages * page,
        })
    }
}

/// Refuses a pipe, a device or a folder in the place of the store. SQLite would block on it.
pub(super) fn refuse_special(path: &Path) -> Result<(), StoreError> {
    match path.metadata() {
        Ok(found) if !found.is_file() => Err(StoreError::not_a_file(path)),
        _ => Ok(()),
    }
}

/// Whether the file `path` is a backup that the scanner made.
pub(super) fn is_backup(path: &Path) -> bool {
    Header::read(path).is_ok_and(|header| header.application == BACKUP_ID)
}

/// Returns the path of the file beside the database `path` with this suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Returns the path of the index for people, beside the store `path`.
pub(super) fn index(path: &Path) -> PathBuf {
    path.with_extension("index")
}

/// Removes the index. It is created again when it is needed.
pub(super) fn remove_index(path: &Path) {
    remove_database(&index(path));
}

/// Removes a database that can be created again.
pub(super) fn remove_database(path: &Path) {
    for suffix in SIDE_FILES {
        let _ = fs::remove_file(beside(path, suffix));
    }
    let _ = fs::remove_file(path);
}

/// Whether there are changes that are not in the main file of the database yet.
pub(super) fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Returns the folder of the database `path`.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Flushes the directory entries of `folder` to the disk, where the system supports this.
pub(super) fn sync_folder(folder: &Path) {
    // Windows has no such call for folders. The rename itself is atomic on every system.
    if cfg!(unix) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// Creates a temporary file for a database in `folder`, readable for the group. Unlike other temporary files it is not
/// locked: network file systems would treat this as a lock of another process on the database.
pub(super) fn temporary(folder: &Path) -> io::Result<TempPath> {
    let mut builder = tempfile::Builder::new();
    // If this process is killed, `temporary_file` removes files with such names after a day.
    builder.prefix(TEMPORARY).suffix(TEMPORARY_END);
    #[cfg(unix)]
    {
        use file_access::file_rights::FILE_MODE;
        use std::os::unix::fs::PermissionsExt;

        // The umask still applies.
        builder.permissions(fs::Permissions::from_mode(FILE_MODE));
    }
    let file = builder.tempfile_in(folder)?;
    let _ = give_to_owner_of(folder, file.as_file());
    Ok(file.into_temp_path())
}

/// Creates the file of a database if it does not exist, because SQLite would make it readable for everybody. The files
/// beside it get the same owner and permissions. Errors are ignored: SQLite reports them in more detail.
pub(super) fn make(path: &Path) {
    if let Ok(file) = new_file().open(path) {
        // The files beside it take their access list from the folder.
        #[cfg(windows)]
        let _ = file_access::access_list::make_private(folder(path));
        let _ = give_to_owner_of(folder(path), &file);
    }
}

/// Whether a file with this name may be such a temporary file.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY) && name.ends_with(TEMPORARY_END)
}

/// Whether `file` is the store or one of the files that SQLite keeps beside it, also through links.
pub(super) fn is_part_of(store: &Path, file: &Path) -> bool {
    let place = |path: &Path| {
        let folder = folder(path).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    let Some(file) = place(file) else {
        return false;
    };
    let beside = SIDE_FILES.map(|suffix| beside(store, suffix));
    let mut parts = beside.iter().map(PathBuf::as_path).chain([store]);
    parts.any(|part| place(part).is_some_and(|part| part == file) || same_file(part, &file))
}

/// Whether two paths refer to the same file.
#[cfg(unix)]
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    identity(one).is_some_and(|found| identity(other) == Some(found))
}

/// Whether two paths refer to the same file.
#[cfg(not(unix))]
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize()
        .is_ok_and(|found| other.canonicalize().is_ok_and(|other| other == found))
}

/// Deletes all but the newest `keep` copies of the database `path` whose names have `suffix` after its name, and the
/// files beside them. `order` parses the rest of the name into the sort key.
pub(super) fn keep_newest<K: Ord>(
    path: &Path,
    suffix: &str,
    keep: usize,
    order: impl Fn(&str) -> Option<K>,
) {
    let mut found = copies(path, suffix, order);
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    for (_, old) in found.into_iter().skip(keep) {
        let _ = fs::remove_file(&old);
        for suffix in SIDE_FILES {
            let _ = fs::remove_file(beside(&old, suffix));
        }
    }
}

/// Lists the copies of the database `path`: their names are its name, `suffix`, and a rest that `order` accepts.
pub(super) fn copies<K>(
    path: &Path,
    suffix: &str,
    order: impl Fn(&str) -> Option<K>,
) -> Vec<(K, PathBuf)> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Vec::new();
    };
    let start = format!("{name}{suffix}");
    let entries = folder(path).read_dir().into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let key = order(name.to_str()?.strip_prefix(&start)?)?;
            Some((key, entry.path()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_or_foreign_header_is_not_valid() {
        assert_eq!(Header::parse(b""), None);
        assert_eq!(Header::parse(b"SQLite format 3\0"), None);
        assert_eq!(Header::parse(&[7; 100]), None);
    }

    #[test]
    fn the_newest_copies_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        for name in [
            "before-v2",
            "before-v3",
            "before-v10",
            "before-v2-wal",
            "before-vx",
        ] {
            fs::write(folder.path().join(format!("catalog.db.{name}")), "").unwrap();
        }
        keep_newest(&path, ".before-v", 2, |rest| rest.parse::<u32>().ok());
        let mut names: Vec<_> = (folder.path().read_dir().unwrap())
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let expected = ["before-v10", "before-v3", "before-vx"];
        assert_eq!(names, expected.map(|name| format!("catalog.db.{name}")));
    }
}
