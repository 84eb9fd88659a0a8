//! Writes the observations of a scan to the database, each batch in one transaction.
//!
//! An unchanged item that the thread of the scan did not recognize costs one search in the index.

use std::mem;

use catalog_model::{ChangeKind, ItemState};
use rusqlite::{Connection, params};

use super::{
    change::NumericCode,
    checkpoint,
    first_keys::{self, FirstKeys},
    running::{ItemRow, Running},
    sighting::{Difference, SeenEntity, Sighting},
    stored_item::StoredItem,
    texts,
};

mod containers;
mod excluded;
mod statements;

use self::statements::Statements;

/// Writes a batch. The caller commits the transaction.
pub(super) fn write_batch(
    db: &Connection,
    running: &mut Running,
    first_keys: &mut Option<FirstKeys>,
    batch: Vec<Sighting>,
) -> rusqlite::Result<()> {
    if mem::take(&mut running.has_checkpoint) {
        checkpoint::delete(db, running.connection)?;
    }
    let mut statements = Statements::prepare(db, first_keys)?;
    for sighting in batch {
        match sighting {
            Sighting::Item(seen) => statements.item(db, running, seen)?,
            Sighting::Unchanged(rest) => running.unread = Some(rest),
            Sighting::State(state) => running.state = Some(state),
            Sighting::Unreadable(id) => {
                running.counts.unreadable += 1;
                let Running { scan, attempt, .. } = *running;
                statements.unreadable.execute(params![scan, attempt, id])?;
            }
            Sighting::Withheld(record) => statements.write_withheld(running, &record)?,
            Sighting::Container(seen, inclusion) => {
                statements.container(db, running, *seen, inclusion)?;
            }
            Sighting::HiddenContainers(kind) => {
                running.hidden_containers.insert(kind);
            }
        }
    }
    Ok(())
}

