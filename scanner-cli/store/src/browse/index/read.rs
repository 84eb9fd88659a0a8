//! Reads documents from the store.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    browse::{
        BrowseSettings,
        document::{Document, DocumentSource, Holder},
    },
    closing::SCANNED_CONNECTIONS,
    hashes::hash,
    stored_item::StoredItem,
    texts,
};

/// A document with its state and what it was made of.
pub(super) struct IndexedDocument {
    pub(super) document: Document,
    pub(super) state: i64,
    pub(super) print: Vec<u8>,
}

/// Compares what was indexed with the store: the fingerprints of content and contacts.
pub(super) fn print(fingerprint: &[u8], contacts: Option<i64>) -> Vec<u8> {
    let mut print = fingerprint.to_vec();
    print.extend(contacts.map(i64::to_le_bytes).into_iter().flatten());
    print
}

/// When the scan that changed an item last began.
const CHANGED: &str = "SELECT coalesce(scan.started, first_seen) FROM content LEFT JOIN scan ON scan.id = content.changed_by \
     WHERE content.item = ?1";

/// Returns when the scan that changed an item last began.
pub(super) fn changed(db: &Connection, id: i64) -> rusqlite::Result<i64> {
    let mut find = db.prepare_cached(CHANGED)?;
    let found = find.query_row([id], |row| row.get(0)).optional()?;
    Ok(found.unwrap_or_default())
}

/// Reads the item or container with this id; `None` if it does not exist, or readers do not see it.
pub(super) fn read(
    db: &Connection,
    id: i64,
    settings: &BrowseSettings,
    holder: &mut dyn FnMut(&str) -> rusqlite::Result<Option<Holder>>,
) -> rusqlite::Result<Option<IndexedDocument>> {
    let mut found = db.prepare_cached(&format!(
        "SELECT item.connection, container_kind, state, fingerprint, contacts_fingerprint, key, first_seen, \
         coalesce(scan.started, first_seen), content, contacts, texts, code, source_id FROM item \
         JOIN content ON content.item = item.id JOIN connection ON connection.id = item.connection \
         LEFT JOIN scan ON scan.id = content.changed_by \
         WHERE item.id = ?1 AND item.connection IN ({SCANNED_CONNECTIONS})"
    ))?;
    let mut rows = found.query([id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let content = row.get_ref(8)?.as_str()?;
    let Ok(mut stored) = StoredItem::read(content, row.get_ref(9)?.as_str_or_null()?) else {
        return Ok(None);
    };
    texts::load(db, &mut stored, row.get_ref(10)?.as_str_or_null()?)?;
    let source = DocumentSource {
        id,
        connection: row.get(0)?,
        code: row.get(11)?,
        kind: row.get(1)?,
        key: row.get(5)?,
        source_id: row.get(12)?,
        first_seen: row.get(6)?,
        changed: row.get(7)?,
        stored,
    };
    let Some(document) = Document::new(source, settings, holder)? else {
        return Ok(None);
    };
    Ok(Some(IndexedDocument {
        document,
        state: row.get(2)?,
        print: print(row.get_ref(3)?.as_blob()?, row.get(4)?),
    }))
}

/// Reads the container with this key.
pub(super) fn holder(db: &Connection, key: &str) -> rusqlite::Result<Option<Holder>> {
    let mut found = db.prepare_cached(
        "SELECT item.id, container_kind, content, texts FROM item JOIN content ON content.item = item.id \
         WHERE key_hash = ?1 AND key = ?2 AND container_kind IS NOT NULL",
    )?;
    let read = found.query_row(params![hash(key), key], |row| {
        let Ok(mut stored) = StoredItem::read(row.get_ref(2)?.as_str()?, None) else {
            return Ok(None);
        };
        texts::load(db, &mut stored, row.get_ref(3)?.as_str_or_null()?)?;
        Ok(Holder::new(row.get(0)?, row.get(1)?, key, stored))
    });
    Ok(read.optional()?.flatten())
}
