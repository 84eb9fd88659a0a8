//! Writes records that a filter excludes or cannot decide about.

use catalog_model::{ChangeKind, ItemState};
use rusqlite::params;

use super::Statements;
use crate::{
    change::Numbered,
    hashes::hash,
    running::{Known, Running},
    sighting::{Rival, Ruled},
};

impl Statements<'_> {
    /// Writes a record that a filter excludes or cannot decide about.
    pub(super) fn ruled(&mut self, running: &mut Running, ruled: &Ruled) -> rusqlite::Result<()> {
        let Ruled { key, record, rule } = ruled;
        running.counts.unreadable += i64::from(rule.is_none());
        if let Some(rival) = self.undo.rival(running, key)? {
            if !record.precedence.beats(&record.source_id, rival.rank()) {
                return Ok(());
            }
            running.counts.excluded -= i64::from(rival.excluded);
        }
        self.undo.rule(running, key, record)?;
        let mut known = self.find(hash(key), key, None)?;
        if let Some(seen) = known.as_mut().filter(|known| known.scan == running.scan) {
            match self.make_way(running, seen, record)? {
                Way::Barred => return Ok(()),
                Way::Clear => {}
                Way::Gone => known = None,
            }
        }
        match rule {
            Some(rule) => self.exclude(running, known, Some(rule)),
            None => self.leave_undecided(running, known),
        }
    }

    /// Undoes what this scan wrote about an item for a record that counts less than one that was ruled out.
    fn make_way(
        &mut self,
        running: &mut Running,
        known: &mut Known,
        record: &Rival,
    ) -> rusqlite::Result<Way> {
        let is_item = known.is_of(running) && known.state == ItemState::Present.code();
        if is_item {
            let held = self.undo.held(known.id)?;
            if !record.precedence.beats(&record.source_id, held.rank()) {
                return Ok(Way::Barred);
            }
            running.duplicates.add(&record.source_id, &held.source_id);
            running.counts.seen -= 1;
        }
        if !self.undo.undo(running, known)? && is_item && self.undo.is_added(running, known.id)? {
            running.counts.added -= 1;
            self.delete(known.id)?;
            return Ok(Way::Gone);
        }
        Ok(Way::Clear)
    }

    /// Marks an item as excluded. One that the store does not have is not added.
    pub(super) fn exclude(
        &mut self,
        running: &mut Running,
        known: Option<Known>,
        rule: Option<&str>,
    ) -> rusqlite::Result<()> {
        running.counts.excluded += 1;
        let Some(known) = known else { return Ok(()) };
        let newly = known.state != ItemState::Excluded.code();
        if newly {
            self.undo.save(running, known.id)?;
        }
        let Running { scan, attempt, .. } = *running;
        self.set_state
            .execute(params![known.id, scan, attempt, ItemState::Excluded.code()])?;
        if !newly {
            return Ok(());
        }
        self.log(
            running,
            known.id,
            ChangeKind::Excluded,
            rule.map(|rule| [rule.to_owned()])
                .as_ref()
                .map(|rule| &rule[..]),
        )
    }

    /// Handles an item about which a filter cannot decide: it exists, and stays unchanged.
    pub(super) fn leave_undecided(
        &mut self,
        running: &mut Running,
        known: Option<Known>,
    ) -> rusqlite::Result<()> {
        let Some(known) = known.filter(|known| known.state != ItemState::Gone.code()) else {
            return Ok(());
        };
        let state = match known.is_out() {
            true => ItemState::Excluded,
            false => ItemState::Unreadable,
        };
        self.undo.save(running, known.id)?;
        let Running { scan, attempt, .. } = *running;
        let marks = params![known.id, scan, attempt, state.code()];
        self.set_state.execute(marks).map(drop)
    }
}

/// What prevents a record from being excluded or left undecided.
enum Way {
    /// A record that counts more.
    Barred,
    /// Nothing any more.
    Clear,
    /// Nothing any more, and the store does not have the item: only this scan had added it.
    Gone,
}
