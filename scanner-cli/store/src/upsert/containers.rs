//! Writes containers to the database. Unlike items, they occur once, are not excluded by a rule, and are not counted.

use std::mem;

use catalog_model::{ContainerKind, Inclusion};
use rusqlite::Connection;

use super::{Statements, params};
use crate::{
    running::{ItemRow, Running},
    sighting::SeenEntity,
};

impl Statements<'_> {
    pub(super) fn container(
        &mut self,
        db: &Connection,
        running: &mut Running,
        seen: SeenEntity,
        inclusion: Inclusion,
    ) -> rusqlite::Result<()> {
        // The counts of a scan are those of items.
        mem::swap(&mut running.counts, &mut running.container_counts);
        let taken = self.take_container(db, running, seen, inclusion);
        mem::swap(&mut running.counts, &mut running.container_counts);
        taken
    }

    fn take_container(
        &mut self,
        db: &Connection,
        running: &mut Running,
        seen: SeenEntity,
        inclusion: Inclusion,
    ) -> rusqlite::Result<()> {
        let Some(mut stored) = self.find(seen.key_hash, &seen.key, Some(seen.fingerprint))? else {
            return match inclusion {
                Inclusion::Included => self.add(db, running, &seen),
                Inclusion::Excluded | Inclusion::Undecided => Ok(()),
            };
        };
        let mut added = false;
        if stored.is_of(running) {
            if stored.is_seen_by(running) {
                // A container should occur only once.
                return Ok(());
            }
            added =
                !self.undo.undo(running, &mut stored)? && self.undo.is_added(running, stored.id)?;
        }
        match inclusion {
            Inclusion::Included => self.merge(db, running, (&stored, added), seen),
            // Only an earlier attempt of this scan had included it.
            Inclusion::Excluded | Inclusion::Undecided if added => self.delete(stored.id),
            Inclusion::Excluded => self.exclude(running, Some(stored), None),
            Inclusion::Undecided if stored.is_removed_from_catalog() => {
                self.leave(running, &stored)
            }
            Inclusion::Undecided => self.merge(db, running, (&stored, added), seen),
        }
    }

    /// Keeps the state of a container that is gone or excluded.
    fn leave(&mut self, running: &Running, stored: &ItemRow) -> rusqlite::Result<()> {
        let Running { scan, attempt, .. } = *running;
        let marks = params![stored.id, scan, attempt, stored.state];
        self.set_state.execute(marks).map(drop)
    }

    /// Returns the id of a kind in the database, and adds it if necessary.
    pub(super) fn container_kind(&mut self, kind: ContainerKind) -> rusqlite::Result<i64> {
        let names = [kind.id, kind.label];
        self.insert_container_kind
            .query_row(names, |row| row.get(0))
    }
}
