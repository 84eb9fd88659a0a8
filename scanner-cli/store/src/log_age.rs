//! How long changes stay in the log, and how far the clock is trusted that measures this.

use rusqlite::Connection;

/// The changes and scans that are too old: those before the first time, as seen from the second one. Both are in
/// milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// What is older is deleted.
    pub before: i64,
    /// What is later is dated by a clock that was wrong.
    pub now: i64,
}

impl Expiry {
    /// What is older than `keep` at `now`.
    pub(super) fn new(db: &Connection, now: i64, keep: i64) -> rusqlite::Result<Self> {
        Ok(Self::before(
            trusted(db, now, MAX_CLOCK_STEP.min(keep))?,
            keep,
        ))
    }

    /// What is older than `keep` at `now`, as far as the scans with these beginnings, the last one first, confirm the clock.
    #[must_use]
    pub fn confirmed_by(scans: &[i64], now: i64, keep: i64) -> Self {
        let scans = scans.iter().copied();
        Self::before(confirmed(scans, now, MAX_CLOCK_STEP.min(keep)), keep)
    }

    fn before(now: i64, keep: i64) -> Self {
        let before = now.saturating_sub(keep);
        Self { before, now }
    }

    /// Which of the first changes of the log, given by position and time, are too old: those up to the position that is
    /// returned, about as many as `limit`, and whether there may be more.
    ///
    /// # Errors
    /// If a change cannot be read.
    pub fn expired<E>(
        self,
        changes: impl Iterator<Item = Result<(i64, i64), E>>,
        limit: usize,
    ) -> Result<Option<(i64, bool)>, E> {
        let Self { before, now } = self;
        let (mut old, mut count, mut kept) = (None, 0, None);
        for change in changes {
            let (seq, time) = change?;
            if (before..=now).contains(&time) {
                kept = Some(seq);
                break;
            }
            if time < before {
                if count >= limit {
                    break;
                }
                old = Some(seq);
            }
            count += usize::from(old.is_some());
        }
        let forgotten = old.map(|old| kept.map_or(old, |kept| kept - 1));
        Ok(forgotten.map(|forgotten| (forgotten, kept.is_none() && count >= limit)))
    }
}

/// Deletes the first changes that are too old, about as many as `limit`, so that the log does not grow without limit.
/// Returns whether there may be more.
///
/// Changes are deleted in the order of the log, so that a clock that was wrong for a while leaves no gaps: a change
/// that is dated in the future is deleted together with the changes around it.
pub(super) fn forget(db: &Connection, expiry: Expiry, limit: usize) -> rusqlite::Result<bool> {
    let mut log = db.prepare_cached("SELECT seq, time FROM change ORDER BY seq")?;
    let changes = log.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((forgotten, has_more)) = expiry.expired(changes, limit)? else {
        return Ok(false);
    };
    db.execute("DELETE FROM change WHERE seq <= ?1", [forgotten])?;
    db.execute("UPDATE forgotten SET seq = ?1 WHERE seq < ?1", [forgotten])?;
    Ok(has_more)
}

/// Largest step of the clock between two scans, in milliseconds, that is accepted at once. A larger one may be an
/// error.
const MAX_CLOCK_STEP: i64 = 30 * DAY_MILLIS;
/// How long scans must continue after a larger step, in milliseconds, before the new time is accepted.
const CLOCK_CONFIRMATION: i64 = 7 * DAY_MILLIS;
/// Maximum number of scans that are searched for such a step.
pub const MAX_CHECKED_SCANS: i64 = 5_000;
const DAY_MILLIS: i64 = 24 * 3_600_000;

/// Returns the time from which ages are measured, as far as scans confirm the clock.
pub(super) fn trusted_now(db: &Connection, now: i64) -> rusqlite::Result<i64> {
    trusted(db, now, MAX_CLOCK_STEP)
}

/// Returns the time from which ages are measured: `now`, or the time of the scan before a recent step of the clock that
/// is larger than `step` (in milliseconds). A clock that is years ahead for one scan must not delete the log.
fn trusted(db: &Connection, now: i64, step: i64) -> rusqlite::Result<i64> {
    let mut scans = db.prepare_cached("SELECT started FROM scan ORDER BY id DESC LIMIT ?1")?;
    let scans = scans.query_map([MAX_CHECKED_SCANS], |row| row.get(0))?;
    let scans = scans.collect::<rusqlite::Result<Vec<i64>>>()?;
    Ok(confirmed(scans.into_iter(), now, step))
}

/// `now`, or the beginning of the scan before a recent step of the clock that is larger than `step`.
fn confirmed(scans: impl Iterator<Item = i64>, now: i64, step: i64) -> i64 {
    let mut later = now;
    for started in scans {
        if started > now {
            continue;
        }
        if later.saturating_sub(started) > step {
            return started;
        }
        if started <= now.saturating_sub(CLOCK_CONFIRMATION) {
            break;
        }
        later = started;
    }
    now
}
