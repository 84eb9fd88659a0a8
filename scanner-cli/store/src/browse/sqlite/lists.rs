//! Queries of the index, apart from the log of changes.

use rusqlite::{Connection, OptionalExtension, Row, params, types::Value};

use super::super::{
    Sort,
    backend::{FacetText, IndexedEntity, IndexedOwner, Matching, OrderValue},
    document::{COLUMNS, FacetKind},
    words::Expression,
};
use crate::{StoredConnection, hashes::hash};

pub(super) fn last_entity(db: &Connection) -> rusqlite::Result<i64> {
    let last: Option<i64> = db.query_row("SELECT max(id) FROM doc", [], |row| row.get(0))?;
    Ok(last.unwrap_or_default())
}

pub(super) fn each_entity(
    db: &Connection,
    each: &mut dyn FnMut(IndexedEntity),
) -> rusqlite::Result<()> {
    let mut items = db.prepare(
        "SELECT id, connection, kind, state, flags, name_length, facets FROM doc ORDER BY id",
    )?;
    let mut rows = items.query([])?;
    while let Some(row) = rows.next()? {
        each(IndexedEntity {
            id: row.get(0)?,
            connection: row.get(1)?,
            kind: row.get(2)?,
            state: row.get(3)?,
            flags: row.get(4)?,
            name_length: row.get(5)?,
            set: row.get(6)?,
        });
    }
    Ok(())
}

pub(super) fn each_facet_set(
    db: &Connection,
    each: &mut dyn FnMut(i64, &[u8]),
) -> rusqlite::Result<()> {
    let mut sets = db.prepare("SELECT id, facets FROM facet_set ORDER BY id")?;
    let mut rows = sets.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, row.get_ref(1)?.as_blob()?);
    }
    Ok(())
}

pub(super) fn each_facet(
    db: &Connection,
    each: &mut dyn FnMut(i64, u8, u8),
) -> rusqlite::Result<()> {
    let mut facets = db.prepare("SELECT id, kind, extra FROM facet")?;
    let mut rows = facets.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, row.get(1)?, row.get(2)?);
    }
    Ok(())
}

/// Reads all items that have a container: those that share nothing do no harm.
pub(super) fn each_shared(
    db: &Connection,
    each: &mut dyn FnMut((i64, i64), i64),
) -> rusqlite::Result<()> {
    let mut items = db.prepare(
        "SELECT connection, tail, parent FROM doc WHERE kind = 0 AND state IN (0, 1) AND parent > 0 \
         ORDER BY connection, tail, parent",
    )?;
    let mut rows = items.query([])?;
    while let Some(row) = rows.next()? {
        each((row.get(0)?, row.get(1)?), row.get(2)?);
    }
    Ok(())
}

pub(super) fn each_owner(
    db: &Connection,
    each: &mut dyn FnMut(IndexedOwner),
) -> rusqlite::Result<()> {
    let mut owners = db.prepare_cached(
        "SELECT facet, owner.connection, value, account, name, email, status, sort_name FROM owner \
         JOIN facet ON facet.id = owner.facet",
    )?;
    let mut rows = owners.query([])?;
    while let Some(row) = rows.next()? {
        each(IndexedOwner {
            facet: row.get(0)?,
            connection: row.get(1)?,
            value: row.get(2)?,
            account: row.get(3)?,
            name: row.get(4)?,
            email: row.get(5)?,
            status: row.get(6)?,
            sort_name: row.get(7)?,
        });
    }
    Ok(())
}

pub(super) fn matching(db: &Connection, words: &Expression) -> rusqlite::Result<Matching> {
    let Some(expression) = words.to_sqlite() else {
        return Ok(Matching::default());
    };
    let mut find = db.prepare_cached("SELECT rowid FROM search WHERE search MATCH ?1")?;
    let mut find = |expression: &str| -> rusqlite::Result<Vec<i64>> {
        find.query_map([expression], |row| row.get(0))?.collect()
    };
    Ok(Matching {
        all: find(&expression)?,
        in_name: find(&format!("{{name}} : ({expression})"))?,
    })
}

pub(super) fn named(
    db: &Connection,
    connections: &[StoredConnection],
    name: &str,
) -> rusqlite::Result<Vec<i64>> {
    let mut by_key = db.prepare_cached("SELECT id FROM doc WHERE key = ?1")?;
    let mut by_source = db.prepare_cached("SELECT id FROM doc WHERE source = ?1")?;
    let mut by_tail =
        db.prepare_cached("SELECT id FROM doc WHERE kind = 0 AND connection = ?1 AND tail = ?2")?;
    let id = |row: &Row<'_>| row.get::<_, i64>(0);
    let mut ids = Vec::new();
    for found in by_key.query_map([name], id)? {
        ids.push(found?);
    }
    for found in by_source.query_map([hash(name)], id)? {
        ids.push(found?);
    }
    for connection in connections {
        for found in by_tail.query_map(params![connection.id(), hash(name)], id)? {
            ids.push(found?);
        }
    }
    Ok(ids)
}

