//! What people see of a scan besides its items: numbers of changes by hour, and the index, which follows.

use catalog_store::backend::HOUR_MILLIS;

use super::{
    batch::{ADD, WRITE},
    running::Running,
};
use crate::{connecting::Database, error::Result};

/// Notes what the index for people lacks. Its generation moves after the log, as everywhere.
pub(super) async fn note_for_index(
    running: &Running,
    (items, containers): (u64, u64),
) -> Result<()> {
    let db = &running.db;
    let mut has_changed = running.attempted.rows > 0 || running.attempted.has_unreadable;
    let sql = "INSERT INTO to_index SELECT id FROM sighting WHERE action IN ($1, $2) ORDER BY id";
    if running.attempted.rows > 0 {
        db.run(sql, &[&ADD, &WRITE]).await?;
    }
    for (removed, sql) in [
        (
            items,
            "INSERT INTO to_index SELECT item FROM unseen WHERE NOT is_unreadable",
        ),
        (
            containers,
            "INSERT INTO to_index SELECT item FROM unseen_container",
        ),
    ] {
        if removed > 0 {
            db.batch(sql).await?;
            has_changed = true;
        }
    }
    if has_changed {
        db.batch("UPDATE index_state SET generation = generation + 1")
            .await?;
    }
    Ok(())
}

/// Adds to the numbers of changes of items that the scan logs, apart from removals.
pub(super) async fn count_changes(running: &Running) -> Result<()> {
    let sql = "INSERT INTO hour SELECT $1, $2, change_kind, count(*) FROM sighting \
               WHERE change_kind IS NOT NULL AND container_kind IS NULL GROUP BY change_kind \
               ON CONFLICT (hour, connection, kind) DO UPDATE SET changes = hour.changes + excluded.changes";
    let hour = hour_of(running.time);
    running
        .db
        .run(sql, &[&hour, &running.connection])
        .await
        .map(drop)
}

/// Adds to the number of removed items of the hour of a time.
pub(crate) async fn count_removed(
    db: &Database,
    (time, connection): (i64, i64),
    items: i64,
) -> Result<()> {
    if items == 0 {
        return Ok(());
    }
    let sql = "INSERT INTO hour VALUES ($1, $2, 2, $3) \
               ON CONFLICT (hour, connection, kind) DO UPDATE SET changes = hour.changes + excluded.changes";
    db.run(sql, &[&hour_of(time), &connection, &items])
        .await
        .map(drop)
}

/// When the hour of a time began.
fn hour_of(time: i64) -> i64 {
    time.div_euclid(HOUR_MILLIS) * HOUR_MILLIS
}
