//! Writes records that a filter excludes or cannot decide about.

use catalog_model::{ChangeKind, ItemState};
use rusqlite::params;

use super::Statements;
use crate::{
    change::NumericCode,
    hashes::hash,
    running::{ItemRow, Running},
    sighting::{RankedRecord, WithheldRecord},
};

impl Statements<'_> {
    /// Writes a record that a filter excludes or cannot decide about.
    pub(super) fn write_withheld(
        &mut self,
        running: &mut Running,
        withheld: &WithheldRecord,
    ) -> rusqlite::Result<()> {
        let WithheldRecord { key, record, rule } = withheld;
        running.counts.unreadable += i64::from(rule.is_none());
        if let Some(withheld) = self.undo.withheld(running, key)? {
            if !record.precedence.beats(&record.source_id, withheld.rank()) {
                return Ok(());
            }
            running.counts.excluded -= i64::from(withheld.excluded);
        }
        self.undo.withhold(running, key, record)?;
        let mut stored = self.find(hash(key), key, None)?;
        if let Some(seen) = stored.as_mut().filter(|stored| stored.is_of(running)) {
            match self.displace_item(running, seen, record)? {
                Displacement::Kept => return Ok(()),
                Displacement::Restored => {}
                Displacement::Deleted => stored = None,
            }
        }
        match rule {
            Some(rule) => self.exclude(running, stored, Some(rule)),
            None => self.leave_undecided(running, stored),
        }
    }

    /// Undoes what this scan wrote about an item, if a withheld record with the same key outranks it.
    fn displace_item(
        &mut self,
        running: &mut Running,
        stored: &mut ItemRow,
        record: &RankedRecord,
    ) -> rusqlite::Result<Displacement> {
        let is_item = stored.is_seen_by(running) && stored.state == ItemState::Present.code();
        if is_item {
            let current_record = self.undo.current_record(stored.id)?;
            if !record
                .precedence
                .beats(&record.source_id, current_record.rank())
            {
                return Ok(Displacement::Kept);
            }
            running
                .duplicates
                .add(&record.source_id, &current_record.source_id);
            running.counts.seen -= 1;
        }
        if !self.undo.undo(running, stored)? && is_item && self.undo.is_added(running, stored.id)? {
            running.counts.added -= 1;
            self.delete(stored.id)?;
            return Ok(Displacement::Deleted);
        }
        Ok(Displacement::Restored)
    }

    /// Marks an item as excluded. Does not add an item that the store does not have.
    pub(super) fn exclude(
        &mut self,
        running: &mut Running,
        stored: Option<ItemRow>,
        rule: Option<&str>,
    ) -> rusqlite::Result<()> {
        running.counts.excluded += 1;
        let Some(stored) = stored else { return Ok(()) };
        let newly = stored.state != ItemState::Excluded.code();
        if newly {
            self.undo.save(running, stored.id)?;
        }
        running.known.write(stored.record());
        let Running { scan, attempt, .. } = *running;
        self.set_state.execute(params![
            stored.id,
            scan,
            attempt,
            ItemState::Excluded.code()
        ])?;
        if !newly {
            return Ok(());
        }
        self.log(
            running,
            stored.id,
            ChangeKind::Excluded,
            rule.map(|rule| [rule.to_owned()])
                .as_ref()
                .map(|rule| &rule[..]),
        )
        .map(drop)
    }

    /// Handles an item about which a filter cannot decide. It exists, and its content does not change.
    pub(super) fn leave_undecided(
        &mut self,
        running: &mut Running,
        stored: Option<ItemRow>,
    ) -> rusqlite::Result<()> {
        let Some(stored) = stored.filter(|stored| stored.state != ItemState::Gone.code()) else {
            return Ok(());
        };
        let state = match stored.is_removed_from_catalog() {
            true => ItemState::Excluded,
            false => ItemState::Unreadable,
        };
        self.undo.save(running, stored.id)?;
        running.known.write(stored.record());
        let Running { scan, attempt, .. } = *running;
        let marks = params![stored.id, scan, attempt, state.code()];
        self.set_state.execute(marks).map(drop)
    }
}

/// What happened to the item that this scan wrote with the key of a withheld record.
enum Displacement {
    /// It is kept, because its record ranks higher.
    Kept,
    /// It is restored to its content before the scan.
    Restored,
    /// It is deleted, because only this scan had added it.
    Deleted,
}
