//! What a scan recognizes: loads the digests of a connection's items, and notes at the end which items it has seen.
//!
//! Nothing is written about an item that is recognized. `connection.seen_by` is the last scan that has seen all items that
//! are present or excluded, apart from those that it noted, and `connection.read_by` the last one that has read them.

use catalog_model::{DigestKey, ItemState};
use rusqlite::{Connection, params};

use super::{
    change::NumericCode,
    known_records::{KnownItems, head},
    running::Running,
};

/// Returns the key of the store for digests.
pub(super) fn digest_key(db: &Connection) -> rusqlite::Result<DigestKey> {
    let key = db.query_row("SELECT digest_key FROM store", [], |row| row.get(0));
    key.map(DigestKey)
}

/// Loads the digests of the items of a scan's connection that are present, up to a maximum. Without those that an earlier
/// attempt of the scan has written.
pub(super) fn load(db: &Connection, running: &mut Running, max: usize) -> rusqlite::Result<()> {
    let present = usize::try_from(running.existing.present).unwrap_or(0);
    let mut records = Vec::with_capacity(present.min(max));
    let mut found = db.prepare_cached(
        "SELECT id, digest FROM item WHERE connection = ?1 AND container_kind IS NULL AND state = ?2 \
         AND digest IS NOT NULL AND attempt >= 0 AND id <= ?3 AND scan <> ?5 ORDER BY id LIMIT ?4",
    )?;
    let limits = params![
        running.connection,
        ItemState::Present.code(),
        u32::MAX,
        i64::try_from(max).unwrap_or(i64::MAX),
        running.scan
    ];
    let mut rows = found.query(limits)?;
    while let Some(row) = rows.next()? {
        let number = row.get(0)?;
        records.push(head(&row.get(1)?, number));
        running.known_up_to = i64::from(number);
    }
    if records.len() < max {
        running.known_up_to = i64::from(u32::MAX);
    }
    running.known.fill(records, running.attempt);
    Ok(())
}

/// Adds the items of a scan that read everything, and that its last attempt did not see, to the table `unseen`.
pub(super) fn find_unseen(db: &Connection, running: &Running) -> rusqlite::Result<()> {
    let Running {
        scan,
        attempt,
        connection,
        known_up_to,
        ..
    } = *running;
    let gone = ItemState::Gone.code();
    let mut one = db.prepare_cached(
        "INSERT INTO unseen SELECT id, 0, 0, state = 0 FROM item \
         WHERE id = ?1 AND state <> ?2 AND NOT (scan = ?3 AND attempt = ?4)",
    )?;
    for item in running.known.items(KnownItems::Unseen) {
        one.execute(params![item, gone, scan, attempt])?;
    }
    let known = i64::try_from(running.known.len()).unwrap_or(i64::MAX);
    if known == running.existing.all && attempt == 1 {
        return Ok(());
    }
    // Those that were not loaded, and those that an earlier attempt has written.
    db.execute(
        "INSERT OR IGNORE INTO unseen SELECT id, 0, 0, state = 0 FROM item \
         WHERE connection = ?1 AND container_kind IS NULL AND state <> ?2 AND NOT (scan = ?3 AND attempt = ?4) \
         AND (state <> ?5 OR digest IS NULL OR attempt < 0 OR scan = ?3 OR id > ?6)",
        params![connection, gone, scan, attempt, ItemState::Present.code(), known_up_to],
    )
    .map(drop)
}

/// Notes what a scan that is not complete has seen, if it recognized anything: the items that it saw, or the others, whichever
/// are fewer. Returns whether it wrote anything.
pub(super) fn note_seen(db: &Connection, running: &Running) -> rusqlite::Result<bool> {
    let seen = running.known.items(KnownItems::Seen);
    if seen.is_empty() {
        return Ok(false);
    }
    create_unseen(db)?;
    find_unseen(db, running)?;
    let unseen: i64 = db.query_row("SELECT count(*) FROM unseen", [], |row| row.get(0))?;
    if usize::try_from(unseen).unwrap_or(usize::MAX) < seen.len() {
        return note_all_seen(db, running).map(|()| true);
    }
    let Running { scan, attempt, .. } = *running;
    let mut mark = db.prepare_cached("UPDATE item SET scan = ?2, attempt = ?3 WHERE id = ?1")?;
    for item in seen {
        mark.execute(params![item, scan, attempt])?;
    }
    Ok(true)
}

/// The attempt of an item that `connection.seen_by` does not count as seen, although its state does not say so: a scan that
/// was not complete did not see it, or it is excluded and its record can no longer be read.
pub(super) const NOT_SEEN_ATTEMPT: i64 = -1;

/// Notes that a scan has read all items that are not in the table `unseen`, whose rows keep when they were last seen.
fn note_all_seen(db: &Connection, running: &Running) -> rusqlite::Result<()> {
    let states = [ItemState::Present.code(), ItemState::Excluded.code()];
    let Running {
        scan, connection, ..
    } = *running;
    db.execute(
        "UPDATE item SET scan = CASE WHEN attempt >= 0 AND seen_by > scan THEN seen_by ELSE scan END, attempt = ?4 \
         FROM connection WHERE connection.id = ?1 AND state IN (?2, ?3) AND item.id IN (SELECT item FROM unseen)",
        [connection, states[0], states[1], NOT_SEEN_ATTEMPT],
    )?;
    let sql = "UPDATE connection SET seen_by = ?2, read_by = ?2 WHERE id = ?1";
    db.execute(sql, [connection, scan]).map(drop)
}

/// Creates the empty table `unseen`.
pub(super) fn create_unseen(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS unseen \
         (item INTEGER PRIMARY KEY, unreadable INTEGER NOT NULL, fresh INTEGER NOT NULL, present INTEGER NOT NULL); \
         DELETE FROM unseen",
    )
}

/// Writes into the rows of the items in the table `unseen` when they were last seen, before their states change.
pub(super) fn keep_last_seen(db: &Connection, connection: i64) -> rusqlite::Result<()> {
    let states = [ItemState::Present.code(), ItemState::Excluded.code()];
    db.execute(
        "UPDATE item SET scan = seen_by, attempt = 0 FROM connection \
         WHERE connection.id = ?1 AND seen_by > scan AND attempt >= 0 AND state IN (?2, ?3) \
         AND item.id IN (SELECT item FROM unseen)",
        [connection, states[0], states[1]],
    )
    .map(drop)
}
