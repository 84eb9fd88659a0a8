//! Writes what a scan saw to the database, each batch in one transaction.
//!
//! An unchanged item costs little: one search in the index, one narrow row read and written.

use catalog_model::{ChangeKind, ItemState};
use rusqlite::{Connection, params};

use super::{
    change::Numbered,
    hashes::hash,
    running::{Known, Running},
    sighting::{Difference, Seen, Sighting},
    stored_item::StoredItem,
    texts,
};

mod containers;
mod excluded;
mod statements;

use self::statements::Statements;

/// Writes a batch. The caller commits the transaction.
pub(super) fn take(
    db: &Connection,
    running: &mut Running,
    batch: Vec<Sighting>,
) -> rusqlite::Result<()> {
    let mut statements = Statements::prepare(db)?;
    for sighting in batch {
        match sighting {
            Sighting::Item(seen) => statements.item(db, running, seen)?,
            Sighting::Unchanged(key) => statements.unchanged(running, &key)?,
            Sighting::Unreadable(id) => {
                running.counts.unreadable += 1;
                let Running { scan, attempt, .. } = *running;
                statements.unreadable.execute(params![scan, attempt, id])?;
            }
            Sighting::Ruled(ruled) => statements.ruled(running, &ruled)?,
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
    fn item(&mut self, db: &Connection, running: &mut Running, seen: Seen) -> rusqlite::Result<()> {
        let rank = (seen.precedence, seen.source_id.as_str());
        if let Some(rival) = self.undo.rival(running, &seen.key)?
            && rival.precedence.beats(&rival.source_id, rank)
        {
            running.duplicates.add(&rival.source_id, rank.1);
            return Ok(());
        }
        let Some(mut known) = self.find(seen.key_hash, &seen.key, Some(seen.fingerprint))? else {
            return self.add(db, running, &seen);
        };
        let mut added = false;
        if known.scan == running.scan {
            if known.is_of(running) && !self.replaces(running, &known, &seen)? {
                return Ok(());
            }
            added =
                !self.undo.undo(running, &mut known)? && self.undo.is_added(running, known.id)?;
        }
        running.counts.seen += 1;
        self.merge(db, running, (&known, added), seen)
    }

    /// Compares what a scan saw with what the store has, and writes the difference. If this scan has `added` it, no
    /// unknown field is kept.
    fn merge(
        &mut self,
        db: &Connection,
        running: &mut Running,
        (known, added): (&Known, bool),
        mut seen: Seen,
    ) -> rusqlite::Result<()> {
        if !known.is_same(&seen) && !seen.unknown.is_empty() && !added {
            seen = match self.former(db, known.id)? {
                Some(former) => seen.completed(&former),
                None => seen,
            };
        }
        if known.is_same(&seen) && !known.is_out() {
            let Running { scan, attempt, .. } = *running;
            self.mark.execute(params![known.id, scan, attempt])?;
            return Ok(());
        }
        if added && !known.is_out() {
            return self.write(running, known, &seen, None);
        }
        self.change(db, running, known, &seen)
    }

    /// Takes an item that is as the store has it. What the store does not have as present is not known well enough: it
    /// stays as it was.
    fn unchanged(&mut self, running: &mut Running, key: &str) -> rusqlite::Result<()> {
        if self.undo.rival(running, key)?.is_some() {
            return Ok(());
        }
        let mut known = self.find(hash(key), key, None)?;
        if let Some(known) = known.as_mut().filter(|known| known.scan == running.scan) {
            if known.is_of(running) {
                return Ok(());
            }
            // An earlier attempt of the scan may have written another content.
            self.undo.undo(running, known)?;
        }
        match known {
            Some(known) if !known.is_out() => {
                running.counts.seen += 1;
                let Running { scan, attempt, .. } = *running;
                let marked = self.mark.execute(params![known.id, scan, attempt]);
                marked.map(drop)
            }
            known => {
                running.counts.unreadable += 1;
                self.leave_undecided(running, known)
            }
        }
    }

    /// Whether an item counts rather than the record with its key that this attempt saw before.
    fn replaces(
        &mut self,
        running: &mut Running,
        known: &Known,
        seen: &Seen,
    ) -> rusqlite::Result<bool> {
        if known.state == ItemState::Excluded.code() {
            running.counts.excluded -= 1;
            return Ok(true);
        }
        if known.state == ItemState::Unreadable.code() {
            return Ok(true);
        }
        let held = self.undo.held(known.id)?;
        if !seen.precedence.beats(&seen.source_id, held.rank()) {
            running.duplicates.add(&held.source_id, &seen.source_id);
            return Ok(false);
        }
        running.duplicates.add(&seen.source_id, &held.source_id);
        running.counts.seen -= 1;
        Ok(true)
    }

    /// The item with this key, if the store has it.
    fn find(
        &mut self,
        key_hash: i64,
        key: &str,
        fingerprint: Option<[u8; 16]>,
    ) -> rusqlite::Result<Option<Known>> {
        let mut rows = self.find.query([key_hash])?;
        while let Some(row) = rows.next()? {
            let known = Known {
                id: row.get(0)?,
                fingerprint: row.get(1)?,
                contacts: row.get(2)?,
                state: row.get(3)?,
                scan: row.get(4)?,
                attempt: row.get(5)?,
            };
            // The fingerprint is of the key, too. Only where it differs may this be another key with the same hash.
            if Some(known.fingerprint) == fingerprint
                || self.key_of.exists(params![known.id, key])?
            {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    /// Deletes what only this scan had added.
    fn delete(&mut self, item: i64) -> rusqlite::Result<()> {
        for statement in &mut self.forget {
            statement.execute([item])?;
        }
        Ok(())
    }

    fn add(&mut self, db: &Connection, running: &mut Running, seen: &Seen) -> rusqlite::Result<()> {
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
        ])?;
        let id = db.last_insert_rowid();
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
        self.log(running, id, ChangeKind::Added, None)
    }

    fn change(
        &mut self,
        db: &Connection,
        running: &mut Running,
        known: &Known,
        seen: &Seen,
    ) -> rusqlite::Result<()> {
        let former = self.former(db, known.id)?;
        let difference = seen.difference(former.as_ref());
        let kind = match &difference {
            _ if known.is_out() => Some(ChangeKind::Returned),
            Difference::Revisions => Some(ChangeKind::Rewritten),
            // The source's id alone may be another: an app that was exported and imported again.
            Difference::Fields(fields) => (!fields.is_empty()).then_some(ChangeKind::Changed),
        };
        let fields = match difference {
            Difference::Fields(fields) => fields,
            Difference::Revisions => Vec::new(),
        };
        self.undo.save(running, known.id)?;
        let changed = kind.filter(|kind| *kind != ChangeKind::Rewritten);
        self.write(running, known, seen, changed)?;
        match kind {
            Some(kind) => self.log(running, known.id, kind, Some(&fields)),
            None => Ok(()),
        }
    }

    /// What the store holds of an item; nothing of one that cannot be read.
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

    /// Writes an item over what the store holds of it.
    fn write(
        &mut self,
        running: &Running,
        known: &Known,
        seen: &Seen,
        kind: Option<ChangeKind>,
    ) -> rusqlite::Result<()> {
        let contacts = seen.contacts.as_ref();
        let Running { scan, attempt, .. } = *running;
        self.update.execute(params![
            known.id,
            seen.fingerprint,
            contacts.map(|contacts| contacts.fingerprint),
            scan,
            attempt,
        ])?;
        self.texts.write(&seen.texts)?;
        self.update_content
            .execute(params![
                known.id,
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
    ) -> rusqlite::Result<()> {
        *running.counts.of(kind) += 1;
        let fields = fields.filter(|fields| !fields.is_empty());
        let fields = fields.map(|fields| serde_json::json!(fields).to_string());
        let seq = self.log.insert(params![
            running.scan,
            item,
            kind.code(),
            fields,
            running.time
        ])?;
        match kind {
            ChangeKind::Added => Ok(()),
            _ => self.undo.logged(item, seq),
        }
    }
}
