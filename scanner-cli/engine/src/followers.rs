//! Followers: what receives the store's changes, each after its own cursor, at least once and in order.
//!
//! They are never in the way of a scan: they read the store at one moment, after the scans, and a follower that fails
//! stays where it was until its next turn.

use std::{
    cell::Cell,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use catalog_model::{ConnectionCode, with_causes};

use crate::{
    clock::Clock,
    home::Home,
    lock::{Lock, NotLocked},
    store::{
        Catalog, CatalogItem, Change, Cursors, ItemScope, ItemState, StoreError, StoredConnection,
    },
};

mod ndjson;
#[cfg(test)]
mod tests;

pub use ndjson::Ndjson;

/// Receives the store's changes.
pub trait Follower: Send {
    /// The name under which the store keeps its cursor. What would have to begin anew has another name.
    fn name(&self) -> &str;

    /// Takes what is new, and says with [`Delivery::took`] how far it has come. What it did not take comes again, and
    /// so may what it did.
    ///
    /// # Errors
    /// When it cannot take more now; the next delivery begins where it said it was.
    fn take(&mut self, delivery: &Delivery<'_>) -> Result<Vec<Delivered>, FollowError>;

    /// The files of this machine that hold items of a connection.
    fn files_of(&self, _code: &ConnectionCode) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// What a follower is to take.
pub struct Delivery<'a> {
    catalog: &'a Catalog,
    start: Start,
    /// The last change that the follower has taken, if it took any. It is written when nobody reads any more: a store
    /// with a rollback journal cannot be written meanwhile.
    reached: &'a Cell<Option<i64>>,
    until: i64,
    stop: &'a AtomicBool,
}

/// From where a follower goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It is new, or so far behind that the store has forgotten changes, or what it has comes from another store (a
    /// backup was restored): it forgets what it has, and takes all items that are there.
    Reset,
    /// It takes the changes after this one.
    After(i64),
}

/// What a follower has written for a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The code of the connection.
    pub connection: String,
    /// The number of items.
    pub items: u64,
    /// Where to, as people would name it.
    pub target: String,
}

/// Why a follower could not take something.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody wants the run to end.
    #[error("interrupted")]
    Stopped,
    /// What it writes to failed.
    #[error("{message}")]
    Target {
        /// What failed.
        message: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// How a follower's turn ended.
#[derive(Debug)]
pub struct Followed {
    /// The name of the follower.
    pub follower: String,
    /// What it has written.
    pub outcome: Result<Vec<Delivered>, FollowError>,
}

impl Followed {
    /// A turn that did not come to any follower.
    pub fn nobody(error: FollowError) -> Self {
        Self {
            follower: "(all)".to_owned(),
            outcome: Err(error),
        }
    }
}

/// What is there as far as anybody knows: what could not be read is unknown, not gone.
pub const THERE: &[ItemState] = &[ItemState::Present, ItemState::Unreadable];

/// A follower that fails is tried so often in its turn, after pauses.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// So long another process may take for its turn.
const OTHERS_TURN: Duration = Duration::from_secs(60);

impl Delivery<'_> {
    /// From where the follower goes on.
    pub fn start(&self) -> Start {
        self.start
    }

    /// The connections of the store.
    pub fn connections(&self) -> &[StoredConnection] {
        self.catalog.connections()
    }

    /// Gives the items of a connection that are there to `each`, sorted by key.
    ///
    /// # Errors
    /// Those of `each`, and of the store.
    pub fn each_item(
        &self,
        connection: &StoredConnection,
        mut each: impl FnMut(CatalogItem<'_>) -> Result<(), FollowError>,
    ) -> Result<(), FollowError> {
        let scope = ItemScope {
            connection: Some(connection),
            states: THERE,
        };
        self.catalog.each_item(scope, |item| {
            if self.stop.load(Ordering::Relaxed) {
                return Err(FollowError::Stopped);
            }
            each(item)
        })
    }

    /// Gives each change after the cursor to `each`, in order; none after a reset.
    ///
    /// # Errors
    /// Those of `each`, and of the store.
    pub fn each_change(
        &self,
        each: impl FnMut(Change) -> Result<(), FollowError>,
    ) -> Result<(), FollowError> {
        match self.start {
            Start::Reset => Ok(()),
            Start::After(seq) => self.catalog.each_delivery(seq, self.until, each),
        }
    }

    /// Notes that the follower has taken all changes up to `seq`, so that they do not come again.
    pub fn took(&self, seq: i64) {
        self.reached.set(Some(seq));
    }

    /// Notes that the follower has taken everything.
    pub fn took_all(&self) {
        match self.start {
            // Nothing is new, so nothing is written.
            Start::After(seq) if seq == self.until => {}
            _ => self.took(self.until),
        }
    }
}

/// What a turn of all followers needs.
#[derive(Clone, Copy)]
pub struct Delivering<'a> {
    /// The home.
    pub home: &'a Home,
    /// The clock.
    pub clock: Clock,
    /// Set when somebody wants the run to end.
    pub stop: &'a Arc<AtomicBool>,
}

