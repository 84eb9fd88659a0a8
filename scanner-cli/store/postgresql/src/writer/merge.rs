//! The end of a scan: one transaction moves what it saw to the tables that others read, marks what is gone, logs the changes
//! and records the outcome.

use catalog_model::Completeness;
use catalog_store::{Closed, Closing, Counts, StoreError, spool::Duplicates};

use super::{
    batch::{ADD, EXCLUDED, MARK, PRESENT, WRITE},
    duplicates, follow, missing,
    running::{Running, counted},
};
use crate::{
    error::{DatabaseError, Result},
    values::{list, storable},
};

/// How often a transaction is repeated that the server ended because of another one.
const REPETITIONS: usize = 3;

/// Number of rows above which the server needs statistics to find the best way to join them.
const MANY_ROWS: i64 = 10_000;

/// Ends a scan. If the transaction fails, nothing of the scan is written.
pub(super) async fn close(
    running: &mut Running,
    closing: &Closing,
    address: &str,
) -> Result<(Closed, Duplicates)> {
    duplicates::resolve(running).await?;
    if running.attempted.rows > MANY_ROWS {
        running
            .db
            .batch("ANALYZE sighting (id, is_new, action, decision, change_kind)")
            .await?;
    }
    let unread = running.attempted.unread.clone();
    for repetition in 0.. {
        running.db.begin().await?;
        let ended = end(running, closing, address).await;
        let committed = match ended {
            Ok(closed) => running.db.batch("COMMIT").await.map(|()| closed),
            Err(error) => Err(error),
        };
        match committed {
            Ok(closed) => {
                if closed.counts.added > MANY_ROWS {
                    // The server would do it later. Until then, it would read all rows for each batch of a scan.
                    let _ = running.db.batch("ANALYZE item; ANALYZE content").await;
                }
                return Ok((closed, running.attempted.duplicates.clone()));
            }
            Err(error) if error.is_conflict() && repetition < REPETITIONS => {
                running.db.batch("ROLLBACK").await?;
                running.attempted.unread.clone_from(&unread);
            }
            Err(error) => return Err(error),
        }
    }
    Err(DatabaseError::Late)
}

/// The statements of the transaction.
async fn end(running: &mut Running, closing: &Closing, address: &str) -> Result<Closed> {
    refuse_overtaken(running, address).await?;
    running
        .db
        .batch("SELECT pg_advisory_xact_lock_shared(hashtext('scanner-cli long texts ' || current_schema())); TRUNCATE unseen, unseen_container")
        .await?;
    let mut counts = counts(running).await?;
    let statement = match &closing.statement {
        Ok(Completeness::Complete) => match missing::find(running, closing).await? {
            None => Some(Completeness::Complete),
            Some(reason) => Some(Completeness::Partial(vec![reason])),
        },
        Ok(partial) => Some(partial.clone()),
        Err(_) => None,
    };
    let is_complete = statement == Some(Completeness::Complete);
    if closing.statement == Ok(Completeness::Complete)
        && let Some(rest) = &running.attempted.unread
    {
        counts.excluded += i64::try_from(rest.excluded).unwrap_or(i64::MAX);
        counts.unread = missing::unread(running).await?;
        counts.seen += counts.unread;
    }
    let log = match counts_for_catalog(running, statement.is_some()).await? {
        true => write(running, is_complete, &mut counts).await?,
        // Nobody sees the items of a connection before its first scan that is complete or partial.
        false => log_position(running).await?,
    };
    record(running, closing, (&statement, counts), log).await?;
    // At the end: while the transaction keeps the lease, it cannot be renewed.
    match running.lease.check(&running.db).await? {
        true => Ok(Closed { statement, counts }),
        false => Err(DatabaseError::LeaseLost),
    }
}

/// Whether the items of the scan are written: its connection has had a scan that was complete or partial, or this is one.
async fn counts_for_catalog(running: &Running, is_read: bool) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM scan WHERE connection = $1 AND outcome IN ('complete', 'partial'))";
    Ok(is_read || running.db.row(sql, &[&running.connection]).await?.get(0))
}

/// Refuses a scan that another one has recorded as interrupted.
async fn refuse_overtaken(running: &Running, address: &str) -> Result<()> {
    let sql = "SELECT outcome IS NOT NULL FROM scan WHERE id = $1 FOR UPDATE";
    let is_overtaken = running.db.optional(sql, &[&running.scan]).await?;
    match is_overtaken.is_none_or(|row| row.get(0)) {
        true => Err(StoreError::overtaken(address.as_ref()).into()),
        false => Ok(()),
    }
}

