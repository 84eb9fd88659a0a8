//! Deletes what the store keeps no longer, in small transactions after a scan.

use catalog_store::{
    StoreLimits,
    backend::{Expiry, HOUR_MILLIS, MAX_CHECKED_SCANS},
};
use jiff::SignedDuration;

use crate::{connecting::Database, error::Result, index};

/// Maximum number of changes that a transaction deletes.
const MAX_CHANGES: usize = 5_000;
/// Maximum number of gone items that a transaction deletes.
const MAX_GONE: i64 = 500;
/// Number of steps after a scan. What is left is deleted after the next one.
const MAX_STEPS: usize = 100;

/// What is to be deleted after a scan.
pub(crate) struct Pruning {
    limits: StoreLimits,
    /// When the scan began and ended, in milliseconds since 1970.
    began: i64,
    now: i64,
    steps: usize,
    /// `None` after the last step.
    db: Option<Database>,
}

/// Only one scanner deletes at a time. The others need not.
const LOCK: &str =
    "SELECT pg_try_advisory_xact_lock(hashtext('scanner-cli pruning ' || current_schema()))";

impl Pruning {
    pub(crate) fn new(limits: StoreLimits, (began, now): (i64, i64), db: Database) -> Self {
        Self {
            limits,
            began,
            now,
            steps: MAX_STEPS,
            db: Some(db),
        }
    }

    /// Takes one step, in a transaction. Returns whether there is more to do.
    pub(crate) async fn step(&mut self) -> Result<bool> {
        self.steps = self.steps.saturating_sub(1);
        let Some(db) = self.db.take() else {
            return Ok(false);
        };
        db.begin().await?;
        let has_more = match db.row(LOCK, &[]).await?.get(0) {
            true => self.delete(&db).await?,
            false => false,
        };
        db.batch("COMMIT").await?;
        if has_more && self.steps > 0 {
            self.db = Some(db);
            return Ok(true);
        }
        db.close().await;
        Ok(false)
    }

    async fn delete(&self, db: &Database) -> Result<bool> {
        let sql = "SELECT started FROM scan ORDER BY id DESC LIMIT $1";
        let scans = db.rows(sql, &[&MAX_CHECKED_SCANS]).await?;
        let scans: Vec<i64> = scans.iter().map(|row| row.get(0)).collect();
        let gone = self.delete_gone(db, &scans).await?;
        let expiry = Expiry::confirmed_by(&scans, self.now, millis(self.limits.keep_changes));
        let changes = delete_changes(db, expiry).await?;
        delete_scans(db, expiry.before).await?;
        if !gone && !changes {
            delete_texts(db).await?;
        }
        Ok(gone || changes)
    }

    /// Deletes items that have been gone for too long. Followers that have not received their changes receive all items again.
    async fn delete_gone(&self, db: &Database, scans: &[i64]) -> Result<bool> {
        let Some(keep) = self.limits.keep_gone else {
            return Ok(false);
        };
        // What a scan marks as gone stays until the next one, so that followers receive the removal first.
        let before = Expiry::confirmed_by(scans, self.now, i64::MAX).now;
        let before = before.saturating_sub(millis(keep)).min(self.began - 1);
        // A scan that runs may have compared its records with these items. One that begins waits for this transaction.
        let sql = "SELECT id FROM connection FOR UPDATE SKIP LOCKED";
        let held = db.rows(sql, &[]).await?;
        let held: Vec<i64> = held.iter().map(|row| row.get(0)).collect();
        let sql = "SELECT id FROM item WHERE state <> 0 AND state = 3 AND gone_since <= $1 AND connection = ANY($3) \
                   AND NOT EXISTS (SELECT 1 FROM scan WHERE scan.connection = item.connection AND outcome IS NULL) LIMIT $2";
        let rows = db.rows(sql, &[&before, &MAX_GONE, &held]).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        let sql = "UPDATE log SET forgotten = greatest(forgotten, coalesce((SELECT max(seq) FROM change WHERE item = ANY($1)), 0))";
        db.run(sql, &[&ids]).await?;
        delete_items(db, &ids).await?;
        Ok(rows.len() as i64 >= MAX_GONE)
    }
}

/// Deletes items and containers with their changes.
pub(crate) async fn delete_items(db: &Database, ids: &[i64]) -> Result<()> {
    for sql in [
        "DELETE FROM change WHERE item = ANY($1)",
        "DELETE FROM content WHERE item = ANY($1)",
        "DELETE FROM item WHERE id = ANY($1)",
    ] {
        db.run(sql, &[&ids]).await?;
    }
    index::delete(db, ids).await?;
    // A process that is indexing them now would leave them behind.
    let sql = "INSERT INTO to_index SELECT unnest($1::bigint[])";
    db.run(sql, &[&ids]).await?;
    db.batch("UPDATE index_state SET generation = generation + 1")
        .await
}

async fn delete_changes(db: &Database, expiry: Expiry) -> Result<bool> {
    let sql = "SELECT seq, time FROM change ORDER BY seq LIMIT $1";
    let rows = db.rows(sql, &[&(2 * MAX_CHANGES as i64)]).await?;
    let changes = rows.iter().map(|row| Ok((row.get(0), row.get(1))));
    let Some((forgotten, has_more)) =
        expiry.expired::<crate::error::DatabaseError>(changes, MAX_CHANGES)?
    else {
        return Ok(false);
    };
    let sql = "DELETE FROM change WHERE seq <= $1";
    db.run(sql, &[&forgotten]).await?;
    let sql = "UPDATE log SET forgotten = greatest(forgotten, $1)";
    db.run(sql, &[&forgotten]).await?;
    let sql =
        "DELETE FROM hour WHERE hour < (SELECT time / $1 * $1 FROM change ORDER BY seq LIMIT 1)";
    db.run(sql, &[&HOUR_MILLIS]).await?;
    Ok(has_more)
}

/// Deletes scans that are old and have ended, apart from the last one of each connection and outcome, and from those that say
/// when items were seen.
async fn delete_scans(db: &Database, before: i64) -> Result<()> {
    let sql = "DELETE FROM scan WHERE id IN (SELECT id FROM scan AS old WHERE started < $1 AND outcome IS NOT NULL \
               AND EXISTS (SELECT 1 FROM scan AS later WHERE later.connection = old.connection \
               AND later.outcome = old.outcome AND later.id > old.id) \
               AND NOT EXISTS (SELECT 1 FROM connection WHERE old.id IN (seen_by, read_by)) \
               AND NOT EXISTS (SELECT 1 FROM item WHERE item.connection = old.connection AND item.scan = old.id) \
               ORDER BY id LIMIT 100)";
    db.run(sql, &[&before]).await.map(drop)
}

/// Deletes long texts that no item has. Ends of scans that may add references to them wait meanwhile.
pub(crate) async fn delete_texts(db: &Database) -> Result<()> {
    let sql =
        "SELECT pg_try_advisory_xact_lock(hashtext('scanner-cli long texts ' || current_schema()))";
    if !db.row(sql, &[]).await?.get::<_, bool>(0) {
        return Ok(());
    }
    let sql = "WITH used AS MATERIALIZED (SELECT DISTINCT place.value ->> 1 AS hash FROM content, \
               json_array_elements(texts::json) AS place (value) WHERE texts IS NOT NULL) \
               DELETE FROM long_text WHERE NOT EXISTS (SELECT 1 FROM used WHERE used.hash = long_text.hash)";
    db.run(sql, &[]).await.map(drop)
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
