//! The beginning and the end of a scan in the store. One transaction records both the removals and the outcome.

use std::{collections::BTreeSet, sync::Arc};

use catalog_model::{
    ChangeKind, Checkpoint, Completeness, ConnectionCode, FieldRevision, ItemState,
};
use rusqlite::{Connection, Row, params};

use super::{
    change::NumericCode,
    checkpoint::{self, StoredCheckpoint},
    containers,
    known_records::KnownRecords,
    recognition,
    running::{Counts, ItemTotals, Running},
};
use crate::{
    fuse::{self, Removals},
    spool::Duplicates,
};

/// The parameters of a new scan.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The code of the connection.
    pub code: ConnectionCode,
    /// The display name of the connection.
    pub name: String,
    /// The names of the parts of the keys, after the code.
    pub key_parts: Vec<&'static str>,
    /// The revisions of its items' fields that are not 1.
    pub revisions: Vec<FieldRevision>,
    /// When it began.
    pub time: jiff::Timestamp,
}

/// How the reading of the source ended.
#[derive(Clone, Debug)]
pub struct Closing {
    /// The closing statement, or the error that prevented one.
    pub statement: Result<Completeness, String>,
    /// When it ended.
    pub time: jiff::Timestamp,
    /// The version that the source reported.
    pub site_version: Option<String>,
    /// Total size of all lists that were read, in bytes.
    pub bytes: u64,
    /// How many items may be marked as gone.
    pub removals: Removals,
    /// What to do about removals that the fuse prevented. Appended to the reason.
    pub advice: String,
}

/// The result of a scan in the store.
#[derive(Clone, Debug)]
pub struct Closed {
    /// The closing statement. Partial if the fuse prevented removals; `None` if the scan failed.
    pub statement: Option<Completeness>,
    /// The numbers of items that it found.
    pub counts: Counts,
}

/// Begins a scan. Earlier scans of the connection that have no end are recorded as interrupted.
pub(super) fn begin(
    db: &Connection,
    beginning: &Beginning,
) -> rusqlite::Result<(Running, Option<Checkpoint>)> {
    let parts = serde_json::json!(beginning.key_parts).to_string();
    let code = beginning.code.as_str();
    let connection = db.query_row(
        "INSERT INTO connection (code, name, key_parts) VALUES (?1, ?2, ?3) \
         ON CONFLICT (code) DO UPDATE SET name = ?2, key_parts = ?3 RETURNING id",
        params![code, beginning.name, parts],
        |row| row.get(0),
    )?;
    interrupt(db, connection)?;
    discard_unknown(db, connection)?;
    let time = beginning.time.as_millisecond();
    db.execute(
        "INSERT INTO scan (connection, started) VALUES (?1, ?2)",
        [connection, time],
    )?;
    let scan = db.last_insert_rowid();
    let checkpoint = StoredCheckpoint::read(db, connection)?;
    let running = Running {
        scan,
        connection,
        attempt: 1,
        time,
        existing: db.query_row(
            "SELECT count(*), coalesce(sum(state = ?3), 0) FROM item \
             WHERE connection = ?1 AND container_kind IS NULL AND state <> ?2",
            [
                connection,
                ItemState::Gone.code(),
                ItemState::Present.code(),
            ],
            share,
        )?,
        counts: Counts::default(),
        container_counts: Counts::default(),
        hidden_containers: BTreeSet::new(),
        full_read: checkpoint.as_ref().map(StoredCheckpoint::full_read),
        has_checkpoint: checkpoint.is_some(),
        unread: None,
        state: None,
        has_logged: false,
        withheld: 0,
        duplicates: Duplicates::default(),
        known: Arc::new(KnownRecords::default()),
        known_up_to: 0,
    };
    Ok((running, checkpoint.map(|checkpoint| checkpoint.at(time))))
}

/// Selects the connections that had a complete or partial scan. Items of other connections come from a failed or
/// interrupted first scan. They are hidden from readers and discarded when the next scan begins.
pub(super) const SCANNED_CONNECTIONS: &str = "SELECT scanned.id FROM connection AS scanned WHERE EXISTS \
     (SELECT 1 FROM scan WHERE scan.connection = scanned.id AND scan.outcome IN ('complete', 'partial'))";