/// The column of an order, and its direction.
fn order_by(sort: Sort) -> (&'static str, &'static str) {
    match sort {
        Sort::Relevance | Sort::Name => ("sort_name", "ASC"),
        Sort::Key => ("key", "ASC"),
        Sort::Changed => ("changed", "DESC"),
        Sort::FirstSeen => ("first_seen", "DESC"),
    }
}

pub(super) fn each_in_order(
    db: &Connection,
    sort: Sort,
    each: &mut dyn FnMut(i64),
) -> rusqlite::Result<()> {
    let (column, direction) = order_by(sort);
    let sql = format!("SELECT id FROM doc ORDER BY {column} {direction}, id {direction}");
    let mut items = db.prepare(&sql)?;
    let mut rows = items.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?);
    }
    Ok(())
}

pub(super) fn next_after(
    db: &Connection,
    sort: Sort,
    (value, id): (&OrderValue, i64),
) -> rusqlite::Result<Option<i64>> {
    let (column, direction) = order_by(sort);
    let compared = if direction == "ASC" { ">" } else { "<" };
    let sql = format!(
        "SELECT id FROM doc WHERE ({column}, id) {compared} (?1, ?2) \
         ORDER BY {column} {direction}, id {direction} LIMIT 1"
    );
    let value = match value {
        OrderValue::Text(text) => Value::Text(text.clone()),
        OrderValue::Number(number) => Value::Integer(*number),
    };
    let mut next = db.prepare_cached(&sql)?;
    next.query_row(params![value, id], |row| row.get(0))
        .optional()
}

pub(super) fn order_value(
    db: &Connection,
    sort: Sort,
    id: i64,
) -> rusqlite::Result<Option<OrderValue>> {
    let (column, _) = order_by(sort);
    let sql = format!("SELECT {column} FROM doc WHERE id = ?1");
    let mut find = db.prepare_cached(&sql)?;
    let found = find.query_row([id], |row| {
        Ok(match sort {
            Sort::Changed | Sort::FirstSeen => OrderValue::Number(row.get(0)?),
            _ => OrderValue::Text(row.get(0)?),
        })
    });
    found.optional()
}

pub(super) fn facet(
    db: &Connection,
    kind: FacetKind,
    value: &str,
) -> rusqlite::Result<Option<(u32, u8)>> {
    let mut find =
        db.prepare_cached("SELECT id, extra FROM facet WHERE kind = ?1 AND value = ?2")?;
    let found = find.query_row(params![kind.code(), value], |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    found.optional()
}

pub(super) fn facet_values(
    db: &Connection,
    facets: &[u32],
) -> rusqlite::Result<Vec<(u32, FacetText)>> {
    let mut find = db.prepare_cached("SELECT value, label FROM facet WHERE id = ?1")?;
    let mut values = Vec::with_capacity(facets.len());
    for facet in facets {
        let found = find.query_row([facet], |row| {
            let (value, label) = (row.get(0)?, row.get(1)?);
            Ok((*facet, FacetText { value, label }))
        });
        values.extend(found.optional()?);
    }
    Ok(values)
}

pub(super) fn dated_before(
    db: &Connection,
    property: &str,
    before: i64,
) -> rusqlite::Result<Vec<i64>> {
    let mut find =
        db.prepare_cached("SELECT doc FROM date WHERE property = ?1 AND time < ?2 ORDER BY doc")?;
    find.query_map(params![property, before], |row| row.get(0))?
        .collect()
}

pub(super) fn texts(
    db: &Connection,
    ids: &[i64],
) -> rusqlite::Result<Vec<(i64, [String; COLUMNS])>> {
    let mut find = db.prepare_cached(
        "SELECT name, description, containers, owners, tags, more FROM search WHERE rowid = ?1",
    )?;
    let mut texts = Vec::with_capacity(ids.len());
    for id in ids {
        let found = find.query_row([id], |row| {
            let mut columns: [String; COLUMNS] = Default::default();
            for (number, column) in columns.iter_mut().enumerate() {
                *column = row.get(number)?;
            }
            Ok((*id, columns))
        });
        texts.extend(found.optional()?);
    }
    Ok(texts)
}