/// What the scan saw, and the changes that it found.
async fn counts(running: &Running) -> Result<Counts> {
    let sql = "SELECT change_kind, count(*) FROM sighting WHERE change_kind IS NOT NULL AND container_kind IS NULL \
               GROUP BY change_kind";
    let rows = running.db.rows(sql, &[]).await?;
    let kinds: Vec<(i16, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let sql = "SELECT count(*) FILTER (WHERE decision = $1), count(*) FILTER (WHERE decision = $2) FROM sighting \
               WHERE container_kind IS NULL";
    let row = running.db.row(sql, &[&PRESENT, &EXCLUDED]).await?;
    let displaced = i64::try_from(running.attempted.displaced.len()).unwrap_or(i64::MAX);
    let known = running.known.recognized() + running.attempted.seen - displaced;
    Ok(Counts {
        seen: row.get::<_, i64>(0) + known,
        excluded: row.get(1),
        unreadable: running.attempted.unreadable,
        ..counted(&kinds)
    })
}

/// Moves what the scan saw to the tables of the catalog. Returns the range of the log that it wrote.
async fn write(
    running: &mut Running,
    is_complete: bool,
    counts: &mut Counts,
) -> Result<(i64, i64)> {
    if !is_complete {
        missing::note_seen(running).await?;
    }
    add_items(running).await?;
    let has_read_all = is_complete && running.attempted.unread.is_none();
    mark_items(running, has_read_all).await?;
    write_items(running).await?;
    let removed = match is_complete {
        true => {
            let items = missing::remove_items(running).await?;
            (items, missing::remove_containers(running).await?)
        }
        false => (0, 0),
    };
    counts.removed = i64::try_from(removed.0).unwrap_or(i64::MAX);
    finish(running, is_complete).await?;
    let range = log(running, is_complete, removed).await?;
    follow::note_for_index(running, removed).await?;
    Ok(range)
}

async fn add_items(running: &Running) -> Result<()> {
    let db = &running.db;
    let sql = "INSERT INTO long_text SELECT hash, body FROM sighted_text ORDER BY hash ON CONFLICT DO NOTHING";
    if !running.attempted.texts.is_empty() {
        db.run(sql, &[]).await?;
    }
    let sql = "INSERT INTO item (id, connection, key, key_print, fingerprint, contacts_fingerprint, state, scan, \
               container_kind, digest) SELECT id, $1, key, key_print, fingerprint, contacts_fingerprint, 0, $2, \
               container_kind, digest FROM sighting WHERE action = $3 ORDER BY id";
    let added = db
        .run(sql, &[&running.connection, &running.scan, &ADD])
        .await?;
    if added == 0 {
        return Ok(());
    }
    let sql = "INSERT INTO content (item, source_id, first_seen, changed_by, contacts, content, texts) \
               SELECT id, source_id, $1, $2, contacts, content, texts FROM sighting WHERE action = $3 ORDER BY id";
    db.run(sql, &[&running.time, &running.scan, &ADD])
        .await
        .map(drop)
}

/// Marks items as seen, excluded or unreadable. What `connection.seen_by` says is not written into their rows.
async fn mark_items(running: &Running, has_read_all: bool) -> Result<()> {
    let sql = "UPDATE item SET scan = $1, left_out = false, state = sighting.new_state, \
               digest = coalesce(sighting.digest, item.digest) FROM sighting \
               WHERE sighting.id = item.id AND NOT is_new AND action = $2 AND new_state >= 0 AND (NOT $3 OR item.container_kind IS NOT NULL \
               OR left_out OR item.state <> sighting.new_state OR sighting.new_state NOT IN (0, 2) \
               OR (sighting.digest IS NOT NULL AND sighting.digest IS DISTINCT FROM item.digest))";
    running
        .db
        .run(sql, &[&running.scan, &MARK, &has_read_all])
        .await
        .map(drop)
}

async fn write_items(running: &Running) -> Result<()> {
    let db = &running.db;
    let sql = "UPDATE item SET fingerprint = sighting.fingerprint, \
               contacts_fingerprint = coalesce(sighting.contacts_fingerprint, item.contacts_fingerprint), state = 0, \
               scan = $1, left_out = false, gone_since = NULL, digest = sighting.digest \
               FROM sighting WHERE sighting.id = item.id AND action = $2";
    if db.run(sql, &[&running.scan, &WRITE]).await? == 0 {
        return Ok(());
    }
    // An item that only another version of this program writes differently has not changed.
    let sql = "UPDATE content SET source_id = sighting.source_id, \
               changed_by = CASE WHEN change_kind IN (1, 3) THEN $1 ELSE changed_by END, \
               contacts = coalesce(sighting.contacts, content.contacts), content = sighting.content, \
               texts = sighting.texts FROM sighting WHERE sighting.id = content.item AND action = $2";
    db.run(sql, &[&running.scan, &WRITE]).await.map(drop)
}

/// Keeps or deletes the checkpoint, and says who has seen all items.
async fn finish(running: &Running, is_complete: bool) -> Result<()> {
    let db = &running.db;
    let sql = "DELETE FROM checkpoint WHERE connection = $1";
    db.run(sql, &[&running.connection]).await?;
    if !is_complete {
        return Ok(());
    }
    let is_partly_read = running.attempted.unread.is_some();
    let full_read = match is_partly_read {
        true => running.full_read,
        false => Some(running.time),
    };
    if let Some((state, full_read)) = running.attempted.state.as_ref().zip(full_read) {
        let sql = "INSERT INTO checkpoint VALUES ($1, $2, $3)";
        db.run(sql, &[&running.connection, &full_read, state])
            .await?;
    }
    let sql = "UPDATE connection SET seen_by = $2, read_by = CASE WHEN $3 THEN read_by ELSE $2 END WHERE id = $1";
    db.run(sql, &[&running.connection, &running.scan, &is_partly_read])
        .await
        .map(drop)
}

/// The end of the log, for a scan that logs nothing.
async fn log_position(running: &Running) -> Result<(i64, i64)> {
    let last = running.db.row("SELECT last FROM log", &[]).await?.get(0);
    Ok((last, last))
}

/// Logs the changes. From here to the end of the transaction, no other one can log any.
async fn log(
    running: &Running,
    is_complete: bool,
    (items, containers): (u64, u64),
) -> Result<(i64, i64)> {
    let db = &running.db;
    let sql = "SELECT count(*) FROM sighting WHERE change_kind IS NOT NULL";
    let changed: i64 = db.row(sql, &[]).await?.get(0);
    let sql = "SELECT complete_from IS NULL FROM connection WHERE id = $1";
    let is_first = is_complete && db.row(sql, &[&running.connection]).await?.get::<_, bool>(0);
    let count = |removed: u64| i64::try_from(removed).unwrap_or(i64::MAX);
    let all = changed + count(items) + count(containers) + i64::from(is_first);
    if all == 0 {
        return log_position(running).await;
    }
    let sql = "UPDATE log SET last = last + $1 RETURNING last";
    let last: i64 = db.row(sql, &[&all]).await?.get(0);
    let first = last - all;
    let sql = "INSERT INTO change (seq, scan, item, kind, time, fields, change_values, connection, is_container) \
               SELECT $1 + row_number() OVER (ORDER BY ordinal), $2, id, change_kind, $3, fields, change_values, $4, \
               container_kind IS NOT NULL FROM sighting WHERE change_kind IS NOT NULL";
    let of = (running.scan, running.time, running.connection);
    if changed > 0 {
        db.run(sql, &[&first, &of.0, &of.1, &of.2]).await?;
        follow::count_changes(running).await?;
    }
    let mut after = first + changed;
    for (removed, is_container, which) in [
        (
            items,
            false,
            "SELECT item FROM unseen WHERE NOT is_unreadable",
        ),
        (containers, true, "SELECT item FROM unseen_container"),
    ] {
        let sql = format!(
            "INSERT INTO change (seq, scan, item, kind, time, connection, is_container) \
             SELECT $1 + row_number() OVER (ORDER BY item), $2, item, 2, $3, $4, $5 FROM ({which}) AS removed"
        );
        if removed > 0 {
            db.run(&sql, &[&after, &of.0, &of.1, &of.2, &is_container])
                .await?;
        }
        after += count(removed);
    }
    follow::count_removed(db, (running.time, running.connection), count(items)).await?;
    if is_first {
        // A position of its own, so that followers are notified even if nothing else changed.
        let sql = "UPDATE connection SET complete_from = $2 WHERE id = $1";
        db.run(sql, &[&running.connection, &last]).await?;
    }
    Ok((first, last))
}

/// Records the outcome.
async fn record(
    running: &Running,
    closing: &Closing,
    (statement, counts): (&Option<Completeness>, Counts),
    (log_from, log_to): (i64, i64),
) -> Result<()> {
    let (outcome, reasons) = match (statement, &closing.statement) {
        (Some(Completeness::Complete), _) => ("complete", Vec::new()),
        (Some(Completeness::Partial(reasons)), _) => ("partial", reasons.clone()),
        (None, Err(error)) => ("failed", vec![error.clone()]),
        (None, Ok(_)) => ("failed", Vec::new()),
    };
    let sql = "UPDATE scan SET ended = $2, outcome = $3, reasons = $4, site_version = $5, bytes = $6, seen = $7, \
               added = $8, changed = $9, removed = $10, returned = $11, unreadable = $12, excluded = $13, rewritten = $14, \
               unread = $15, log_from = $16, log_to = $17 WHERE id = $1";
    let site_version = closing.site_version.as_deref().map(storable);
    running
        .db
        .run(
            sql,
            &[
                &running.scan,
                &closing.time.as_millisecond(),
                &outcome,
                &list(&reasons),
                &site_version,
                &i64::try_from(closing.bytes).unwrap_or(i64::MAX),
                &counts.seen,
                &counts.added,
                &counts.changed,
                &counts.removed,
                &counts.returned,
                &counts.unreadable,
                &counts.excluded,
                &counts.rewritten,
                &counts.unread,
                &log_from,
                &log_to,
            ],
        )
        .await?;
    let error = (!reasons.is_empty()).then(|| storable(&reasons.join("; ")).into_owned());
    let sql = "UPDATE connection SET outcome = $2, error = $3 WHERE id = $1";
    running
        .db
        .run(sql, &[&running.connection, &outcome, &error])
        .await
        .map(drop)
}
