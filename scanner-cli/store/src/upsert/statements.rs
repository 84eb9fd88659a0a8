//! The SQL statements of a batch, prepared once for all of its records.

use rusqlite::{CachedStatement, Connection};

use crate::{first_keys::FirstKeys, texts::Texts, undo::Undo};

/// The prepared statements.
pub(super) struct Statements<'a> {
    pub(super) db: &'a Connection,
    pub(super) first_keys: &'a mut Option<FirstKeys>,
    pub(super) find: CachedStatement<'a>,
    pub(super) key_of: CachedStatement<'a>,
    pub(super) mark: CachedStatement<'a>,
    pub(super) set_state: CachedStatement<'a>,
    pub(super) load: CachedStatement<'a>,
    pub(super) texts: Texts<'a>,
    pub(super) insert: CachedStatement<'a>,
    pub(super) insert_container_kind: CachedStatement<'a>,
    pub(super) insert_content: CachedStatement<'a>,
    pub(super) update: CachedStatement<'a>,
    pub(super) update_content: CachedStatement<'a>,
    pub(super) log: CachedStatement<'a>,
    pub(super) log_values: CachedStatement<'a>,
    pub(super) first_change: CachedStatement<'a>,
    pub(super) unreadable: CachedStatement<'a>,
    pub(super) forget: [CachedStatement<'a>; 3],
    pub(super) undo: Undo<'a>,
}

impl<'a> Statements<'a> {
    pub(super) fn prepare(
        db: &'a Connection,
        first_keys: &'a mut Option<FirstKeys>,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            db,
            first_keys,
            find: db.prepare_cached(
                "SELECT id, fingerprint, contacts_fingerprint, state, scan, attempt, digest FROM item WHERE key_hash = ?1",
            )?,
            key_of: db.prepare_cached("SELECT 1 FROM content WHERE item = ?1 AND key = ?2")?,
            mark: db.prepare_cached(
                "UPDATE item SET scan = ?2, attempt = ?3, state = 0, digest = coalesce(?4, digest) WHERE id = ?1",
            )?,
            set_state: db.prepare_cached(
                "UPDATE item SET scan = ?2, attempt = ?3, state = ?4 WHERE id = ?1",
            )?,
            load: db.prepare_cached("SELECT content, texts, contacts FROM content WHERE item = ?1")?,
            texts: Texts::prepare(db)?,
            insert: db.prepare_cached(
                "INSERT INTO item (connection, key_hash, fingerprint, contacts_fingerprint, state, scan, attempt, container_kind, digest) \
                 VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8)",
            )?,
            insert_container_kind: db.prepare_cached(
                "INSERT INTO container_kind (name, label) VALUES (?1, ?2) \
                 ON CONFLICT (name) DO UPDATE SET label = ?2 RETURNING id",
            )?,
            insert_content: db.prepare_cached(
                "INSERT INTO content (item, key, source_id, first_seen, changed_by, contacts, content, texts) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            update: db.prepare_cached(
                "UPDATE item SET fingerprint = ?2, contacts_fingerprint = coalesce(?3, contacts_fingerprint), \
                 scan = ?4, attempt = ?5, state = 0, gone_since = NULL, digest = ?6 WHERE id = ?1",
            )?,
            update_content: db.prepare_cached(
                "UPDATE content SET source_id = ?2, changed_by = coalesce(?3, changed_by), \
                 contacts = coalesce(?4, contacts), content = ?5, texts = ?6 WHERE item = ?1",
            )?,
            log: db.prepare_cached(
                "INSERT INTO change (scan, item, kind, fields, time) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            log_values: db.prepare_cached("INSERT INTO change_value VALUES (?1, ?2)")?,
            first_change: db.prepare_cached(
                "UPDATE scan SET first_change = coalesce(first_change, ?2) WHERE id = ?1",
            )?,
            forget: [
                db.prepare_cached("DELETE FROM change WHERE item = ?1")?,
                db.prepare_cached("DELETE FROM content WHERE item = ?1")?,
                db.prepare_cached("DELETE FROM item WHERE id = ?1")?,
            ],
            undo: Undo::prepare(db)?,
            unreadable: db.prepare_cached("INSERT INTO unreadable VALUES (?1, ?2, ?3)")?,
        })
    }
}
