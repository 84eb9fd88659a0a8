//! Opens the store for writing. Creates it, migrates it, or restores it if somebody copied a backup to its place.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use file_access::file_rights::create_folder;
use rusqlite::Connection;

use super::{
    backup,
    database::{self, Database},
    error::{Operation, StoreError},
    files, restore,
    schema::{CURRENT, run_migrations, version},
    usage::Usage,
};

/// Opens the store for writing, and creates or migrates it. Once `stop` is set, it no longer waits for locks of other
/// processes.
pub(super) fn open(path: &Path, stop: &Arc<AtomicBool>) -> Result<Database, StoreError> {
    let folder = files::folder(path);
    create_folder(folder).map_err(|error| StoreError::folder(folder, error))?;
    files::refuse_special(path)?;
    let mut usage = Usage::for_writing(path)?;
    if files::is_backup(path) {
        // Somebody copied a backup there by hand. The files beside it belong to another store.
        drop(usage);
        restore::adopt(path)?;
        usage = Usage::for_writing(path)?;
    }
    files::make(path);
    open_with(path, usage, stop)
}

/// Opens the store for writing under the caller's usage lock, and migrates it.
pub(super) fn open_with(
    path: &Path,
    usage: Usage,
    stop: &Arc<AtomicBool>,
) -> Result<Database, StoreError> {
    let mut db = database::connect(path, usage, stop)?;
    migrate(&mut db, path)?;
    Ok(db)
}

/// Migrates the store to the current version. An older one is copied first.
fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_sqlite(path, Operation::Open, error);
    let found = version(db).map_err(failed)?;
    if found == CURRENT {
        return Ok(());
    }
    if found > 0 {
        backup::before_migration(path, found)?;
    }
    run_migrations(db).map_err(failed)
}
