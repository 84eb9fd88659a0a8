//! Forgets a connection.

use catalog_model::ItemKey;
use catalog_store::ConnectionContents;

use crate::{
    connecting::Database,
    error::Result,
    index,
    lease::Fence,
    pruning::{delete_items, delete_texts},
    values::storable,
    writer::{count_removed, interrupt},
};

/// Number of items that a transaction deletes.
const STEP: i64 = 5_000;

/// Marks the items and containers that followers have received as gone, as a scan of its own.
pub(crate) async fn remove_all(db: &Database, code: &str, now: i64) -> Result<()> {
    let sql = "SELECT id FROM connection WHERE code = $1 FOR UPDATE";
    let Some(row) = db.optional(sql, &[&code]).await? else {
        return Ok(());
    };
    let connection: i64 = row.get(0);
    interrupt(db, connection).await?;
    let sql = "DELETE FROM checkpoint WHERE connection = $1";
    db.run(sql, &[&connection]).await?;
    let sql = "SELECT count(*), count(*) FILTER (WHERE container_kind IS NULL) FROM item \
               WHERE connection = $1 AND state IN (0, 1)";
    let row = db.row(sql, &[&connection]).await?;
    let (all, items): (i64, i64) = (row.get(0), row.get(1));
    if all == 0 {
        return Ok(());
    }
    let sql = "UPDATE log SET last = last + $1 RETURNING last";
    let last: i64 = db.row(sql, &[&all]).await?.get(0);
    let first = last - all;
    let sql = "INSERT INTO scan (connection, started, ended, outcome, removed, log_from, log_to) \
               VALUES ($1, $2, $2, 'complete', $3, $4, $5) RETURNING id";
    let scan: i64 = db
        .row(sql, &[&connection, &now, &items, &first, &last])
        .await?
        .get(0);
    let sql = "INSERT INTO change (seq, scan, item, kind, time, connection, is_container) \
               SELECT $1 + row_number() OVER (ORDER BY id), $2, id, 2, $3, $4, container_kind IS NOT NULL \
               FROM item WHERE connection = $4 AND state IN (0, 1)";
    db.run(sql, &[&first, &scan, &now, &connection]).await?;
    count_removed(db, (now, connection), items).await?;
    let sql =
        "UPDATE item SET state = 3, gone_since = $2 WHERE connection = $1 AND state IN (0, 1)";
    db.run(sql, &[&connection, &now]).await?;
    db.batch("UPDATE index_state SET generation = generation + 1")
        .await
}

/// Counts what the store contains of a connection.
pub(crate) async fn contents(db: &Database, code: &str) -> Result<Option<ConnectionContents>> {
    let sql = "SELECT id, name FROM connection WHERE code = $1";
    let Some(row) = db.optional(sql, &[&code]).await? else {
        return Ok(None);
    };
    let connection: i64 = row.get(0);
    let count = async |sql: &str| -> Result<i64> {
        let row = db.row(sql, &[&connection]).await?;
        Ok(row.get(0))
    };
    Ok(Some(ConnectionContents {
        name: row.get(1),
        items: count("SELECT count(*) FROM item WHERE connection = $1 AND container_kind IS NULL").await?,
        gone: count(
            "SELECT count(*) FROM item WHERE connection = $1 AND container_kind IS NULL AND state = 3",
        )
        .await?,
        addresses: count(
            "SELECT count(DISTINCT lower(person.value ->> 'email')) FROM item JOIN content ON content.item = item.id \
             CROSS JOIN json_array_elements(contacts::json) AS person (value) WHERE connection = $1",
        )
        .await?,
        scans: count("SELECT count(*) FROM scan WHERE connection = $1").await?,
        changes: count(
            "SELECT count(*) FROM change JOIN item ON item.id = change.item \
             WHERE item.connection = $1 AND container_kind IS NULL",
        )
        .await?,
    }))
}

/// Removes a connection. Each transaction deletes some of its items; its row goes last, so that this can be repeated.
pub(crate) async fn forget(db: &Database, fence: &Fence, code: &str) -> Result<()> {
    let sql = "SELECT id FROM connection WHERE code = $1";
    let Some(row) = db.optional(sql, &[&code]).await? else {
        return Ok(());
    };
    let connection: i64 = row.get(0);
    loop {
        let sql = "SELECT id FROM item WHERE connection = $1 LIMIT $2";
        let rows = db.rows(sql, &[&connection, &STEP]).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        if ids.is_empty() {
            break;
        }
        db.begin().await?;
        delete_items(db, &ids).await?;
        fence.check(db).await?;
        db.batch("COMMIT").await?;
    }
    db.begin().await?;
    if let Ok(key) = ItemKey::new([code]) {
        let below = format!("{}/", storable(key.as_str()));
        for table in ["follower_note", "follower_refusal"] {
            let sql = format!("DELETE FROM {table} WHERE starts_with(key, $1)");
            db.run(&sql, &[&below]).await?;
        }
    }
    db.run(index::LOCK, &[]).await?;
    // A step that had read the items before they were deleted may have indexed them after that.
    let sql = "SELECT id FROM doc WHERE connection = $1";
    let rows = db.rows(sql, &[&connection]).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    index::delete(db, &ids).await?;
    index::delete_unused(db).await?;
    delete_texts(db).await?;
    for sql in [
        "DELETE FROM hour WHERE connection = $1",
        "DELETE FROM checkpoint WHERE connection = $1",
        "DELETE FROM scan WHERE connection = $1",
        "DELETE FROM connection WHERE id = $1",
    ] {
        db.run(sql, &[&connection]).await?;
    }
    fence.check(db).await?;
    db.batch("COMMIT").await
}
