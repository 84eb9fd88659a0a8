//! What a scan did not see, and how the store notes what it saw without writing the rows of all items.

use catalog_model::ItemState;
use catalog_store::{
    Closing,
    backend::{KnownItems, NumericCode, blows},
    fuse::Removals,
};

use super::running::Running;
use crate::error::Result;

/// Number of items, and how many of them are present rather than unreadable.
struct Totals {
    all: i64,
    present: i64,
}

/// Collects the items that a complete scan did not see into `unseen`, and marks those that it could not read. Counts what it
/// did not read as seen. Returns the reason if there are so many that none may be marked as gone.
pub(super) async fn find(running: &mut Running, closing: &Closing) -> Result<Option<String>> {
    let db = &running.db;
    let sql = "SELECT count(*), count(*) FILTER (WHERE state = 0) FROM item \
               WHERE connection = $1 AND container_kind IS NULL AND state <> 3";
    let row = db.row(sql, &[&running.connection]).await?;
    let existing = Totals {
        all: row.get(0),
        present: row.get(1),
    };
    match running.attempted.unread.take() {
        Some(rest) => {
            let keys: Vec<&str> = rest.read.iter().map(|key| key.as_str()).collect();
            find_below(running, &keys).await?;
            running.attempted.unread = Some(rest);
        }
        None => find_unseen(running).await?,
    }
    if running.attempted.has_unreadable {
        let sql = "UPDATE unseen SET is_unreadable = true FROM content WHERE content.item = unseen.item \
                   AND source_id IN (SELECT source_id FROM unreadable)";
        running.db.run(sql, &[]).await?;
    }
    let sql =
        "SELECT count(*), count(*) FILTER (WHERE is_present) FROM unseen WHERE NOT is_unreadable";
    let row = running.db.row(sql, &[]).await?;
    let going = Totals {
        all: row.get(0),
        present: row.get(1),
    };
    keep_last_seen(running).await?;
    // Checked for the present items and for all items: a large number of unreadable items must not hide the removal of
    // most of the others.
    let blown = exceeds(going.present, existing.present) || exceeds(going.all, existing.all);
    Ok((closing.removals == Removals::Limited && blown).then(|| {
        format!(
            "{} of the {} stored items were not found; because there are so many, none was marked as gone; {}",
            going.all, existing.all, closing.advice
        )
    }))
}

/// Whether the fuse blows. Numbers of the database are never negative.
fn exceeds(going: i64, existing: i64) -> bool {
    blows(going.unsigned_abs(), existing.unsigned_abs())
}

/// Collects the items that a scan of everything did not see.
pub(super) async fn find_unseen(running: &Running) -> Result<()> {
    let known: Vec<i64> = running
        .known
        .items(KnownItems::Unseen)
        .into_iter()
        .map(i64::from)
        .collect();
    // Those whose digests were loaded, and the others.
    for (sql, values) in [
        (
            "INSERT INTO unseen SELECT id, state = 0, false FROM item WHERE id = ANY($2) AND connection = $1 AND state <> 3 \
             AND NOT EXISTS (SELECT 1 FROM sighting WHERE sighting.id = item.id)",
            &known,
        ),
        (
            "INSERT INTO unseen SELECT id, state = 0, false FROM item WHERE connection = $1 AND container_kind IS NULL \
             AND state <> 3 AND (state <> 0 OR digest IS NULL OR left_out OR id > ($2::bigint[])[1]) \
             AND NOT EXISTS (SELECT 1 FROM sighting WHERE sighting.id = item.id)",
            &vec![running.known_up_to],
        ),
    ] {
        running.db.run(sql, &[&running.connection, values]).await?;
    }
    Ok(())
}

/// Collects the items at or below these keys that a scan for changes did not see.
async fn find_below(running: &mut Running, keys: &[&str]) -> Result<()> {
    // Keys are searched in the order of their index, which has the first characters only.
    let sql = "INSERT INTO unseen SELECT DISTINCT item.id, state = 0, false FROM unnest($2::text[]) AS read (key) \
               JOIN item ON left(item.key, 500) >= left(read.key, 500) COLLATE \"C\" \
               AND left(item.key, 500) <= left(read.key || '0', 500) COLLATE \"C\" \
               WHERE (item.key = read.key COLLATE \"C\" OR starts_with(item.key, read.key || '/')) \
               AND connection = $1 AND container_kind IS NULL AND state <> 3 AND NOT EXISTS (SELECT 1 FROM sighting WHERE sighting.id = item.id)";
    running.db.run(sql, &[&running.connection, &keys]).await?;
    // Without the recognized ones.
    let seen: Vec<i64> = running
        .known
        .items(KnownItems::Seen)
        .into_iter()
        .map(i64::from)
        .collect();
    if !seen.is_empty() {
        let sql = "DELETE FROM unseen WHERE item = ANY($1)";
        running.db.run(sql, &[&seen]).await?;
    }
    Ok(())
}

