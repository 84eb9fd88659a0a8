//! The versions of the database, and the migrations from older versions.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::{Operation, StoreError};

/// The migrations. The first creates version 1 in an empty database. A released migration never changes.
pub(super) const MIGRATIONS: [&str; 12] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
    include_str!("schema/7.sql"),
    include_str!("schema/8.sql"),
    include_str!("schema/9.sql"),
    include_str!("schema/10.sql"),
    include_str!("schema/11.sql"),
    include_str!("schema/12.sql"),
];

/// The version that this program writes.
pub(super) const CURRENT: usize = MIGRATIONS.len();

/// The first version with an `application_id` and the table `store`.
pub(super) const WITH_ID: usize = 3;

/// The first version that stores long texts separately.
pub(super) const WITH_TEXTS: usize = 4;

/// The first version with containers.
pub(super) const WITH_CONTAINERS: usize = 6;

/// Returns the version of the database; 0 if it is empty.
pub(super) fn version(db: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Refuses a database that a newer program wrote.
pub(super) fn refuse_newer(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let found =
        version(db).map_err(|error| StoreError::from_sqlite(path, Operation::Open, error))?;
    if found > CURRENT {
        return Err(StoreError::newer(path, found, CURRENT));
    }
    Ok(())
}

/// Migrates a database to the current version.
pub(super) fn run_migrations(db: &mut Connection) -> rusqlite::Result<()> {
    // In one transaction, and only once if two processes do it at the same time.
    let change = db.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    for migration in MIGRATIONS.iter().skip(version(&change)?) {
        change.execute_batch(migration)?;
    }
    change.pragma_update(None, "user_version", CURRENT as i64)?;
    change.commit()
}

/// Returns the random id of the store.
pub(super) fn store_id(db: &Connection) -> rusqlite::Result<String> {
    db.query_row("SELECT id FROM store", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use catalog_model::{FollowerName, follower::ConnectionScope};

    use super::{
        super::{FeedFollower, database::open_to_read, opening::open},
        *,
    };

    #[test]
    fn migrating_a_database_of_the_first_version_keeps_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(MIGRATIONS[0]).unwrap();
        db.execute_batch(
            "PRAGMA user_version = 1; INSERT INTO connection (code, name, key_parts) VALUES ('a', 'A', '[]'); \
             INSERT INTO scan (connection, started, seen) VALUES (1, 0, 7); \
             INSERT INTO follower (name, cursor) VALUES ('f', 5);",
        )
        .unwrap();
        drop(db);
        assert!(open_to_read(&path).is_err(), "only a writer changes it");
        drop(open(&path, &Default::default()).unwrap());
        let db = open_to_read(&path).unwrap().unwrap();
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let scan: (i64, i64) = db
            .query_row("SELECT seen, filtered FROM scan", [], row)
            .unwrap();
        assert_eq!(scan, (7, 0));
        let store = store_id(&db).unwrap();
        assert_eq!(store.len(), 16);
        let follower = FeedFollower {
            name: FollowerName::new("f").unwrap(),
            scope: ConnectionScope::All,
            revision: 1,
        };
        let cursor = super::super::cursors::cursor(&db, &follower).unwrap();
        assert_eq!(
            cursor.reached,
            Some(5),
            "a follower continues at its position"
        );
        let former = folder.path().join(format!("catalog.db.before-v{CURRENT}"));
        let former = super::super::database::open_unchanging(&former).unwrap();
        assert_eq!(version(&former).unwrap(), 1);
    }
}
