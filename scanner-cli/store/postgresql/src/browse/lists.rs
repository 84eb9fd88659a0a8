//! Queries of the index, apart from the log of changes.

use catalog_store::{
    backend::{
        COLUMNS, FacetKind, FacetText, IndexedEntity, IndexedOwner, Matching, OrderValue, hash,
    },
    browse::{IndexState, Sort},
};
use tokio_postgres::{Row, types::ToSql};

use crate::{
    connecting::Database,
    error::Result,
    values::{key_print, storable},
};

/// Number of rows of large tables that are read at once.
const PAGE: i64 = 50_000;
/// Maximum number of rows that are counted for a request.
const MAX_COUNTED: i64 = 10_000;

/// The generation of the index, and how far it is.
pub(super) async fn state(db: &Database) -> Result<(i64, IndexState)> {
    let sql = "SELECT generation, is_complete, (SELECT count(*) FROM (SELECT FROM to_index LIMIT $1) AS few), \
               CASE WHEN NOT is_complete THEN (SELECT count(*) FROM (SELECT FROM doc LIMIT $1) AS few) END, \
               CASE WHEN NOT is_complete THEN (SELECT count(*) FROM (SELECT FROM item LIMIT $1) AS few) END, \
               CASE WHEN NOT is_complete THEN (SELECT item FROM to_index LIMIT 1) END, \
               CASE WHEN NOT is_complete THEN (SELECT max(id) FROM item) END FROM index_state";
    let row = db.row(sql, &[&MAX_COUNTED]).await?;
    let (is_complete, missing): (bool, i64) = (row.get(1), row.get(2));
    let count = |column| row.get::<_, Option<i64>>(column).unwrap_or_default();
    let state = match missing {
        // Above the limit, ids say how many there are. Rows of `to_index` are taken in the order in which they were added.
        _ if !is_complete => {
            let total = match count(4) {
                few @ ..MAX_COUNTED => few,
                _ => count(6),
            };
            let indexed = match count(3) {
                few @ ..MAX_COUNTED => few,
                _ => row.get::<_, Option<i64>>(5).map_or(total, |next| next - 1),
            };
            IndexState::Building {
                indexed: indexed.min(total).unsigned_abs(),
                total: total.unsigned_abs(),
            }
        }
        0 => IndexState::Current,
        changes => IndexState::Behind {
            changes: changes.unsigned_abs(),
        },
    };
    Ok((row.get(0), state))
}

/// The highest number of an item or container.
pub(super) async fn last_entity(db: &Database) -> Result<i64> {
    let sql = "SELECT coalesce(max(id), 0) FROM doc";
    Ok(db.row(sql, &[]).await?.get(0))
}

/// The next items and containers after a number.
pub(super) async fn entities(db: &Database, after: i64) -> Result<Vec<IndexedEntity>> {
    let sql = "SELECT doc.id, doc.connection, kind, state, flags, name_length, facets FROM doc \
               JOIN item ON item.id = doc.id WHERE doc.id > $1 ORDER BY doc.id LIMIT $2";
    let small =
        |row: &Row, column: usize| u8::try_from(row.get::<_, i16>(column)).unwrap_or(u8::MAX);
    let entity = |row: &Row| IndexedEntity {
        id: row.get(0),
        connection: row.get(1),
        kind: u8::try_from(row.get::<_, i32>(2)).unwrap_or(u8::MAX),
        state: small(row, 3),
        flags: small(row, 4),
        name_length: small(row, 5),
        set: u32::try_from(row.get::<_, i64>(6)).unwrap_or(u32::MAX),
    };
    db.map_rows(sql, &[&after, &PAGE], entity).await
}

/// The next sets of facets after a number.
pub(super) async fn facet_sets(db: &Database, after: i64) -> Result<Vec<(i64, Vec<u8>)>> {
    let sql = "SELECT id, facets FROM facet_set WHERE id > $1 ORDER BY id LIMIT $2";
    let set = |row: &Row| (row.get(0), row.get(1));
    db.map_rows(sql, &[&after, &PAGE], set).await
}

pub(super) async fn facets(db: &Database) -> Result<Vec<(i64, u8, u8)>> {
    let facet = |row: &Row| {
        let kind = u8::try_from(row.get::<_, i16>(1)).unwrap_or(u8::MAX);
        (row.get(0), kind, extra(row.get(2)))
    };
    db.map_rows("SELECT id, kind, extra FROM facet", &[], facet)
        .await
}

