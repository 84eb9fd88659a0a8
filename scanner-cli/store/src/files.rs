//! The files of a database: its own, those that SQLite keeps beside it, and what the first 100 bytes say. Nothing here
//! runs SQL.

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
/// `application_id` of a copy that the scanner made. A store is never opened for writing with this id: files that lie
/// beside a copy do not belong to it.
pub(super) const BACKUP_ID: u32 = 0x5343_4e42;

/// What SQLite appends to the name of a database for the files beside it.
pub(super) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// How the names of temporary files of databases begin and end.
const TEMPORARY: &str = ".scan-";
const TEMPORARY_END: &str = ".tmp";

/// What the head of a database file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) application: u32,
    /// Whether it was last written with a write-ahead log.
    pub(super) write_ahead: bool,
    /// Length of the file in bytes as the head has it; 0 where the head does not say.
    pub(super) length: u64,
}

/// Why a file has no usable head.
#[derive(Debug)]
pub(super) enum HeaderError {
    Io(io::Error),
    Empty,
    /// The first bytes are not those of an SQLite database.
    Foreign,
}

impl Header {
    /// Reads the head of the file `path`.
    pub(super) fn read(path: &Path) -> Result<Self, HeaderError> {
        let mut bytes = Vec::new();
        if !path.metadata().map_err(HeaderError::Io)?.is_file() {
            // A pipe would have to be waited for.
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
        // The number of pages counts only if the program that changed the file last also wrote it.
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

/// Refuses a pipe, a device or a folder in the place of the store: SQLite would wait for it.
pub(super) fn refuse_special(path: &Path) -> Result<(), StoreError> {
    match path.metadata() {
        Ok(found) if !found.is_file() => Err(StoreError::not_a_file(path)),
        _ => Ok(()),
    }
}

/// Whether the file `path` is a copy that the scanner made.
pub(super) fn is_backup(path: &Path) -> bool {
    Header::read(path).is_ok_and(|header| header.application == BACKUP_ID)
}

/// The file that SQLite keeps beside the database `path` under this suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether there are changes that are not in the database's own file yet.
pub(super) fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// The folder of the database `path`.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Waits until the names in `folder` are on the disk, where the system can do that.
pub(super) fn sync_folder(folder: &Path) {
    // Windows has no such call for folders; the rename itself is atomic on every system.
    if cfg!(unix) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// A temporary file for a database in `folder`, which the group may read. Its owner holds no lock on it, as
/// others do: network file systems would take that for a lock of another process on the database.
pub(super) fn temporary(folder: &Path) -> io::Result<TempPath> {
    let mut builder = tempfile::Builder::new();
    // A name that `temporary_file` removes after a day, should this process be killed.
    builder.prefix(TEMPORARY).suffix(TEMPORARY_END);
    #[cfg(unix)]
    {
        use file_access::file_rights::FILE_MODE;
        use std::os::unix::fs::PermissionsExt;

        // The umask takes away what the system's administrator wants taken away.
        builder.permissions(fs::Permissions::from_mode(FILE_MODE));
    }
    let file = builder.tempfile_in(folder)?;
    let _ = give_to_owner_of(folder, file.as_file());
    Ok(file.into_temp_path())
}

/// Creates the file of a database if it does not exist: SQLite would make it readable for everybody. The files beside
/// it get its owner and rights. SQLite says better what is wrong with a file that exists, or with a folder that cannot
/// be written.
pub(super) fn make(path: &Path) {
    if let Ok(file) = new_file().open(path) {
        let _ = give_to_owner_of(folder(path), &file);
    }
}

/// Whether a file of this name may be such a temporary file.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY) && name.ends_with(TEMPORARY_END)
}

/// Whether `file` is the store or one of the files that SQLite keeps beside it, whichever way its name leads there.
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

/// Whether two names are of one file.
#[cfg(unix)]
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    identity(one).is_some_and(|found| identity(other) == Some(found))
}

/// Whether two names are of one file.
#[cfg(not(unix))]
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize()
        .is_ok_and(|found| other.canonicalize().is_ok_and(|other| other == found))
}

/// Removes all but the newest `keep` databases in the folder of `path` whose names go on with `suffix`; the files
/// beside them go, too. The order is that of `order`, which is given the rest of the name.
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

/// The databases in the folder of `path` whose names are its name, `suffix`, and a rest that `order` accepts.
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
    fn a_head_that_is_cut_or_foreign_is_not_one() {
        assert_eq!(Header::parse(b""), None);
        assert_eq!(Header::parse(b"SQLite format 3\0"), None);
        assert_eq!(Header::parse(&[7; 100]), None);
    }

    #[test]
    fn the_newest_copies_stay() {
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
