//! Replaces the store with a backup. If the process is killed at any time, either the old or the new store remains.
//!
//! The order of the steps makes this possible: the backup is copied, verified and migrated in a staging folder. The log
//! of the old store is merged into its main file. That file gets a second name. Then the new file is renamed over it. A
//! log that cannot be merged, because the old store is damaged, is also kept under the second name before it is
//! removed.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use file_access::{file_rights::create_folder, path_text::shown, renaming::rename};
use rusqlite::{Connection, ErrorCode};
use tempfile::TempDir;

use super::{
    backup, backup_file,
    error::{Operation, StoreError, StoreErrorKind as Kind},
    file_system::{self, Support},
    files, integrity, schema,
    usage::Usage,
};

/// The result of a restore.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The path at which the former store was kept, if there was one.
    pub kept: Option<PathBuf>,
    /// The new id of the store.
    pub store_id: String,
    /// Number of items, without those that are gone.
    pub items: i64,
    /// The version of the backup, if it was an older one.
    pub older: Option<usize>,
}

/// A store that is ready to replace the old one.
struct PreparedStore {
    /// The staging folder, which contains `file`.
    folder: TempDir,
    file: PathBuf,
    store_id: String,
    items: i64,
    older: Option<usize>,
}

/// Maximum number of former stores that are kept. Older ones are deleted.
const MAX_FORMER_STORES: usize = 3;
/// Suffix of their file names, after the name of the store and before a number.
const BEFORE_RESTORE: &str = ".before-restore-";
/// Prefix of the names of staging folders, in which backups are prepared.
const STAGING_PREFIX: &str = ".restore-";
/// How long a process that opens the store waits for other processes before it can replace the store.
const IN_USE_TIMEOUT: Duration = Duration::from_secs(10);

/// Replaces the store `path` with the backup `file`. The store gets a new id.
///
/// # Errors
/// If the file is not a valid backup, or another process has the store open. The store is then unchanged.
pub fn restore(path: &Path, file: &Path) -> Result<Restored, StoreError> {
    refuse_source(path, file)?;
    let folder = files::folder(path);
    create_folder(folder).map_err(|error| StoreError::folder(folder, error))?;
    let _exclusive = Usage::exclusive(path, Duration::ZERO)?;
    remove_staging_folders(path);
    let new = prepare(path, file)?;
    // The store is changed only after its replacement is ready.
    let old = merge_log(path)?;
    replace(path, new, old)
}

/// Restores a backup that somebody copied to the place of the store by hand.
pub(super) fn adopt(path: &Path) -> Result<(), StoreError> {
    let _exclusive = Usage::exclusive(path, IN_USE_TIMEOUT)?;
    if !files::is_backup(path) {
        // Another process has already restored it.
        return Ok(());
    }
    remove_staging_folders(path);
    let new = prepare(path, path)?;
    replace(path, new, OldStore::Damaged)?;
    tracing::warn!(
        "`{}` is a backup that was copied there by hand: it was restored, and files beside it that belong to another \
         store were set aside; restore backups instead of copying them",
        shown(path)
    );
    Ok(())
}

/// Lists files in the store's folder that earlier operations of the store left behind.
pub(super) fn leftovers(path: &Path) -> Vec<String> {
    let mut found = backup::migration_copies(path);
    let former = files::copies(path, BEFORE_RESTORE, number);
    found.extend(former.into_iter().map(|(_, path)| path));
    found.extend(staging_folders(path));
    found.sort();
    found.iter().map(|path| shown(path)).collect()
}

fn number(rest: &str) -> Option<u32> {
    rest.parse().ok()
}

/// Lists staging folders that killed restores left behind.
fn staging_folders(path: &Path) -> Vec<PathBuf> {
    let entries = files::folder(path)
        .read_dir()
        .into_iter()
        .flatten()
        .flatten();
    entries
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with(STAGING_PREFIX)
        })
        .map(|entry| entry.path())
        .collect()
}

/// Removes staging folders. The caller has exclusive use of the store, so no process uses them.
pub(super) fn remove_staging_folders(path: &Path) {
    for folder in staging_folders(path) {
        let _ = fs::remove_dir_all(folder);
    }
}

