//! Queries of the log of changes, of scans, and of the positions of followers.

use catalog_store::{
    StoredScan,
    backend::{EventQuery, FollowerPosition, LoggedChange},
};
use tokio_postgres::types::ToSql;

use crate::{
    connecting::Database,
    error::Result,
    followers::cursor_from_row,
    reader::rows::{SCAN, scan_from_row},
    values::{key_print, texts},
};

/// Number of changes at the end of the log that are searched first.
const NEWEST: i64 = 1_000;

/// Nearly always, the newest changes of the log have enough that are wanted. This ends as soon as it has them.
const NEWEST_EVENTS: &str = "SELECT seq FROM (SELECT seq, connection, kind, is_container, time FROM change \
     WHERE seq > $4 AND seq <= $5 ORDER BY seq DESC LIMIT $9) AS newest \
     WHERE connection = ANY($1::bigint[]) AND kind = ANY($2::smallint[]) AND is_container = ANY($3::boolean[]) \
     AND ($6::bigint IS NULL OR time >= $6) AND ($7::bigint IS NULL OR time < $7) \
     ORDER BY seq DESC LIMIT $8";

/// One search in the index for each combination, whose results are merged. The scans say which part of the log a time means.
const EVENTS: &str = "SELECT found.seq FROM unnest($1::bigint[]) AS connections (connection) \
     CROSS JOIN unnest($2::smallint[]) AS kinds (kind) CROSS JOIN unnest($3::boolean[]) AS entities (is_container) \
     CROSS JOIN LATERAL (SELECT seq FROM change WHERE change.connection = connections.connection AND change.kind = kinds.kind \
     AND change.is_container = entities.is_container AND seq > $4 AND seq <= $5 \
     AND ($6::bigint IS NULL OR time >= $6) AND ($7::bigint IS NULL OR time < $7) \
     ORDER BY seq DESC LIMIT $8) AS found ORDER BY found.seq DESC LIMIT $8";

pub(super) async fn events(db: &Database, wanted: &EventQuery) -> Result<Vec<i64>> {
    let (from, to) = range(db, wanted).await?;
    let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX);
    let kinds = wanted.kinds.iter();
    let kinds: Vec<i16> = kinds.filter_map(|kind| i16::try_from(*kind).ok()).collect();
    let values: [&(dyn ToSql + Sync); 9] = [
        &wanted.connections,
        &kinds,
        &wanted.is_container,
        &from,
        &to,
        &wanted.since,
        &wanted.until,
        &limit,
        &NEWEST,
    ];
    let mut rows = db.rows(NEWEST_EVENTS, &values).await?;
    if rows.len() < wanted.limit {
        rows = db.rows(EVENTS, &values[..8]).await?;
    }
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The part of the log with the wanted changes: after the first position, up to the second. It may contain others, too, except
/// of other scans.
async fn range(db: &Database, wanted: &EventQuery) -> Result<(i64, i64)> {
    let (mut from, mut to) = (0, wanted.before.saturating_sub(1));
    if wanted.scan.is_some() || wanted.since.is_some() || wanted.until.is_some() {
        let sql = "SELECT min(log_from), max(log_to) FROM scan WHERE log_to > log_from AND ($1::bigint IS NULL OR id = $1) \
                   AND ($2::bigint IS NULL OR started >= $2) AND ($3::bigint IS NULL OR started < $3)";
        let row = db
            .row(sql, &[&wanted.scan, &wanted.since, &wanted.until])
            .await?;
        from = row.get::<_, Option<i64>>(0).unwrap_or(i64::MAX);
        to = to.min(row.get::<_, Option<i64>>(1).unwrap_or_default());
    }
    Ok((from, to))
}

pub(super) async fn hours(db: &Database, since: i64) -> Result<Vec<[i64; 4]>> {
    let sql = "SELECT hour, connection, kind::bigint, changes FROM hour WHERE hour >= $1";
    let rows = db.rows(sql, &[&since]).await?;
    let hours = rows
        .iter()
        .map(|row| [row.get(0), row.get(1), row.get(2), row.get(3)]);
    Ok(hours.collect())
}

pub(super) async fn history(db: &Database, key: &str, limit: usize) -> Result<Vec<i64>> {
    let sql = "SELECT seq FROM change WHERE kind <> 5 AND item = (SELECT id FROM item WHERE key_print = $1) \
               ORDER BY seq DESC LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = db.rows(sql, &[&&key_print(key)[..], &limit]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

pub(super) async fn logged(db: &Database, seqs: &[i64]) -> Result<Vec<LoggedChange>> {
    let sql = "SELECT change.seq, scan, time, kind::bigint, fields, item, change_values FROM change \
               JOIN unnest($1::bigint[]) WITH ORDINALITY AS wanted (seq, place) ON wanted.seq = change.seq ORDER BY place";
    let rows = db.rows(sql, &[&seqs]).await?;
    let changes = rows.iter().map(|row| {
        let values: Option<&str> = row.get(6);
        LoggedChange {
            seq: row.get(0),
            scan: row.get(1),
            time: row.get(2),
            kind: row.get(3),
            fields: texts(row.get(4)),
            entity: row.get(5),
            // An array of three texts is read like the struct.
            values: values
                .and_then(|json| serde_json::from_str(json).ok())
                .unwrap_or_default(),
        }
    });
    Ok(changes.collect())
}

pub(super) async fn scans_before(
    db: &Database,
    before: i64,
    (codes, outcomes): (&[String], &[String]),
    limit: usize,
) -> Result<Vec<StoredScan>> {
    let sql = format!(
        "{SCAN} WHERE scan.id < $1 AND (cardinality($2::text[]) = 0 OR code = ANY($2)) \
         AND (cardinality($3::text[]) = 0 OR scan.outcome = ANY($3)) ORDER BY scan.id DESC LIMIT $4"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = db.rows(&sql, &[&before, &codes, &outcomes, &limit]).await?;
    Ok(rows.iter().map(scan_from_row).collect())
}

pub(super) async fn followers(db: &Database) -> Result<Vec<FollowerPosition>> {
    let sql = "SELECT cursor, followed, failures, error, failed, sent, refused, succeeded, name, basis FROM follower ORDER BY name";
    let rows = db.rows(sql, &[]).await?;
    let followers = rows.iter().map(|row| FollowerPosition {
        name: row.get(8),
        basis: row.get(9),
        cursor: cursor_from_row(row),
    });
    Ok(followers.collect())
}

pub(super) async fn refusals_of(db: &Database, key: &str) -> Result<Vec<(String, String)>> {
    let sql = "SELECT follower, message FROM follower_refusal WHERE key = $1";
    let rows = db.rows(sql, &[&key]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
