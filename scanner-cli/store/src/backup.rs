//! Copies of the store, made while other processes use it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use file_access::{file_rights::take_rights, renaming::persist_path};
use tempfile::TempPath;

use super::{
    copies, database,
    error::{Operation, StoreError, StoreErrorKind as Kind},
    files::{self, Header, HeaderError},
    integrity, schema,
};

/// A backup that was written.
#[derive(Clone, Debug)]
pub struct BackedUp {
    /// The file that was written, with symbolic links resolved.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Maximum number of copies from before migrations that are kept. Older ones are deleted.
const MAX_MIGRATION_COPIES: usize = 2;
/// Suffix of their file names, after the name of the store and before the version.
const BEFORE_MIGRATION: &str = ".before-v";

/// Writes a verified copy of the store to `target`. An earlier backup there is replaced; any other file is not.
///
/// # Errors
/// If the store cannot be read or is damaged, or the target cannot be written or is not a backup.
pub fn back_up(path: &Path, target: &Path) -> Result<BackedUp, StoreError> {
    let target = resolve(target)?;
    refuse_target(path, &target)?;
    let Some(copy) = copy(path, files::folder(&target))? else {
        return Err(StoreError::missing(path));
    };
    let done = place(copy, &target)?;
    copies::remember(path, &target);
    Ok(done)
}

/// Copies a store of the version `found` before it is migrated to the current version.
pub(super) fn before_migration(path: &Path, found: usize) -> Result<(), StoreError> {
    let Some(copy) = copy(path, files::folder(path))? else {
        return Ok(());
    };
    let copied = database::open_unchanging(&copy).and_then(|db| schema::version(&db));
    if copied.map_err(|error| StoreError::from_sqlite(path, Operation::Copy, error))? != found {
        // Another process has migrated the store in the meantime and made the copy.
        return Ok(());
    }
    let target = files::beside(path, &format!("{BEFORE_MIGRATION}{}", schema::CURRENT));
    place(copy, &target)?;
    files::keep_newest(path, BEFORE_MIGRATION, MAX_MIGRATION_COPIES, migration);
    Ok(())
}

/// Parses the version in the name of a copy from before a migration.
pub(super) fn migration(rest: &str) -> Option<usize> {
    rest.parse().ok()
}

/// Lists the copies from before migrations.
pub(super) fn migration_copies(path: &Path) -> Vec<PathBuf> {
    let found = files::copies(path, BEFORE_MIGRATION, migration);
    found.into_iter().map(|(_, path)| path).collect()
}

/// Copies the store, if it exists, into a temporary file in `folder`. The copy is a consistent snapshot, verified and
/// flushed to the disk.
fn copy(path: &Path, folder: &Path) -> Result<Option<TempPath>, StoreError> {
    let failed = |error| StoreError::from_sqlite(path, Operation::Copy, error);
    let Some(db) = database::open_any_version(path)? else {
        return Ok(None);
    };
    schema::refuse_newer(&db, path)?;
    if schema::version(&db).map_err(failed)? == 0 {
        return Ok(None);
    }
    let temporary = files::temporary(folder).map_err(|error| StoreError::folder(folder, error))?;
    let Some(name) = temporary.to_str() else {
        return Err(
            StoreError::file(folder, Kind::Other, "has a name that is not Unicode")
                .with_hint("name another folder"),
        );
    };
    let into = database::uri(name, database::WITHOUT_LOCKS);
    db.execute("VACUUM INTO ?1", [into]).map_err(failed)?;
    drop(db);
    let copy = database::open_private(name).map_err(failed)?;
    copy.pragma_update(None, "application_id", files::BACKUP_ID)
        .map_err(failed)?;
    let problems = integrity::problems(&copy).map_err(failed)?;
    drop(copy);
    if let Some(first) = problems.first() {
        return Err(StoreError::damaged(path, first));
    }
    Ok(Some(temporary))
}

/// Renames a copy to its final name, once it is flushed to the disk.
fn place(copy: TempPath, target: &Path) -> Result<BackedUp, StoreError> {
    let failed = |error| unwritable(target, error);
    let bytes = fs::File::options()
        .write(true)
        .open(&copy)
        .and_then(|file| {
            file.sync_all()?;
            file.metadata()
        })
        .map_err(failed)?
        .len();
    if let Ok(file) = fs::File::open(&copy) {
        take_rights(&file, &copy, target, None);
    }
    persist_path(copy, target).map_err(failed)?;
    files::sync_folder(files::folder(target));
    Ok(BackedUp {
        file: target.to_path_buf(),
        bytes,
    })
}

fn unwritable(target: &Path, error: io::Error) -> StoreError {
    StoreError::file(target, Kind::Other, "cannot be written").because(error)
}

/// Resolves the symbolic links of `target`.
fn resolve(target: &Path) -> Result<PathBuf, StoreError> {
    match target.canonicalize() {
        Ok(_)
            if target
                .symlink_metadata()
                .is_ok_and(|found| !found.is_symlink()) =>
        {
            Ok(target.to_path_buf())
        }
        Ok(file) => Ok(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match target.symlink_metadata() {
            Ok(_) => Err(StoreError::file(
                target,
                Kind::Other,
                "is a link to a file that does not exist",
            )),
            Err(_) => Ok(target.to_path_buf()),
        },
        Err(error) => Err(unwritable(target, error)),
    }
}

fn refuse_target(store: &Path, target: &Path) -> Result<(), StoreError> {
    if files::is_part_of(store, target) {
        return Err(
            StoreError::file(target, Kind::Other, "belongs to the store itself")
                .with_hint("name another file"),
        );
    }
    let found = match target.metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unwritable(target, error)),
    };
    if !found.is_file() {
        return Err(
            StoreError::file(target, Kind::Other, "is not a regular file")
                .with_hint("name a file, not a folder or a device"),
        );
    }
    match Header::read(target) {
        Ok(header) if header.application == files::BACKUP_ID => Ok(()),
        Err(HeaderError::Empty) => Ok(()),
        Ok(header) if header.application == files::STORE_ID => Err(StoreError::file(
            target,
            Kind::Other,
            "is a store that is in use, not a backup",
        )
        .with_hint("name another file")),
        Err(HeaderError::Io(error)) => {
            Err(StoreError::file(target, Kind::Other, "cannot be read").because(error))
        }
        Ok(_) | Err(HeaderError::Foreign) => Err(StoreError::file(
            target,
            Kind::Other,
            "exists and is not a backup of a store, so it is not replaced",
        )
        .with_hint("name another file, or remove this one first")),
    }
}
