//! Queries of the log of changes, and of the positions of followers.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::backend::{EventQuery, FollowerPosition, LoggedChange};
use crate::{Cursor, changed_values, hashes::hash};

/// One search in the index for each combination, whose results are merged. SQLite uses one lower and one upper limit.
const EVENTS: &str = "SELECT seq FROM event WHERE connection = ?1 AND kind = ?2 AND is_container = ?3 \
     AND (?5 IS NULL OR time >= ?5) AND (?6 IS NULL OR time < ?6) AND (?7 IS NULL OR scan = ?7) \
     AND seq > max(?9, coalesce((SELECT min(seq) FROM event WHERE scan = ?7), 0) - 1) \
     AND seq < min(?4, coalesce((SELECT max(seq) FROM event WHERE scan = ?7) + 1, ?4)) ORDER BY seq DESC LIMIT ?8";

/// The last change of a scan and of those before it.
const LAST_OF: &str = "SELECT seq FROM event WHERE scan <= ?1 ORDER BY scan DESC, seq DESC LIMIT 1";

/// The last scan that began at least a day before a time. The changes of that time come after its changes: the clocks of
/// scanners differ by less than a day, and no scan takes that long. Without it, the whole log would be read if little has
/// changed since.
pub(super) fn scan_long_before(db: &Connection, time: i64) -> rusqlite::Result<Option<i64>> {
    let mut find = db.prepare_cached(
        "SELECT id FROM scan WHERE started < ?1 - 86400000 ORDER BY id DESC LIMIT 1",
    )?;
    find.query_row([time], |row| row.get(0)).optional()
}

/// The positions of the newest changes, after those of a scan and of the scans before it.
pub(super) fn events(
    db: &Connection,
    wanted: &EventQuery,
    after: Option<i64>,
) -> rusqlite::Result<Vec<i64>> {
    let mut find = db.prepare_cached(EVENTS)?;
    let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX);
    let mut last = db.prepare_cached(LAST_OF)?;
    let after: Option<i64> = last.query_row([after], |row| row.get(0)).optional()?;
    let after = after.unwrap_or_default();
    let mut seqs: Vec<i64> = Vec::new();
    for connection in &wanted.connections {
        for kind in &wanted.kinds {
            for is_container in &wanted.is_container {
                let values = params![
                    connection,
                    kind,
                    is_container,
                    wanted.before,
                    wanted.since,
                    wanted.until,
                    wanted.scan,
                    limit,
                    after
                ];
                for seq in find.query_map(values, |row| row.get(0))? {
                    seqs.push(seq?);
                }
            }
        }
    }
    seqs.sort_unstable_by_key(|seq| std::cmp::Reverse(*seq));
    seqs.truncate(wanted.limit);
    Ok(seqs)
}

pub(super) fn hours(db: &Connection, since: i64) -> rusqlite::Result<Vec<[i64; 4]>> {
    let mut hours =
        db.prepare_cached("SELECT hour, connection, kind, changes FROM hour WHERE hour >= ?1")?;
    let rows = hours.query_map([since], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
    })?;
    rows.collect()
}

pub(super) fn history(db: &Connection, key: &str, limit: usize) -> rusqlite::Result<Vec<i64>> {
    let mut find = db.prepare_cached(
        "SELECT seq FROM change WHERE kind <> 5 AND item = \
         (SELECT id FROM item JOIN content ON content.item = item.id WHERE key_hash = ?1 AND key = ?2) \
         ORDER BY seq DESC LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    find.query_map(params![hash(key), key, limit], |row| row.get(0))?
        .collect()
}

pub(super) fn logged(db: &Connection, seqs: &[i64]) -> rusqlite::Result<Vec<LoggedChange>> {
    let mut find =
        db.prepare_cached("SELECT scan, time, kind, fields, item FROM change WHERE seq = ?1")?;
    let mut changes = Vec::with_capacity(seqs.len());
    for seq in seqs {
        let found = find.query_row([seq], |row| {
            let fields: Option<String> = row.get(3)?;
            Ok(LoggedChange {
                seq: *seq,
                scan: row.get(0)?,
                time: row.get(1)?,
                kind: row.get(2)?,
                fields: fields
                    .and_then(|fields| serde_json::from_str(&fields).ok())
                    .unwrap_or_default(),
                entity: row.get(4)?,
                values: Vec::new(),
            })
        });
        if let Some(change) = found.optional()? {
            let values = changed_values::read(db, *seq)?;
            changes.push(LoggedChange { values, ..change });
        }
    }
    Ok(changes)
}

pub(super) fn followers(db: &Connection) -> rusqlite::Result<Vec<FollowerPosition>> {
    let mut followers = db.prepare_cached(
        "SELECT name, CASE WHEN store = (SELECT id FROM store) THEN cursor END, followed, failures, error, failed, sent, \
         refused, succeeded, basis FROM follower ORDER BY name",
    )?;
    let followers = followers.query_map([], |row: &Row<'_>| {
        Ok(FollowerPosition {
            name: row.get(0)?,
            basis: row.get(9)?,
            cursor: Cursor {
                reached: row.get(1)?,
                followed: row.get(2)?,
                failures: row.get(3)?,
                error: row.get(4)?,
                failed: row.get(5)?,
                sent: row.get(6)?,
                refused: row.get(7)?,
                succeeded: row.get(8)?,
            },
        })
    })?;
    followers.collect()
}

pub(super) fn refusals_of(db: &Connection, key: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let mut find =
        db.prepare_cached("SELECT follower, message FROM follower_refusal WHERE key = ?1")?;
    find.query_map([key], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