fn refuse_source(path: &Path, file: &Path) -> Result<(), StoreError> {
    if files::is_part_of(path, file) {
        return Err(StoreError::file(file, Kind::Other, "is the store itself")
            .with_hint("name a backup of it"));
    }
    backup_file::refuse_foreign(file)
}

/// Copies the backup into a staging folder beside the store, verifies it, and migrates it to the current version.
fn prepare(path: &Path, file: &Path) -> Result<PreparedStore, StoreError> {
    let header = backup_file::check_head(file)?;
    let folder = files::folder(path);
    let failed = |error| StoreError::folder(folder, error);
    let staging = tempfile::Builder::new()
        .prefix(STAGING_PREFIX)
        .tempdir_in(folder)
        .map_err(failed)?;
    let target = staging.path().join("catalog.db");
    let unreadable = |error| StoreError::file(file, Kind::Other, "cannot be copied").because(error);
    copy_bytes(file, &target).map_err(unreadable)?;
    if header.application != files::BACKUP_ID {
        // The file may be a plain copy of a database, whose log also contains data.
        for suffix in ["-wal", "-journal"] {
            let from = files::beside(file, suffix);
            if from.is_file() {
                copy_bytes(&from, &files::beside(&target, suffix)).map_err(unreadable)?;
            }
        }
    }
    let (store_id, items, older) = renew(&target, file)?;
    copy_owner(path, &target);
    let synced = File::options()
        .write(true)
        .open(&target)
        .and_then(|file| file.sync_all());
    synced.map_err(failed)?;
    Ok(PreparedStore {
        folder: staging,
        file: target,
        store_id,
        items,
        older,
    })
}

/// Verifies the copy `target` of the backup `file`, migrates it, and gives it a new id.
fn renew(target: &Path, file: &Path) -> Result<(String, i64, Option<usize>), StoreError> {
    let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreError::file(file, Kind::NotABackup, "is damaged").because(error)
        }
        _ => StoreError::from_sqlite(target, Operation::Write, error),
    };
    let mut db = Connection::open(target).map_err(failed)?;
    let found = schema::version(&db).map_err(failed)?;
    if found > schema::CURRENT {
        return Err(StoreError::newer_backup(file, found, schema::CURRENT));
    }
    if found == 0 || integrity::missing_table(&db).map_err(failed)?.is_some() {
        return Err(backup_file::foreign(file));
    }
    if let Some(first) = integrity::problems(&db).map_err(failed)?.first() {
        let message = format!("is damaged: {first}");
        return Err(StoreError::file(file, Kind::NotABackup, &message));
    }
    let renewed = || -> rusqlite::Result<(String, i64)> {
        // Without files beside it, a single rename is enough.
        db.pragma_update(None, "journal_mode", "DELETE")?;
        schema::run_migrations(&mut db)?;
        db.execute_batch("UPDATE store SET id = lower(hex(randomblob(8)))")?;
        db.pragma_update(None, "application_id", files::STORE_ID)?;
        let items = "SELECT count(*) FROM item WHERE state <> 3 AND container_kind IS NULL";
        let items = db.query_row(items, [], |row| row.get(0))?;
        Ok((schema::store_id(&db)?, items))
    };
    let (store_id, items) = { renewed }().map_err(failed)?;
    Ok((store_id, items, (found < schema::CURRENT).then_some(found)))
}

/// The condition of the old store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OldStore {
    /// Its main file is complete.
    Merged,
    /// It is damaged. The files beside it are kept with it.
    Damaged,
    Missing,
}

