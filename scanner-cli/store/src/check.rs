//! Checks the integrity of a database and counts its contents.

use std::path::Path;

use file_access::path_text::shown;
use rusqlite::Connection;
use serde::Serialize;

use super::{
    backup_file, database,
    error::{Operation, StoreError},
    files,
    integrity::{self, has_table},
    restore, schema,
};

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// The file that was checked.
    pub file: String,
    /// The problems that were found. Empty if the database is intact.
    pub problems: Vec<String>,
    /// Whether the file is a backup that the scanner made.
    pub backup: bool,
    /// The random id of the store. Early versions have none.
    pub store_id: Option<String>,
    /// The schema version of the database.
    pub version: usize,
    /// The schema version that this program writes.
    pub current_version: usize,
    /// The journal mode of SQLite: `wal` or `delete`.
    pub journal: String,
    /// Number of connections.
    pub connections: i64,
    /// Number of items.
    pub items: ItemCounts,
    /// Number of scans.
    pub scans: i64,
    /// Number of changes of items that are kept.
    pub changes: i64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Size of the write-ahead log beside it in bytes.
    pub log_bytes: u64,
    /// Size of a page in bytes.
    pub page_bytes: i64,
    /// Number of pages.
    pub pages: i64,
    /// Number of free pages, which will be reused.
    pub free_pages: i64,
    /// Files in the folder that earlier operations of the store left behind.
    pub leftover_files: Vec<String>,
}

/// Number of items in each state.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ItemCounts {
    /// Items that are present.
    pub present: i64,
    /// Items whose records could not be read.
    pub unreadable: i64,
    /// Items that a filter excludes.
    pub excluded: i64,
    /// Items that are gone.
    pub gone: i64,
}

/// Checks the store, if there is one.
///
/// # Errors
/// If the database cannot be read at all, or a newer program wrote it.
pub fn check(path: &Path) -> Result<Option<Health>, StoreError> {
    let Some(db) = database::open_any_version(path)? else {
        return Ok(None);
    };
    schema::refuse_newer(&db, path)?;
    let failed = |error| StoreError::from_sqlite(path, Operation::Read, error);
    if schema::version(&db).map_err(failed)? == 0 {
        // Created, but never written.
        return Ok(None);
    }
    let problems = integrity::problems(&db).map_err(failed)?;
    let read = health(&db, path, problems);
    read.map(Some).map_err(failed)
}

/// Checks a file other than the store of the home, if it exists.
///
/// # Errors
/// If the file cannot be read, or is not a store or a backup.
pub fn check_file(file: &Path) -> Result<Option<Health>, StoreError> {
    if !file.exists() {
        return Ok(None);
    }
    backup_file::refuse_foreign(file)?;
    let checked = check(file).map_err(StoreError::for_named_file)?;
    checked.map(Some).ok_or_else(|| backup_file::foreign(file))
}

fn health(db: &Connection, path: &Path, problems: Vec<String>) -> rusqlite::Result<Health> {
    let count = |table: &str| match has_table(db, table)? {
        true => db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
            row.get(0)
        }),
        false => Ok(0),
    };
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get(0));
    let length = |path: &Path| path.metadata().map_or(0, |found| found.len());
    let version = schema::version(db)?;
    Ok(Health {
        file: shown(path),
        problems,
        backup: files::is_backup(path),
        store_id: match version >= schema::WITH_ID {
            true => Some(schema::store_id(db)?),
            false => None,
        },
        version,
        current_version: schema::CURRENT,
        journal: db.pragma_query_value(None, "journal_mode", |row| row.get(0))?,
        connections: count("connection")?,
        items: items(db)?,
        scans: count("scan")?,
        changes: changes(db)?,
        bytes: length(path),
        log_bytes: length(&files::beside(path, "-wal")),
        page_bytes: pragma("page_size")?,
        pages: pragma("page_count")?,
        free_pages: pragma("freelist_count")?,
        leftover_files: restore::leftovers(path),
    })
}

/// Selects the items in the table `item`. Older stores have no containers.
fn items_only(db: &Connection) -> rusqlite::Result<&'static str> {
    Ok(match schema::version(db)? >= schema::WITH_CONTAINERS {
        true => "WHERE container_kind IS NULL",
        false => "",
    })
}

fn changes(db: &Connection) -> rusqlite::Result<i64> {
    if !has_table(db, "change")? || !has_table(db, "item")? {
        return Ok(0);
    }
    let items_only = items_only(db)?;
    let sql =
        format!("SELECT count(*) FROM change JOIN item ON item.id = change.item {items_only}");
    db.query_row(&sql, [], |row| row.get(0))
}

fn items(db: &Connection) -> rusqlite::Result<ItemCounts> {
    let mut counts = ItemCounts::default();
    if !has_table(db, "item")? {
        return Ok(counts);
    }
    let items_only = items_only(db)?;
    let sql = format!("SELECT state, count(*) FROM item {items_only} GROUP BY state");
    let mut rows = db.prepare(&sql)?;
    let mut found = rows.query([])?;
    while let Some(row) = found.next()? {
        let count = row.get(1)?;
        match row.get(0)? {
            0_i64 => counts.present = count,
            1 => counts.unreadable = count,
            2 => counts.excluded = count,
            _ => counts.gone = count,
        }
    }
    Ok(counts)
}