/// Discards the items of a connection, if none of its scans was complete or partial.
fn discard_unknown(db: &Connection, connection: i64) -> rusqlite::Result<()> {
    let is_scanned = format!("SELECT ?1 IN ({SCANNED_CONNECTIONS})");
    if db.query_row(&is_scanned, [connection], |row| row.get(0))? {
        return Ok(());
    }
    for table in ["change", "content"] {
        let sql = format!(
            "DELETE FROM {table} WHERE item IN (SELECT id FROM item WHERE connection = ?1)"
        );
        db.execute(&sql, [connection])?;
    }
    db.execute("DELETE FROM item WHERE connection = ?1", [connection])
        .map(drop)
}

/// Records the scans of a connection that have no end as interrupted. The caller must hold the connection's lock.
pub(super) fn interrupt(db: &Connection, connection: i64) -> rusqlite::Result<()> {
    db.execute(
        "DELETE FROM unreadable WHERE scan IN (SELECT id FROM scan WHERE connection = ?1 AND outcome IS NULL)",
        [connection],
    )?;
    let interrupted = db.execute(
        "UPDATE scan SET outcome = 'interrupted' WHERE connection = ?1 AND outcome IS NULL",
        [connection],
    )?;
    if interrupted > 0 {
        db.execute(
            "UPDATE connection SET outcome = 'interrupted', error = NULL WHERE id = ?1",
            [connection],
        )?;
    }
    Ok(())
}

/// Ends a scan. The caller commits the transaction.
pub(super) fn close(
    db: &Connection,
    running: &mut Running,
    closing: &Closing,
) -> rusqlite::Result<Closed> {
    let last = last_change(db)?;
    running.counts.seen += running.known.recognized();
    let statement = match &closing.statement {
        Ok(Completeness::Complete) => Some(remove(db, running, closing)?),
        Ok(partial) => Some(partial.clone()),
        Err(_) => None,
    };
    if statement != Some(Completeness::Complete) && recognition::note_seen(db, running)? {
        checkpoint::delete(db, running.connection)?;
    }
    let (outcome, reasons) = match (&statement, &closing.statement) {
        (Some(Completeness::Complete), _) => ("complete", Vec::new()),
        (Some(Completeness::Partial(reasons)), _) => ("partial", reasons.clone()),
        (None, Err(error)) => ("failed", vec![error.clone()]),
        (None, Ok(_)) => ("failed", Vec::new()),
    };
    let counts = running.counts;
    db.execute(
        "UPDATE scan SET ended = ?2, outcome = ?3, reasons = ?4, site_version = ?5, bytes = ?6, seen = ?7, \
         added = ?8, changed = ?9, removed = ?10, returned = ?11, unreadable = ?12, filtered = ?13, rewritten = ?14, unread = ?15, \
         first_change = coalesce(first_change, ?16) WHERE id = ?1",
        params![
            running.scan,
            closing.time.as_millisecond(),
            outcome,
            serde_json::json!(reasons).to_string(),
            closing.site_version,
            i64::try_from(closing.bytes).unwrap_or(i64::MAX),
            counts.seen,
            counts.added,
            counts.changed,
            counts.removed,
            counts.returned,
            counts.unreadable,
            counts.excluded,
            counts.rewritten,
            counts.unread,
            last + 1,
        ],
    )?;
    let error = (!reasons.is_empty()).then(|| reasons.join("; "));
    db.execute(
        "UPDATE connection SET outcome = ?2, error = ?3 WHERE id = ?1",
        params![running.connection, outcome, error],
    )?;
    db.execute("DELETE FROM unreadable WHERE scan = ?1", [running.scan])?;
    Ok(Closed { statement, counts })
}

/// Returns the last change that was ever logged.
pub(super) fn last_change(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row(
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'change'",
        [],
        |row| row.get(0),
    )
}