/// Merges the log of the old store into its main file, and checks that no other process has the store open.
fn merge_log(path: &Path) -> Result<OldStore, StoreError> {
    if !path.exists() {
        let rest = files::SIDE_FILES
            .iter()
            .any(|suffix| files::beside(path, suffix).exists());
        return Ok(if rest {
            OldStore::Damaged
        } else {
            OldStore::Missing
        });
    }
    files::refuse_special(path)?;
    if files::is_backup(path) {
        return Ok(OldStore::Damaged);
    }
    let merged = || -> rusqlite::Result<()> {
        let db = Connection::open(path)?;
        db.busy_timeout(Duration::from_millis(200))?;
        // This succeeds only if no other process has the database open.
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        db.pragma_update(None, "journal_mode", "DELETE")?;
        db.execute_batch("BEGIN EXCLUSIVE; COMMIT")
    };
    match merged() {
        Ok(()) => Ok(OldStore::Merged),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Err(match file_system::probe(files::folder(path)) {
                    Support::NoLocks => StoreError::without_locks(path),
                    _ => StoreError::in_use(path),
                })
            }
            Some(
                ErrorCode::NotADatabase
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen,
            ) => Ok(OldStore::Damaged),
            _ => Err(StoreError::from_sqlite(path, Operation::Write, error)),
        },
    }
}

/// Replaces the old store with the new one. The old one is kept under another name.
fn replace(path: &Path, new: PreparedStore, old: OldStore) -> Result<Restored, StoreError> {
    let folder = files::folder(path);
    let failed = |error| StoreError::folder(folder, error);
    let kept = match old {
        OldStore::Missing => None,
        OldStore::Merged | OldStore::Damaged => Some(next_name(path)),
    };
    if let Some(kept) = &kept {
        if old == OldStore::Damaged {
            for suffix in files::SIDE_FILES {
                keep(&files::beside(path, suffix), &files::beside(kept, suffix)).map_err(failed)?;
            }
        }
        keep(path, kept).map_err(failed)?;
        files::sync_folder(folder);
        // SQLite would treat a remaining file as part of the new store.
        for suffix in files::SIDE_FILES {
            remove(&files::beside(path, suffix)).map_err(failed)?;
        }
        files::sync_folder(folder);
    }
    rename(&new.file, path).map_err(failed)?;
    files::sync_folder(folder);
    drop(new.folder);
    files::keep_newest(path, BEFORE_RESTORE, MAX_FORMER_STORES, number);
    Ok(Restored {
        kept,
        store_id: new.store_id,
        items: new.items,
        older: new.older,
    })
}

/// Returns the name under which the former store is kept. The highest number is the newest.
fn next_name(path: &Path) -> PathBuf {
    let taken = files::copies(path, BEFORE_RESTORE, |rest| {
        // Files that were beside a former store also count.
        let digits = rest.split('-').next()?;
        number(digits)
    });
    let last = taken.into_iter().map(|(number, _)| number).max();
    let next = last.unwrap_or(0).saturating_add(1);
    files::beside(path, &format!("{BEFORE_RESTORE}{next}"))
}

/// Creates a hard link to a file, or copies it if the file system has no hard links.
fn keep(file: &Path, name: &Path) -> io::Result<()> {
    if !file.exists() || fs::hard_link(file, name).is_ok() {
        return Ok(());
    }
    copy_bytes(file, name)?;
    fs::set_permissions(name, file.metadata()?.permissions())?;
    File::options().write(true).open(name)?.sync_all()
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn copy_bytes(from: &Path, to: &Path) -> io::Result<()> {
    io::copy(&mut File::open(from)?, &mut File::create(to)?).map(|_| ())
}

/// Gives the new store the owner and permissions of the old one, or the owner of its folder. An administrator may
/// restore a store that the service's account must be able to write.
#[cfg(unix)]
fn copy_owner(path: &Path, new: &Path) {
    use file_access::file_rights::FILE_MODE;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    let former = path.metadata();
    let rights = former.as_ref().map_or_else(
        |_| fs::Permissions::from_mode(FILE_MODE),
        |former| former.permissions(),
    );
    let _ = fs::set_permissions(new, rights);
    if let Ok(owner) = former.or_else(|_| files::folder(path).metadata()) {
        // Only root may change the owner. For others the owner is already correct.
        let _ = chown(new, Some(owner.uid()), Some(owner.gid()));
    }
}

/// Gives the new store the entries of the old one's access list. A list that cannot be changed is that of the folder.
#[cfg(windows)]
fn copy_owner(path: &Path, new: &Path) {
    if path.exists() {
        let _ = file_access::access_list::keep(path, new);
    }
}

/// On other systems a file inherits the permissions of its folder.
#[cfg(not(any(unix, windows)))]
fn copy_owner(_path: &Path, _new: &Path) {}