impl Delivering<'_> {
    /// Gives each follower what is new in the store.
    ///
    /// # Errors
    /// When the store itself cannot be used.
    pub fn deliver(self, followers: &mut [Box<dyn Follower>]) -> Result<Vec<Followed>, StoreError> {
        if followers.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.lock();
        let cursors = Cursors::open(&self.home.store(), self.stop)?;
        end_killed_scans(&cursors, self.home, self.clock)?;
        let mut all = Vec::new();
        for follower in followers {
            let mut outcome = self.turn(&cursors, follower.as_mut());
            for pause in PAUSES {
                if outcome.is_ok() || self.stop.load(Ordering::Relaxed) {
                    break;
                }
                thread::sleep(pause);
                outcome = self.turn(&cursors, follower.as_mut());
            }
            if let Err(error) = &outcome {
                cursors.failed_with(follower.name(), &with_causes(error), (self.clock)())?;
            }
            all.push(Followed {
                follower: follower.name().to_owned(),
                outcome,
            });
        }
        Ok(all)
    }

    /// Waits until no other process delivers, so that nobody writes what is older over what is newer. One that hangs is
    /// not waited for for ever; whatever it then overwrites, the next turn writes again.
    fn lock(self) -> Option<Lock> {
        let begun = Instant::now();
        while begun.elapsed() < OTHERS_TURN && !self.stop.load(Ordering::Relaxed) {
            match Lock::take(&self.home.turn(), (self.clock)()) {
                Ok(lock) => return Some(lock),
                Err(NotLocked::Unusable(_)) => return None,
                Err(NotLocked::Busy(_)) => thread::sleep(Duration::from_millis(50)),
            }
        }
        None
    }

    fn turn(
        self,
        cursors: &Cursors,
        follower: &mut dyn Follower,
    ) -> Result<Vec<Delivered>, FollowError> {
        let name = follower.name().to_owned();
        let reached = Cell::new(None);
        let taken = self.give(cursors.of(&name)?.reached, follower, &reached);
        // Of a follower that failed in the middle, too.
        if let Some(seq) = reached.get() {
            cursors.reached(&name, seq, (self.clock)())?;
        }
        taken
    }

    /// Gives a follower what came after `cursor`; the store is open for reading as long as this takes.
    fn give(
        self,
        cursor: Option<i64>,
        follower: &mut dyn Follower,
        reached: &Cell<Option<i64>>,
    ) -> Result<Vec<Delivered>, FollowError> {
        let Some(catalog) = Catalog::open(&self.home.store())? else {
            return Ok(Vec::new());
        };
        let settled = catalog.settled()?;
        let start = match cursor {
            Some(seq) if seq >= catalog.forgotten()? => Start::After(seq),
            _ => Start::Reset,
        };
        // A scan that began since may hold back changes before the cursor; what was taken stays taken.
        let until = match start {
            Start::After(seq) => settled.max(seq),
            Start::Reset => settled,
        };
        follower.take(&Delivery {
            catalog: &catalog,
            start,
            reached,
            until,
            stop: self.stop,
        })
    }
}

/// A scan without an end whose connection nobody has locked was killed. It must not hold up the followers.
fn end_killed_scans(cursors: &Cursors, home: &Home, clock: Clock) -> Result<(), StoreError> {
    for code in cursors.open_scans()? {
        let Ok(code) = ConnectionCode::new(&code) else {
            continue;
        };
        if let Ok(_lock) = Lock::take(&home.data(&code, "lock"), clock()) {
            cursors.interrupted(code.as_str())?;
        }
    }
    Ok(())
}