/// The number of a kind of containers.
fn extra(number: i32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// Existing items that have the last part of their key in common with one that another container holds: connection, hash, and
/// container.
pub(super) async fn shared(db: &Database) -> Result<Vec<[i64; 3]>> {
    let sql = "SELECT connection, tail, parent FROM (SELECT doc.connection, tail, parent, min(parent) OVER same AS least, \
               max(parent) OVER same AS most FROM doc JOIN item ON item.id = doc.id \
               WHERE kind = 0 AND state IN (0, 1) AND parent > 0 \
               WINDOW same AS (PARTITION BY doc.connection, tail)) AS held WHERE least < most ORDER BY 1, 2, 3";
    let shared = |row: &Row| [row.get(0), row.get(1), row.get(2)];
    db.map_rows(sql, &[], shared).await
}

pub(super) async fn owners(db: &Database) -> Result<Vec<IndexedOwner>> {
    let sql = "SELECT facet, owner.connection, value, account, name, email, status, sort_name FROM owner \
               JOIN facet ON facet.id = owner.facet";
    let owner = |row: &Row| IndexedOwner {
        facet: row.get(0),
        connection: row.get(1),
        value: row.get(2),
        account: row.get(3),
        name: row.get(4),
        email: row.get(5),
        status: row.get(6),
        sort_name: row.get(7),
    };
    db.map_rows(sql, &[], owner).await
}

/// Finds the items and containers with these words. Words of a name are also words of all texts, so that rows are read once.
pub(super) async fn matching(db: &Database, query: &str) -> Result<Matching> {
    // In a query of its own, the text is converted once and not for each row.
    let words = "(SELECT $1::text::tsquery)";
    let numbers = format!("id * 2 + (of_name @@ {words})::int");
    let sql = all_numbers(&numbers, &format!("doc_words WHERE of_all @@ {words}"));
    let mut all = read_all(db, &sql, &[&query]).await?;
    let in_name = all.iter().filter(|number| *number % 2 == 1);
    let in_name = in_name.map(|number| number / 2).collect();
    all.iter_mut().for_each(|number| *number /= 2);
    Ok(Matching { all, in_name })
}

/// Selects the numbers of very many rows. A message for each number would take several times as long.
fn all_numbers(number: &str, rows: &str) -> String {
    format!("SELECT string_agg(int8send({number}), '') FROM {rows}")
}

/// Reads numbers, and sorts them. The server would sort rows with all their columns.
async fn read_all(db: &Database, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<i64>> {
    let row = db.row(sql, values).await?;
    let bytes = row.get::<_, Option<&[u8]>>(0).unwrap_or_default();
    let numbers = bytes.as_chunks::<8>().0.iter();
    let mut numbers: Vec<i64> = numbers.map(|number| i64::from_be_bytes(*number)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

pub(super) async fn named(db: &Database, name: &str) -> Result<Vec<i64>> {
    let sql = "SELECT item.id FROM item JOIN doc ON doc.id = item.id WHERE key_print = $1 \
               UNION SELECT id FROM doc WHERE source = $2 UNION SELECT id FROM doc WHERE kind = 0 AND tail = $2";
    numbers(db, sql, &[&&key_print(name)[..], &hash(name)]).await
}

/// The numbers of all items and containers in an order.
pub(super) async fn in_order(db: &Database, sort: Sort) -> Result<Vec<i64>> {
    let sql = match sort {
        Sort::Relevance | Sort::Name => "SELECT id FROM doc ORDER BY sort_name, id",
        // The index has the first characters of keys.
        Sort::Key => {
            "SELECT item.id FROM item JOIN doc ON doc.id = item.id ORDER BY left(key, 500), key, item.id"
        }
        Sort::Changed => "SELECT id FROM doc ORDER BY changed DESC, id DESC",
        Sort::FirstSeen => "SELECT id FROM doc ORDER BY first_seen DESC, id DESC",
    };
    numbers(db, sql, &[]).await
}

/// The first item or container after a place. Those that the store has deleted are skipped.
pub(super) async fn next_after(
    db: &Database,
    sort: Sort,
    (value, id): (OrderValue, i64),
) -> Result<Option<i64>> {
    let sql = match sort {
        Sort::Relevance | Sort::Name => {
            "SELECT doc.id FROM doc JOIN item ON item.id = doc.id \
             WHERE (sort_name, doc.id) > ($1 COLLATE \"C\", $2) ORDER BY sort_name, doc.id LIMIT 1"
        }
        Sort::Key => {
            "SELECT item.id FROM item JOIN doc ON doc.id = item.id \
             WHERE left(key, 500) >= left($1, 500) COLLATE \"C\" AND (key, item.id) > ($1 COLLATE \"C\", $2) \
             ORDER BY left(key, 500), key, item.id LIMIT 1"
        }
        Sort::Changed => {
            "SELECT doc.id FROM doc JOIN item ON item.id = doc.id \
             WHERE (changed, doc.id) < ($1, $2) ORDER BY changed DESC, doc.id DESC LIMIT 1"
        }
        Sort::FirstSeen => {
            "SELECT doc.id FROM doc JOIN item ON item.id = doc.id \
             WHERE (first_seen, doc.id) < ($1, $2) ORDER BY first_seen DESC, doc.id DESC LIMIT 1"
        }
    };
    let found = match value {
        OrderValue::Text(text) => db.optional(sql, &[&storable(&text), &id]).await?,
        OrderValue::Number(number) => db.optional(sql, &[&number, &id]).await?,
    };
    Ok(found.map(|row| row.get(0)))
}

pub(super) async fn order_value(db: &Database, sort: Sort, id: i64) -> Result<Option<OrderValue>> {
    let sql = match sort {
        Sort::Relevance | Sort::Name => "SELECT sort_name FROM doc WHERE id = $1",
        Sort::Key => "SELECT key FROM item WHERE id = $1",
        Sort::Changed => "SELECT changed FROM doc WHERE id = $1",
        Sort::FirstSeen => "SELECT first_seen FROM doc WHERE id = $1",
    };
    let found = db.optional(sql, &[&id]).await?;
    Ok(found.map(|row| match sort {
        Sort::Changed | Sort::FirstSeen => OrderValue::Number(row.get(0)),
        _ => OrderValue::Text(row.get(0)),
    }))
}

/// The facets of values: the value, the number, and the number of the kind of containers.
pub(super) async fn facets_with(
    db: &Database,
    kind: FacetKind,
    values: &[String],
) -> Result<Vec<(String, u32, u8)>> {
    let prints: Vec<_> = values.iter().map(|value| key_print(value)).collect();
    let prints: Vec<&[u8]> = prints.iter().map(|print| &print[..]).collect();
    let sql = "SELECT value, id, extra FROM facet WHERE print = ANY($1) AND kind = $2";
    let rows = db.rows(sql, &[&prints, &(kind as i16)]).await?;
    let found = rows.iter().map(|row| {
        let facet = u32::try_from(row.get::<_, i64>(1)).unwrap_or(u32::MAX);
        (row.get(0), facet, extra(row.get(2)))
    });
    Ok(found.collect())
}

pub(super) async fn facet_values(db: &Database, facets: &[i64]) -> Result<Vec<(u32, FacetText)>> {
    let sql = "SELECT id, value, label FROM facet WHERE id = ANY($1)";
    let rows = db.rows(sql, &[&facets]).await?;
    let values = rows.iter().map(|row| {
        let facet = u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX);
        let (value, label) = (row.get(1), row.get(2));
        (facet, FacetText { value, label })
    });
    Ok(values.collect())
}

pub(super) async fn dated_before(db: &Database, property: &str, before: i64) -> Result<Vec<i64>> {
    let sql = all_numbers("doc", "doc_date WHERE property = $1 AND time < $2");
    read_all(db, &sql, &[&property, &before]).await
}

pub(super) async fn texts(db: &Database, ids: &[i64]) -> Result<Vec<(i64, [String; COLUMNS])>> {
    let sql = "SELECT id, columns FROM doc_text WHERE id = ANY($1)";
    let rows = db.rows(sql, &[&ids]).await?;
    let texts = rows.iter().filter_map(|row| {
        let columns: Vec<String> = row.get(1);
        Some((row.get(0), columns.try_into().ok()?))
    });
    Ok(texts.collect())
}

async fn numbers(db: &Database, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<i64>> {
    db.map_rows(sql, values, |row| row.get(0)).await
}
