//! What a connection remembers of its last complete scan, and scans that read only changes.
//!
//! A scan that reads only changes does not touch the rows of what it did not read. Only items at or below the keys that it
//! read can be missing. The other items keep the number of the scan that last wrote them;
//! `connection.seen_by` says which scan saw them last.

use std::time::Duration;

use catalog_model::{Checkpoint, ItemState, ScanState, UnchangedRest};
use rusqlite::{Connection, OptionalExtension, params};

use super::{change::NumericCode, recognition::NOT_SEEN_ATTEMPT, running::Running};

/// A checkpoint in the database.
#[derive(Clone, Debug)]
pub(super) struct StoredCheckpoint {
    /// When the last scan that read everything began, in milliseconds since 1970.
    full_read: i64,
    state: Vec<u8>,
}

impl StoredCheckpoint {
    /// Reads the checkpoint of a connection. That of another store, from which this one was restored, does not count.
    pub(super) fn read(db: &Connection, connection: i64) -> rusqlite::Result<Option<Self>> {
        let mut found = db.prepare(
            "SELECT full_read, state FROM checkpoint WHERE connection = ?1 AND store = (SELECT id FROM store)",
        )?;
        let found = found.query_row([connection], |row| {
            Ok(Self {
                full_read: row.get(0)?,
                state: row.get(1)?,
            })
        });
        found.optional()
    }

    pub(super) fn full_read(&self) -> i64 {
        self.full_read
    }

    /// The checkpoint at this time, in milliseconds since 1970. If the clock went back, the last full read counts as long ago.
    pub(super) fn at(self, now: i64) -> Checkpoint {
        checkpoint_at(now, self.full_read, self.state)
    }
}

/// The checkpoint at this time, of a connection whose last full read began at `full_read`.
#[must_use]
pub fn checkpoint_at(now: i64, full_read: i64, state: Vec<u8>) -> Checkpoint {
    let since_full = u64::try_from(now.saturating_sub(full_read));
    Checkpoint {
        state: ScanState(state),
        since_full: since_full.map_or(Duration::MAX, Duration::from_millis),
    }
}

/// Deletes the checkpoint of a connection.
pub(super) fn delete(db: &Connection, connection: i64) -> rusqlite::Result<()> {
    let sql = "DELETE FROM checkpoint WHERE connection = ?1";
    db.execute(sql, [connection]).map(drop)
}

/// Saves what the connection remembers of a complete scan, if it remembers anything.
pub(super) fn save(db: &Connection, running: &Running) -> rusqlite::Result<()> {
    let Running {
        connection, scan, ..
    } = *running;
    let is_partly_read = running.unread.is_some();
    let full_read = match is_partly_read {
        true => running.full_read,
        false => Some(running.time),
    };
    delete(db, connection)?;
    if let Some((state, full_read)) = running.state.as_ref().zip(full_read) {
        db.execute(
            "INSERT INTO checkpoint (connection, store, full_read, state) \
             SELECT ?1, id, ?2, ?3 FROM store",
            params![connection, full_read, state],
        )?;
    }
    let sql = match is_partly_read {
        true => "UPDATE connection SET seen_by = ?2 WHERE id = ?1",
        false => "UPDATE connection SET seen_by = ?2, read_by = ?2 WHERE id = ?1",
    };
    db.execute(sql, [connection, scan]).map(drop)
}

/// Adds the items that a scan for changes should have seen and did not see to the table `unseen`. Counts what it did not
/// read as seen.
pub(super) fn find_unseen(
    db: &Connection,
    running: &mut Running,
    rest: &UnchangedRest,
) -> rusqlite::Result<()> {
    let Running {
        scan,
        attempt,
        connection,
        ..
    } = *running;
    running.counts.excluded += i64::try_from(rest.excluded).unwrap_or(i64::MAX);
    if rest.read.is_empty() {
        // Without the keys, only narrow rows are read.
        let seen = db.query_row(
            "SELECT count(*) FROM item \
             WHERE connection = ?1 AND container_kind IS NULL AND state = ?2 AND NOT (scan = ?3 AND attempt = ?4)",
            [connection, ItemState::Present.code(), scan, attempt],
            |row| row.get::<_, i64>(0),
        )?;
        running.counts.seen += seen;
        running.counts.unread = seen;
        return Ok(());
    }
    let mut items = db.prepare(
        "SELECT item.id, state, key FROM item JOIN content ON content.item = item.id \
         WHERE connection = ?1 AND container_kind IS NULL AND state <> ?2 AND NOT (scan = ?3 AND attempt = ?4)",
    )?;
    let mut insert = db.prepare("INSERT INTO unseen VALUES (?1, 0, 0, ?2)")?;
    let mut rows = items.query([connection, ItemState::Gone.code(), scan, attempt])?;
    while let Some(row) = rows.next()? {
        let (item, state): (i64, i64) = (row.get(0)?, row.get(1)?);
        let is_present = state == ItemState::Present.code();
        if rest.contains(row.get_ref(2)?.as_str()?) {
            running.counts.seen += i64::from(is_present);
            running.counts.unread += i64::from(is_present);
        } else {
            insert.execute(params![item, is_present])?;
        }
    }
    Ok(())
}

/// Marks the excluded items of the table `unseen` whose records could not be read. Their state does not say so, and
/// `connection.seen_by` must not count them as seen.
pub(super) fn mark_unreadable(db: &Connection) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE item SET attempt = ?1 WHERE state = ?2 AND id IN (SELECT item FROM unseen WHERE unreadable)",
        [NOT_SEEN_ATTEMPT, ItemState::Excluded.code()],
    )
    .map(drop)
}