impl Statements<'_> {
    fn item(
        &mut self,
        db: &Connection,
        running: &mut Running,
        seen: SeenEntity,
    ) -> rusqlite::Result<()> {
        let rank = (seen.precedence, seen.source_id.as_str());
        if let Some(withheld) = self.undo.withheld(running, &seen.key)?
            && withheld.precedence.beats(&withheld.source_id, rank)
        {
            running.duplicates.add(&withheld.source_id, rank.1);
            return Ok(());
        }
        let Some(mut stored) = self.find(seen.key_hash, &seen.key, Some(seen.fingerprint))? else {
            return self.add(db, running, &seen);
        };
        let mut added = false;
        if stored.is_of(running) {
            if stored.is_seen_by(running) && !self.replaces(running, &stored, &seen)? {
                return Ok(());
            }
            added =
                !self.undo.undo(running, &mut stored)? && self.undo.is_added(running, stored.id)?;
        }
        running.counts.seen += 1;
        self.merge(db, running, (&stored, added), seen)
    }

    /// Compares an entity with the stored one, and writes the difference. Unknown fields keep their stored values,
    /// unless this scan has `added` the item.
    fn merge(
        &mut self,
        db: &Connection,
        running: &mut Running,
        (stored, added): (&ItemRow, bool),
        mut seen: SeenEntity,
    ) -> rusqlite::Result<()> {
        if !stored.is_same(&seen) && !seen.unknown.is_empty() && !added {
            seen = match self.former(db, stored.id)? {
                Some(former) => seen.completed(&former),
                None => seen,
            };
        }
        if stored.is_same(&seen) && !stored.is_removed_from_catalog() {
            return self.see(running, stored, seen.digest);
        }
        if added && !stored.is_removed_from_catalog() {
            return self.write(running, stored, &seen, None);
        }
        self.change(db, running, stored, &seen)
    }

    /// Notes that an item is as it was. Writes nothing if its record is known.
    fn see(
        &mut self,
        running: &Running,
        stored: &ItemRow,
        digest: Option<[u8; 16]>,
    ) -> rusqlite::Result<()> {
        let is_same_record = digest.is_none() || digest == stored.digest;
        let is_present = stored.state == ItemState::Present.code();
        if is_same_record && is_present && running.known.see(stored.record()) {
            return Ok(());
        }
        if !is_same_record {
            running.known.write(stored.record());
        }
        let Running { scan, attempt, .. } = *running;
        let marks = params![stored.id, scan, attempt, digest];
        self.mark.execute(marks).map(drop)
    }

    /// Whether an item replaces the record with the same key that this attempt saw before.
    fn replaces(
        &mut self,
        running: &mut Running,
        stored: &ItemRow,
        seen: &SeenEntity,
    ) -> rusqlite::Result<bool> {
        if stored.state == ItemState::Excluded.code() {
            running.counts.excluded -= 1;
            return Ok(true);
        }
        if stored.state == ItemState::Unreadable.code() {
            return Ok(true);
        }
        let current_record = self.undo.current_record(stored.id)?;
        if !seen
            .precedence
            .beats(&seen.source_id, current_record.rank())
        {
            running
                .duplicates
                .add(&current_record.source_id, &seen.source_id);
            return Ok(false);
        }
        running
            .duplicates
            .add(&seen.source_id, &current_record.source_id);
        running.counts.seen -= 1;
        Ok(true)
    }

    /// Finds the row of the item with this key.
    fn find(
        &mut self,
        key_hash: i64,
        key: &str,
        fingerprint: Option<[u8; 16]>,
    ) -> rusqlite::Result<Option<ItemRow>> {
        if let Some(first) = self.first_keys {
            if first.is_new(key_hash) {
                return Ok(None);
            }
            self.use_index()?;
        }
        let mut rows = self.find.query([key_hash])?;
        while let Some(row) = rows.next()? {
            let stored = ItemRow {
                id: row.get(0)?,
                fingerprint: row.get(1)?,
                contacts: row.get(2)?,
                state: row.get(3)?,
                scan: row.get(4)?,
                attempt: row.get(5)?,
                digest: row.get(6)?,
            };
            // The fingerprint includes the key. Only if it differs, this may be another key with the same hash.
            if Some(stored.fingerprint) == fingerprint
                || self.key_of.exists(params![stored.id, key])?
            {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// Finds items by the index from now on.
    fn use_index(&mut self) -> rusqlite::Result<()> {
        *self.first_keys = None;
        first_keys::create_index(self.db)
    }

    /// Deletes an item that only this scan had added.
    fn delete(&mut self, item: i64) -> rusqlite::Result<()> {
        for statement in &mut self.forget {
            statement.execute([item])?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        db: &Connection,
        running: &mut Running,
        seen: &SeenEntity,
    ) -> rusqlite::Result<()> {
        let Running {
            scan,
            connection,
            attempt,
            time,
            ..
        } = *running;
        let contacts = seen.contacts.as_ref();
        let container_kind = seen.container_kind.map(|kind| self.container_kind(kind));
        self.insert.execute(params![
            connection,
            seen.key_hash,
            seen.fingerprint,
            contacts.map(|contacts| contacts.fingerprint),
            scan,
            attempt,
            container_kind.transpose()?,
            seen.digest,
        ])?;
        let id = db.last_insert_rowid();
        if let Some(first) = self.first_keys
            && !first.add(seen.key_hash)
        {
            self.use_index()?;
        }
        self.texts.write(&seen.texts)?;
        self.insert_content.execute(params![
            id,
            seen.key,
            seen.source_id,
            time,
            scan,
            contacts.map(|contacts| &contacts.json),
            seen.content,
            texts::references(&seen.texts),
        ])?;
        running.counts.seen += 1;
        self.log(running, id, ChangeKind::Added, None).map(drop)
    }

    fn change(
        &mut self,
        db: &Connection,
        running: &mut Running,
        stored: &ItemRow,
        seen: &SeenEntity,
    ) -> rusqlite::Result<()> {
        let former = self.former(db, stored.id)?;
        let difference = seen.difference(former.as_ref());
        let kind = match &difference {
            _ if stored.is_removed_from_catalog() => Some(ChangeKind::Returned),
            Difference::Revisions => Some(ChangeKind::Rewritten),
            // Only the source's id may differ, for example after an app was exported and imported again.
            Difference::Fields(fields, _) => (!fields.is_empty()).then_some(ChangeKind::Changed),
        };
        let (fields, values) = match difference {
            Difference::Fields(fields, values) => (fields, values),
            Difference::Revisions => (Vec::new(), None),
        };
        self.undo.save(running, stored.id)?;
        let changed = kind.filter(|kind| *kind != ChangeKind::Rewritten);
        self.write(running, stored, seen, changed)?;
        let Some(kind) = kind else { return Ok(()) };
        let seq = self.log(running, stored.id, kind, Some(&fields))?;
        if let Some(values) = values {
            self.log_values.execute(params![seq, values])?;
        }
        Ok(())
    }

    /// Reads the stored item; `None` if its content cannot be read.
    fn former(
        &mut self,
        db: &Connection,
        item: i64,
    ) -> rusqlite::Result<Option<StoredItem<'static>>> {
        let mut rows = self.load.query([item])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let contacts = row.get_ref(2)?.as_str_or_null()?;
        let Ok(mut former) = StoredItem::read(row.get_ref(0)?.as_str()?, contacts) else {
            return Ok(None);
        };
        texts::load(db, &mut former, row.get_ref(1)?.as_str_or_null()?)?;
        Ok(Some(former))
    }

    /// Overwrites a stored item.
    fn write(
        &mut self,
        running: &Running,
        stored: &ItemRow,
        seen: &SeenEntity,
        kind: Option<ChangeKind>,
    ) -> rusqlite::Result<()> {
        running.known.write(stored.record());
        let contacts = seen.contacts.as_ref();
        let Running { scan, attempt, .. } = *running;
        self.update.execute(params![
            stored.id,
            seen.fingerprint,
            contacts.map(|contacts| contacts.fingerprint),
            scan,
            attempt,
            seen.digest,
        ])?;
        self.texts.write(&seen.texts)?;
        self.update_content
            .execute(params![
                stored.id,
                seen.source_id,
                kind.map(|_| scan),
                contacts.map(|contacts| &contacts.json),
                seen.content,
                texts::references(&seen.texts),
            ])
            .map(drop)
    }

    fn log(
        &mut self,
        running: &mut Running,
        item: i64,
        kind: ChangeKind,
        fields: Option<&[String]>,
    ) -> rusqlite::Result<i64> {
        *running.counts.of_kind(kind) += 1;
        let fields = fields.filter(|fields| !fields.is_empty());
        let fields = fields.map(|fields| serde_json::json!(fields).to_string());
        let seq = self.log.insert(params![
            running.scan,
            item,
            kind.code(),
            fields,
            running.time
        ])?;
        if !mem::replace(&mut running.has_logged, true) {
            self.first_change.execute([running.scan, seq])?;
        }
        if kind != ChangeKind::Added {
            self.undo.logged(item, seq)?;
        }
        Ok(seq)
    }
}
