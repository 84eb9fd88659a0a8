//! The content of items before a scan overwrote it, so that the scan can undo what it wrote about an item.
//!
//! This is necessary if another record with the same key outranks the one that was written, and if a new attempt
//! begins. The item is then compared with its content before the scan. The log and followers do not see the
//! intermediate state.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::{
    change::NumericCode,
    hashes::fingerprint,
    running::{ItemRow, Running},
    sighting::RankedRecord,
    stored_item::precedence,
};
use catalog_model::{ChangeKind, Instant, Precedence};

/// Temporary tables of the writer's connection.
const TABLES: &str = "\
CREATE TEMP TABLE IF NOT EXISTS former (
    item INTEGER PRIMARY KEY, scan INTEGER NOT NULL,
    -- The change that this scan logged about the item.
    logged INTEGER,
    fingerprint BLOB NOT NULL, contacts_fingerprint INTEGER, state INTEGER NOT NULL, gone_since INTEGER,
    item_scan INTEGER NOT NULL, attempt INTEGER NOT NULL,
    source_id TEXT NOT NULL, changed_by INTEGER NOT NULL, contacts TEXT, content TEXT NOT NULL, texts TEXT, digest BLOB
);
-- Records of the running attempt that a filter withholds, by 128 bits of SHA-256 of their keys.
CREATE TEMP TABLE IF NOT EXISTS withheld (
    scan INTEGER NOT NULL, key BLOB NOT NULL,
    excluded INTEGER NOT NULL, standing INTEGER NOT NULL, modified INTEGER, source_id TEXT NOT NULL,
    PRIMARY KEY (scan, key)
) WITHOUT ROWID;";

/// The SQL statements that save and restore items.
pub(super) struct Undo<'a> {
    save: CachedStatement<'a>,
    logged: CachedStatement<'a>,
    former: CachedStatement<'a>,
    restore_item: CachedStatement<'a>,
    restore_content: CachedStatement<'a>,
    drop_former: CachedStatement<'a>,
    kind_of: CachedStatement<'a>,
    unlog: CachedStatement<'a>,
    current_record: CachedStatement<'a>,
    changed_by: CachedStatement<'a>,
    withheld: CachedStatement<'a>,
    withhold: CachedStatement<'a>,
}

impl<'a> Undo<'a> {
    pub(super) fn prepare(db: &'a Connection) -> rusqlite::Result<Self> {
        db.execute_batch(TABLES)?;
        Ok(Self {
            save: db.prepare_cached(
                "INSERT OR IGNORE INTO temp.former SELECT item.id, ?2, NULL, fingerprint, contacts_fingerprint, state, \
                 gone_since, scan, attempt, source_id, changed_by, contacts, content, texts, digest \
                 FROM item JOIN content ON content.item = item.id WHERE item.id = ?1",
            )?,
            logged: db.prepare_cached("UPDATE temp.former SET logged = ?2 WHERE item = ?1")?,
            former: db.prepare_cached(
                "SELECT logged, fingerprint, contacts_fingerprint, state, item_scan, attempt, digest \
                 FROM temp.former WHERE item = ?1 AND scan = ?2",
            )?,
            restore_item: db.prepare_cached(
                "UPDATE item SET (fingerprint, contacts_fingerprint, state, gone_since, scan, attempt, digest) = \
                 (SELECT fingerprint, contacts_fingerprint, state, gone_since, item_scan, attempt, digest \
                 FROM temp.former WHERE item = ?1) WHERE id = ?1",
            )?,
            restore_content: db.prepare_cached(
                "UPDATE content SET (source_id, changed_by, contacts, content, texts) = \
                 (SELECT source_id, changed_by, contacts, content, texts FROM temp.former WHERE item = ?1) WHERE item = ?1",
            )?,
            drop_former: db.prepare_cached("DELETE FROM temp.former WHERE item = ?1")?,
            kind_of: db.prepare_cached("SELECT kind FROM change WHERE seq = ?1")?,
            unlog: db.prepare_cached("DELETE FROM change WHERE seq = ?1")?,
            current_record: db.prepare_cached("SELECT source_id, content FROM content WHERE item = ?1")?,
            changed_by: db.prepare_cached("SELECT changed_by FROM content WHERE item = ?1")?,
            withheld: db.prepare_cached(
                "SELECT excluded, standing, modified, source_id FROM temp.withheld WHERE scan = ?1 AND key = ?2",
            )?,
            withhold: db.prepare_cached("INSERT OR REPLACE INTO temp.withheld VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?,
        })
    }

    /// Saves an item before the scan overwrites it for the first time.
    pub(super) fn save(&mut self, running: &Running, item: i64) -> rusqlite::Result<()> {
        self.save.execute([item, running.scan]).map(drop)
    }

    /// Records the change that the scan logged about an item.
    pub(super) fn logged(&mut self, item: i64, seq: i64) -> rusqlite::Result<()> {
        self.logged.execute([item, seq]).map(drop)
    }

    /// Restores an item to its content before the scan, if the scan has overwritten it. Returns whether it has.
    pub(super) fn undo(
        &mut self,
        running: &mut Running,
        stored: &mut ItemRow,
    ) -> rusqlite::Result<bool> {
        let read = |row: &rusqlite::Row<'_>| {
            let former = ItemRow {
                id: stored.id,
                fingerprint: row.get(1)?,
                contacts: row.get(2)?,
                state: row.get(3)?,
                scan: row.get(4)?,
                attempt: row.get(5)?,
                digest: row.get(6)?,
            };
            Ok((row.get::<_, Option<i64>>(0)?, former))
        };
        let former = self.former.query_row([stored.id, running.scan], read);
        let Some((logged, former)) = former.optional()? else {
            return Ok(false);
        };
        self.restore_item.execute([stored.id])?;
        self.restore_content.execute([stored.id])?;
        self.drop_former.execute([stored.id])?;
        if let Some(seq) = logged {
            let kind = self.kind_of.query_row([seq], |row| row.get(0)).optional()?;
            if let Some(kind) = kind.and_then(ChangeKind::from_code) {
                *running.counts.of_kind(kind) -= 1;
            }
            self.unlog.execute([seq])?;
        }
        *stored = former;
        Ok(true)
    }

