//! The followers' turns of the long-running scanner: one at a time, after scans, and again after a failure.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use catalog_model::{counted, with_causes};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::{
    clock::Clock,
    followers::{Delivering, Followed, Follower},
    home::Home,
    service_state::Tallies,
    store::StoreError,
};

/// The followers, and when their next turn is.
pub(super) struct Following {
    home: Home,
    clock: Clock,
    followers: Option<Followers>,
    /// What they become when their turn has ended.
    replaced: Option<Followers>,
    due: Option<Instant>,
    turn: Option<JoinHandle<Turn>>,
    stop: Arc<AtomicBool>,
    /// What was told of the last turn, so that it is told once.
    failed: Option<String>,
}

type Followers = Vec<Box<dyn Follower>>;

/// A turn that has ended.
pub(super) struct Turn {
    followers: Followers,
    /// None if it panicked.
    outcome: Option<Result<Vec<Followed>, StoreError>>,
}

/// A follower that failed is tried again after so long.
const AGAIN: Duration = Duration::from_secs(60);

impl Following {
    pub(super) fn new(home: Home, clock: Clock, followers: Followers) -> Self {
        Self {
            home,
            clock,
            followers: Some(followers),
            replaced: None,
            due: None,
            turn: None,
            stop: Arc::default(),
            failed: None,
        }
    }

    /// The store may have something new.
    pub(super) fn wake(&mut self) {
        self.due = Some(Instant::now());
    }

    /// Others follow from now on.
    pub(super) fn replace(&mut self, followers: Followers) {
        if self.turn.is_some() {
            self.replaced = Some(followers);
        } else {
            self.followers = Some(followers);
        }
        self.wake();
    }

    /// Begins a turn that is due.
    pub(super) fn begin(&mut self) {
        if self.turn.is_some() || self.due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        let Some(mut followers) = self.followers.take() else {
            return;
        };
        self.due = None;
        let (home, clock, stop) = (self.home.clone(), self.clock, Arc::clone(&self.stop));
        self.turn = Some(tokio::task::spawn_blocking(move || {
            let delivering = Delivering {
                home: &home,
                clock,
                stop: &stop,
            };
            // A fault of one follower must not be the end of all: what a turn leaves half done, the next one does again.
            let deliver = AssertUnwindSafe(|| delivering.deliver(&mut followers));
            let outcome = catch_unwind(deliver).ok();
            Turn { followers, outcome }
        }));
    }

    /// The end of the turn that runs; it never comes if none does.
    pub(super) async fn ended(&mut self) -> Option<Turn> {
        match &mut self.turn {
            Some(turn) => turn.await.ok(),
            None => std::future::pending().await,
        }
    }

    /// Takes what became of the turn.
    pub(super) fn took(&mut self, turn: Option<Turn>, counts: &mut Tallies) {
        self.turn = None;
        let Some(Turn { followers, outcome }) = turn else {
            return;
        };
        self.followers = Some(self.replaced.take().unwrap_or(followers));
        let failed = match outcome {
            Some(Ok(followed)) => {
                count(&followed, counts);
                tell(followed)
            }
            Some(Err(error)) => Some(with_causes(&error)),
            // Where is on standard error.
            None => Some(
                "the delivery to followers failed: the scanner has an internal error".to_owned(),
            ),
        };
        if let Some(failed) = &failed {
            self.due = Some(self.due.unwrap_or_else(|| Instant::now() + AGAIN));
            if self.failed.as_ref() != Some(failed) {
                warn!("{failed}; retrying every minute");
            }
        } else if self.failed.is_some() {
            info!("all followers are up to date again");
        }
        self.failed = failed;
    }

    /// Ends the turn that runs at a point where nothing is lost.
    pub(super) async fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(turn) = self.turn.take() {
            let _ = turn.await;
        }
    }
}

fn count(followed: &[Followed], counts: &mut Tallies) {
    for Followed { follower, outcome } in followed {
        let well = outcome.is_ok();
        counts.add(follower, if well { "succeeded" } else { "failed" });
    }
}

/// Tells what followers wrote; gives what went wrong.
fn tell(followed: Vec<Followed>) -> Option<String> {
    let mut failed = None;
    for Followed { follower, outcome } in followed {
        match outcome {
            Ok(delivered) => {
                for one in delivered {
                    info!(connection = %one.connection, "wrote {} to {}", counted(one.items, "item"), one.target);
                }
            }
            Err(error) => {
                failed = Some(format!(
                    "the follower `{follower}` failed: {}",
                    with_causes(&error)
                ))
            }
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::followers::{Delivered, Delivery, FollowError};

    /// A follower with a fault, for a while.
    struct Faulty {
        turns: usize,
    }

    impl Follower for Faulty {
        fn name(&self) -> &str {
            "faulty"
        }

        fn take(&mut self, _delivery: &Delivery<'_>) -> Result<Vec<Delivered>, FollowError> {
            self.turns += 1;
            assert!(self.turns > 1, "a fault");
            Ok(Vec::new())
        }
    }

    #[tokio::test]
    async fn a_follower_that_panics_has_its_next_turn() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        let day = jiff::SignedDuration::from_hours(24);
        drop(crate::store::Store::open(&home.store(), day).unwrap());
        let faulty: Followers = vec![Box::new(Faulty { turns: 0 })];
        let mut following = Following::new(home, || Timestamp::UNIX_EPOCH, faulty);
        let mut counts = Tallies::default();
        for failed in [true, false] {
            following.wake();
            following.begin();
            let turn = following.ended().await;
            following.took(turn, &mut counts);
            assert_eq!(following.failed.is_some(), failed);
        }
        assert_eq!(counts.of("faulty", "succeeded"), 1);
    }
}
