//! Deletes what the store keeps no longer: old changes, old scans, items that have been gone for long.
//!
//! Each transaction deletes a limited number of rows. The first one is part of the end of a scan; the others run while
//! the writer has nothing else to do, so that they delay no scan and no other process for long.

use std::{collections::HashSet, mem};

use rusqlite::{Connection, params};

use super::{
    forget,
    limits::StoreLimits,
    log_age::{self, Expiry},
    texts, undo,
};

/// Maximum number of changes that a transaction deletes.
const MAX_CHANGES: usize = 5_000;
/// Maximum number of gone items that a transaction deletes.
const MAX_GONE: usize = 500;
/// Maximum number of scans that a transaction deletes.
const MAX_SCANS: usize = 1_000;
/// Number of items whose scans are read in one step.
const ITEMS_READ: i64 = 50_000;
/// Number of steps after a scan. What is left is deleted after the next one.
const MAX_STEPS: usize = 100;
/// Number of items for each old scan from which on it is worthwhile to read which scans they refer to.
const ITEMS_FOR_SCAN: i64 = 1_000;

/// What is to be deleted after a scan.
pub(super) struct Pruning {
    expiry: Expiry,
    /// Items that have been gone since then, or longer, are deleted.
    gone_before: Option<i64>,
    steps: usize,
    next: Step,
}

/// What the next step does.
enum Step {
    Rows,
    /// Collects the scans to which items refer, from this item on.
    References {
        after: i64,
        scans: HashSet<i64>,
    },
    /// Deletes the other old scans, from this scan on.
    Scans {
        after: i64,
        referred: HashSet<i64>,
    },
    Nothing,
}

impl Pruning {
    /// What is too old at the end of a scan that began at `began`, in milliseconds since 1970.
    pub(super) fn new(
        db: &Connection,
        limits: &StoreLimits,
        (began, now): (i64, i64),
    ) -> rusqlite::Result<Self> {
        let millis =
            |kept: jiff::SignedDuration| i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let gone = limits
            .keep_gone
            .map(|keep| forget::gone_before(db, now, millis(keep)));
        Ok(Self {
            expiry: Expiry::new(db, now, millis(limits.keep_changes))?,
            // What this scan marks as gone stays until the next one, so that followers receive the removal first.
            gone_before: gone
                .transpose()?
                .map(|before| before.min(began.saturating_sub(1))),
            steps: MAX_STEPS,
            next: Step::Rows,
        })
    }

    /// Deletes the first items and changes, in the transaction at the end of the scan.
    pub(super) fn first(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if !self.rows(db)? {
            self.next = references(db, self.expiry)?;
        }
        Ok(())
    }

    /// Whether nothing is left to do.
    pub(super) fn is_done(&self) -> bool {
        self.steps == 0 || matches!(self.next, Step::Nothing)
    }

    /// Takes one step, in a transaction. `running` scans belong to this process.
    pub(super) fn step(&mut self, db: &Connection, running: usize) -> rusqlite::Result<()> {
        self.steps = self.steps.saturating_sub(1);
        self.next = match mem::replace(&mut self.next, Step::Nothing) {
            Step::Rows => match self.rows(db)? {
                true => Step::Rows,
                false => references(db, self.expiry)?,
            },
            Step::References { after, scans } => read_references(db, after, scans)?,
            // A scan of another process may make items refer to old scans again, if it has to undo what it wrote.
            Step::Scans { .. } if open_scans(db)? > running => Step::Nothing,
            Step::Scans { after, referred } => delete_scans(db, self.expiry, (after, referred))?,
            Step::Nothing => Step::Nothing,
        };
        Ok(())
    }

    /// Deletes some items and changes. Returns whether there may be more.
    fn rows(&self, db: &Connection) -> rusqlite::Result<bool> {
        let gone = self
            .gone_before
            .map(|before| forget::delete_gone(db, before, MAX_GONE));
        let is_gone_left = gone.transpose()?.unwrap_or(false);
        let is_left = log_age::forget(db, self.expiry, MAX_CHANGES)?;
        texts::remove_unused(db)?;
        Ok(is_gone_left || is_left)
    }
}

/// The scans to which connections refer.
const SCANS_OF_CONNECTIONS: &str = "SELECT seen_by FROM connection WHERE seen_by IS NOT NULL \
     UNION SELECT read_by FROM connection WHERE read_by IS NOT NULL";

/// Scans that are old and have ended, apart from the last one of each connection and outcome, and from those to which
/// connections refer.
fn old_scans() -> String {
    format!(
        "SELECT id FROM scan WHERE id > ?1 AND started < ?2 AND outcome IS NOT NULL AND id < (SELECT max(later.id) \
         FROM scan AS later WHERE later.connection = scan.connection AND later.outcome = scan.outcome) \
         AND id NOT IN ({SCANS_OF_CONNECTIONS})"
    )
}

/// Begins with the scans, if there are enough old ones for the number of items.
fn references(db: &Connection, expiry: Expiry) -> rusqlite::Result<Step> {
    let items: Option<i64> = db.query_row("SELECT max(id) FROM item", [], |row| row.get(0))?;
    let enough = 1 + items.unwrap_or_default() / ITEMS_FOR_SCAN;
    let old: i64 = db.query_row(
        &format!("SELECT count(*) FROM ({} LIMIT ?3)", old_scans()),
        params![0, expiry.before, enough],
        |row| row.get(0),
    )?;
    Ok(match old >= enough {
        true => Step::References {
            after: 0,
            scans: HashSet::new(),
        },
        false => Step::Nothing,
    })
}

/// Number of scans of all processes that have no end.
fn open_scans(db: &Connection) -> rusqlite::Result<usize> {
    let sql = "SELECT count(*) FROM scan WHERE outcome IS NULL";
    let open: i64 = db.query_row(sql, [], |row| row.get(0))?;
    Ok(usize::try_from(open).unwrap_or_default())
}

/// Reads the scans of the next items.
fn read_references(db: &Connection, after: i64, mut scans: HashSet<i64>) -> rusqlite::Result<Step> {
    let mut items =
        db.prepare_cached("SELECT id, scan FROM item WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let mut rows = items.query([after, ITEMS_READ])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        last = Some(row.get(0)?);
        scans.insert(row.get(1)?);
    }
    Ok(match last {
        Some(after) => Step::References { after, scans },
        None => Step::Scans {
            after: 0,
            referred: scans,
        },
    })
}

/// Deletes the next old scans to which no item refers. Items that were written in the meantime refer to newer scans.
fn delete_scans(
    db: &Connection,
    expiry: Expiry,
    (after, mut referred): (i64, HashSet<i64>),
) -> rusqlite::Result<Step> {
    referred.extend(undo::former_scans(db)?);
    let mut old = db.prepare_cached(&format!("{} ORDER BY id LIMIT ?3", old_scans()))?;
    let old: Vec<i64> = old
        .query_map(params![after, expiry.before, MAX_SCANS as i64], |row| {
            row.get(0)
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut delete = db.prepare_cached("DELETE FROM scan WHERE id = ?1")?;
    for scan in old.iter().filter(|scan| !referred.contains(scan)) {
        delete.execute([scan])?;
    }
    Ok(match old.last() {
        Some(after) if old.len() == MAX_SCANS => Step::Scans {
            after: *after,
            referred,
        },
        _ => Step::Nothing,
    })
}

#[cfg(test)]
mod tests;