    /// Returns the record from which the item was written.
    pub(super) fn current_record(&mut self, item: i64) -> rusqlite::Result<RankedRecord> {
        self.current_record.query_row([item], |row| {
            Ok(RankedRecord {
                source_id: row.get(0)?,
                precedence: precedence(row.get_ref(1)?.as_str()?),
                excluded: false,
            })
        })
    }

    /// Whether the scan added the item, for an item that has nothing to undo.
    pub(super) fn is_added(&mut self, running: &Running, item: i64) -> rusqlite::Result<bool> {
        let changed_by: i64 = self.changed_by.query_row([item], |row| row.get(0))?;
        Ok(changed_by == running.scan)
    }

    /// Returns the record with this key that a filter withheld in this attempt.
    pub(super) fn withheld(
        &mut self,
        running: &Running,
        key: &str,
    ) -> rusqlite::Result<Option<RankedRecord>> {
        if running.withheld == 0 {
            return Ok(None);
        }
        let wanted = params![running.scan, fingerprint(&[key])];
        let withheld = self.withheld.query_row(wanted, |row| {
            let modified: Option<i64> = row.get(2)?;
            Ok(RankedRecord {
                excluded: row.get(0)?,
                precedence: Precedence {
                    standing: row.get(1)?,
                    modified: modified.and_then(|millis| Instant::from_unix_millis(millis).ok()),
                },
                source_id: row.get(3)?,
            })
        });
        withheld.optional()
    }

    /// Records that a filter excludes a record or cannot decide about it.
    pub(super) fn withhold(
        &mut self,
        running: &mut Running,
        key: &str,
        record: &RankedRecord,
    ) -> rusqlite::Result<()> {
        running.withheld += 1;
        let Precedence { standing, modified } = record.precedence;
        let modified = modified.map(Instant::as_unix_millis);
        self.withhold
            .execute(params![
                running.scan,
                fingerprint(&[key]),
                record.excluded,
                standing,
                modified,
                record.source_id
            ])
            .map(drop)
    }
}

/// Returns the scans to which items would refer again if the running scans undid what they wrote.
pub(super) fn former_scans(db: &Connection) -> rusqlite::Result<Vec<i64>> {
    db.execute_batch(TABLES)?;
    let mut scans = db.prepare_cached("SELECT DISTINCT item_scan FROM temp.former")?;
    scans.query_map([], |row| row.get(0))?.collect()
}

/// Forgets the records that a filter withheld in an attempt.
pub(super) fn forget_attempt(db: &Connection, scan: i64) -> rusqlite::Result<()> {
    db.execute_batch(TABLES)?;
    db.execute("DELETE FROM temp.withheld WHERE scan = ?1", [scan])
        .map(drop)
}

/// Forgets everything about a scan that has ended.
pub(super) fn forget_scan(db: &Connection, scan: i64) -> rusqlite::Result<()> {
    forget_attempt(db, scan)?;
    db.execute("DELETE FROM temp.former WHERE scan = ?1", [scan])
        .map(drop)
}