/// Number of present items that a scan for changes neither saw nor misses.
pub(super) async fn unread(running: &Running) -> Result<i64> {
    let sql = "SELECT count(*) FROM item WHERE connection = $1 AND container_kind IS NULL AND state = 0 \
               AND NOT EXISTS (SELECT 1 FROM sighting WHERE sighting.id = item.id) AND NOT EXISTS (SELECT 1 FROM unseen WHERE unseen.item = item.id)";
    let all: i64 = running.db.row(sql, &[&running.connection]).await?.get(0);
    Ok((all - running.known.recognized() - running.attempted.seen).max(0))
}

/// Writes into the rows of unseen items when they were last seen, and which of them could not be read. An excluded item stays
/// excluded until a filter can decide about it again, and `connection.seen_by` must not count it as seen.
async fn keep_last_seen(running: &Running) -> Result<()> {
    let sql = "UPDATE item SET scan = CASE WHEN seen_by > item.scan AND NOT left_out AND state IN (0, 2) THEN seen_by \
               ELSE item.scan END, state = CASE WHEN is_unreadable AND state <> 2 THEN 1 ELSE state END, \
               left_out = left_out OR (is_unreadable AND state = 2) \
               FROM connection, unseen WHERE connection.id = $1 AND unseen.item = item.id";
    running.db.run(sql, &[&running.connection]).await.map(drop)
}

/// Marks the unseen items as gone. Returns their number.
pub(super) async fn remove_items(running: &Running) -> Result<u64> {
    remove(running, "SELECT item FROM unseen WHERE NOT is_unreadable").await
}

/// Marks the containers that a complete scan did not see as gone. Returns their number. The fuse does not limit it.
pub(super) async fn remove_containers(running: &Running) -> Result<u64> {
    let hidden: Vec<&str> = running
        .attempted
        .hidden_containers
        .iter()
        .copied()
        .collect();
    // The server knows little about kinds that have just been added. With `EXCEPT`, it reads each table once whatever it expects.
    let sql = "INSERT INTO unseen_container SELECT item.id FROM item \
               JOIN container_kind ON container_kind.id = item.container_kind \
               WHERE connection = $1 AND state <> 3 AND NOT name = ANY($2) \
               EXCEPT SELECT id FROM sighting WHERE container_kind IS NOT NULL";
    let found = running.db.run(sql, &[&running.connection, &hidden]).await?;
    if found == 0 {
        return Ok(0);
    }
    remove(running, "SELECT item FROM unseen_container").await
}

async fn remove(running: &Running, which: &str) -> Result<u64> {
    let gone = i16::try_from(ItemState::Gone.code()).unwrap_or_default();
    let sql = format!("UPDATE item SET state = $1, gone_since = $2 WHERE id IN ({which})");
    let removed = running.db.run(&sql, &[&gone, &running.time]).await?;
    if removed > 0 {
        let sql = format!("UPDATE content SET changed_by = $1 WHERE item IN ({which})");
        running.db.run(&sql, &[&running.scan]).await?;
    }
    Ok(removed)
}

/// Notes what a scan that is not complete has seen of what it recognized: the items that it saw, or the others, whichever are
/// fewer.
pub(super) async fn note_seen(running: &Running) -> Result<()> {
    let seen = running.known.items(KnownItems::Seen);
    if seen.is_empty() {
        return Ok(());
    }
    let seen: Vec<i64> = seen.into_iter().map(i64::from).collect();
    running.db.batch("TRUNCATE unseen").await?;
    find_unseen(running).await?;
    let unseen: i64 = (running.db.row("SELECT count(*) FROM unseen", &[]).await?).get(0);
    if usize::try_from(unseen).unwrap_or(usize::MAX) >= seen.len() {
        let sql = "UPDATE item SET scan = $2, left_out = false WHERE id = ANY($1)";
        return running.db.run(sql, &[&seen, &running.scan]).await.map(drop);
    }
    let sql = "UPDATE item SET scan = CASE WHEN NOT left_out AND seen_by > item.scan THEN seen_by ELSE item.scan END, \
               left_out = true FROM connection, unseen \
               WHERE connection.id = $1 AND unseen.item = item.id AND state IN (0, 2)";
    running.db.run(sql, &[&running.connection]).await?;
    let sql = "UPDATE connection SET seen_by = $2, read_by = $2 WHERE id = $1";
    running
        .db
        .run(sql, &[&running.connection, &running.scan])
        .await
        .map(drop)
}