/// Marks the items that a complete scan did not see as gone, unless the fuse forbids it.
fn remove(
    db: &Connection,
    running: &mut Running,
    closing: &Closing,
) -> rusqlite::Result<Completeness> {
    let Running {
        scan,
        connection,
        time,
        existing,
        ..
    } = *running;
    let going = unseen(db, running)?;
    // Checked for the present items and for all items: a large number of unreadable items must not hide the removal of
    // most of the others.
    let blown = blows(going.present, existing.present) || blows(going.all, existing.all);
    if closing.removals == Removals::Limited && blown {
        return Ok(Completeness::Partial(vec![format!(
            "{} of the {} stored items were not found; because there are so many, none was marked as gone; {}",
            going.all, existing.all, closing.advice
        )]));
    }
    let going: i64 = db.query_row(
        "SELECT count(*) FROM unseen WHERE NOT unreadable",
        [],
        |row| row.get(0),
    )?;
    db.execute(
        "UPDATE item SET state = ?1, gone_since = ?2 WHERE id IN (SELECT item FROM unseen WHERE NOT unreadable)",
        [ItemState::Gone.code(), time],
    )?;
    db.execute(
        "INSERT INTO change (scan, item, kind, time) \
         SELECT ?1, item, ?2, ?3 FROM unseen WHERE NOT unreadable ORDER BY item",
        [scan, ChangeKind::Removed.code(), time],
    )?;
    db.execute(
        "UPDATE content SET changed_by = ?1 WHERE item IN (SELECT item FROM unseen WHERE NOT unreadable)",
        [scan],
    )?;
    running.counts.removed = going;
    containers::remove(db, running)?;
    checkpoint::save(db, running)?;
    first_complete(db, connection)?;
    Ok(Completeness::Complete)
}

/// Collects the items that the last attempt did not see, and marks those that it could not read. Returns how many of
/// the items that existed when the scan began would be marked as gone.
fn unseen(db: &Connection, running: &mut Running) -> rusqlite::Result<ItemTotals> {
    let Running {
        scan,
        attempt,
        connection,
        ..
    } = *running;
    recognition::create_unseen(db)?;
    match running.unread.take() {
        Some(rest) => {
            checkpoint::find_unseen(db, running, &rest)?;
            running.unread = Some(rest);
        }
        None => recognition::find_unseen(db, running)?,
    }
    recognition::keep_last_seen(db, connection)?;
    db.execute(
        "UPDATE unseen SET unreadable = 1 WHERE (SELECT source_id FROM content WHERE content.item = unseen.item) \
         IN (SELECT source_id FROM unreadable WHERE scan = ?1 AND attempt = ?2)",
        [scan, attempt],
    )?;
    // An excluded item stays excluded until a filter can decide about it again.
    db.execute(
        "UPDATE item SET state = ?1 WHERE id IN (SELECT item FROM unseen WHERE unreadable) AND state <> ?2",
        [ItemState::Unreadable.code(), ItemState::Excluded.code()],
    )?;
    checkpoint::mark_unreadable(db)?;
    if attempt > 1 {
        // Items that an earlier attempt of this scan added or returned did not exist when the scan began.
        db.execute(
            "UPDATE unseen SET fresh = 1 WHERE item IN (SELECT item FROM change WHERE scan = ?1 AND kind IN (?2, ?3))",
            [scan, ChangeKind::Added.code(), ChangeKind::Returned.code()],
        )?;
    }
    db.query_row(
        "SELECT count(*), coalesce(sum(present), 0) FROM unseen WHERE NOT unreadable AND NOT fresh",
        [],
        share,
    )
}

fn share(row: &Row<'_>) -> rusqlite::Result<ItemTotals> {
    Ok(ItemTotals {
        all: row.get(0)?,
        present: row.get(1)?,
    })
}

/// Whether another process has recorded this scan as interrupted, because it ignored the lock or could not use one.
pub(super) fn is_overtaken(db: &Connection, running: &Running) -> rusqlite::Result<bool> {
    db.query_row(
        "SELECT outcome IS NOT NULL FROM scan WHERE id = ?1",
        [running.scan],
        |row| row.get(0),
    )
}

/// Records that a connection has had a complete scan. This uses a position of its own in the log of changes, so that
/// followers are notified even if nothing else changed.
fn first_complete(db: &Connection, connection: i64) -> rusqlite::Result<()> {
    let first: bool = db.query_row(
        "SELECT complete_from IS NULL FROM connection WHERE id = ?1",
        [connection],
        |row| row.get(0),
    )?;
    if !first {
        return Ok(());
    }
    db.execute_batch(
        "INSERT INTO sqlite_sequence (name, seq) \
         SELECT 'change', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'change'); \
         UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'change'",
    )?;
    db.execute(
        "UPDATE connection SET complete_from = (SELECT seq FROM sqlite_sequence WHERE name = 'change') \
         WHERE id = ?1",
        [connection],
    )?;
    Ok(())
}

/// Whether the fuse blows. Numbers of the database are never negative.
fn blows(going: i64, existing: i64) -> bool {
    fuse::blows(going.unsigned_abs(), existing.unsigned_abs())
}
