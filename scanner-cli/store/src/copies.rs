//! Copies of the store: where `store backup` wrote them, and which of them contain a connection.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use file_access::{
    file_rights,
    input_file::{self, FileKind},
    temporary_file::{self, Purpose},
};
use rusqlite::{Connection, OptionalExtension};

use super::{
    database,
    files::{self, Header, HeaderError},
};

/// The copies of a store that may contain a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// The copies that contain it.
    pub holding: Vec<PathBuf>,
    /// Backups that could not be read.
    pub unread: Vec<PathBuf>,
}

/// Maximum number of backups whose paths are remembered.
const MAX_BACKUPS: usize = 1_000;

/// Remembers the path of a backup. If this fails, the backup has succeeded nevertheless, so the error is ignored.
pub(super) fn remember(path: &Path, target: &Path) {
    let Ok(target) = std::path::absolute(target) else {
        return;
    };
    let Some(target) = target.to_str().map(str::to_owned) else {
        return;
    };
    let mut known = remembered(path);
    known.retain(|backup| *backup != target && !is_removed(Path::new(backup)));
    known.push(target);
    let surplus = known.len().saturating_sub(MAX_BACKUPS);
    known.drain(..surplus);
    let _ = write(path, &known);
}

/// Finds the copies that may contain the connection with this code: beside the store, in the folders of the home, and
/// where `store backup` wrote them.
pub fn copies_with(path: &Path, home: &Path, code: &str) -> Copies {
    let mut copies = Copies::default();
    let mut files = files_below(home);
    files.sort();
    let backups: Vec<_> = remembered(path).into_iter().map(PathBuf::from).collect();
    for backup in &backups {
        if !files.iter().any(|file| files::same_file(file, backup)) {
            files.push(backup.clone());
        }
    }
    for file in files {
        if files::is_part_of(path, &file) {
            continue;
        }
        match holds(&file, code) {
            Some(true) => copies.holding.push(file),
            Some(false) => {}
            None if backups.contains(&file) && is_removed(&file) => {}
            None => copies.unread.push(file),
        }
    }
    copies
}

fn list(path: &Path) -> PathBuf {
    files::folder(path).join(".backups.json")
}

fn remembered(path: &Path) -> Vec<String> {
    let read = input_file::read(&list(path), FileKind::State).ok();
    let read = read.and_then(|content| serde_json::from_slice(&content).ok());
    read.unwrap_or_default()
}

fn write(path: &Path, known: &[String]) -> io::Result<()> {
    let mut file = temporary_file::create(files::folder(path), Purpose::Status)?;
    serde_json::to_writer(&mut file, known)?;
    file_rights::replace(file, &list(path), None)
}

/// Whether a file was deleted, as opposed to being on a disk that is not mounted now.
fn is_removed(file: &Path) -> bool {
    let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    fs::symlink_metadata(file).is_err_and(|error| is_missing(&error))
        && files::folder(file).is_dir()
}

/// Lists the files in the home and in its direct subfolders.
fn files_below(home: &Path) -> Vec<PathBuf> {
    let home = if home.as_os_str().is_empty() {
        Path::new(".")
    } else {
        home
    };
    let mut found = Vec::new();
    for (path, kind) in input_file::entries_in(home).unwrap_or_default() {
        if kind.is_file() {
            found.push(path);
        } else if kind.is_dir() {
            let inside = input_file::entries_in(&path).unwrap_or_default();
            let inside = inside.into_iter().filter(|(_, kind)| kind.is_file());
            found.extend(inside.map(|(path, _)| path));
        }
    }
    found
}

/// Whether a file is a copy of a store that contains the connection. `None` if it cannot be read.
fn holds(file: &Path, code: &str) -> Option<bool> {
    let application = match Header::read(file) {
        Ok(header) => header.application,
        Err(HeaderError::Empty | HeaderError::Foreign) => return Some(false),
        Err(HeaderError::Io(_)) => return None,
    };
    let is_copy = [files::STORE_ID, files::BACKUP_ID].contains(&application);
    if !is_copy && application != 0 {
        return Some(false);
    }
    let found = database::open_alone(file).and_then(|db| knows(&db, code));
    match found {
        Ok(found) => Some(found),
        // Stores of the first versions have no `application_id`.
        Err(_) if !is_copy => Some(false),
        Err(_) => None,
    }
}

fn knows(db: &Connection, code: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM connection WHERE code = ?1";
    let found = db.query_row(sql, [code], |_| Ok(())).optional()?;
    Ok(found.is_some())
}
