//! A limit on requests at once that follows the responses of the site: halved if the site is overloaded, raised step by step
//! if it is not. Nothing here reads a clock: the caller passes times.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::debug;

use crate::path::QrsPath;

/// A response is slow if it begins after more than this many times the shortest time of the same path and query.
const SLOW_FACTOR: u32 = 3;

/// A response that begins within this time is never slow.
const MIN_SLOW_TIME: Duration = Duration::from_secs(5);

/// Number of responses in a row without a sign of overload after which one more request at once is allowed.
const RESPONSES_BEFORE_RAISE: u32 = 10;

/// Maximum number of paths whose shortest time is known. A client that reads more of them is not compared by their times.
const MAX_PATHS: usize = 64;

/// The limit. It never exceeds the one that was set, nor falls below 1.
pub(super) struct AdaptiveLimit {
    max: usize,
    state: Mutex<State>,
    /// Wakes one request that waits.
    room: Notify,
    hasher: RandomState,
}

struct State {
    limit: usize,
    /// Number of requests that are not paused.
    active: usize,
    /// Number of requests that have begun.
    begun: u64,
    /// Number of times that the limit was halved.
    halvings: u64,
    /// Number of responses since the limit changed or the site was overloaded.
    good: u32,
    /// The shortest time until a response began, by the hash of path and query.
    shortest: HashMap<u64, Duration>,
}

/// A request that counts against the limit, until it is dropped or while it is paused.
pub(super) struct Active {
    limit: Arc<AdaptiveLimit>,
    /// The number of this request.
    number: u64,
    /// Whether no other request was active when this one began.
    began_alone: bool,
    /// Number of times that the limit had been halved when this request began.
    halvings: u64,
    is_paused: bool,
}

impl AdaptiveLimit {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            state: Mutex::new(State {
                limit: max,
                active: 0,
                begun: 0,
                halvings: 0,
                good: 0,
                shortest: HashMap::new(),
            }),
            room: Notify::new(),
            hasher: RandomState::new(),
        }
    }

    /// Waits until another request may begin.
    pub(super) async fn enter(this: &Arc<Self>) -> Active {
        loop {
            if let Some(active) = Self::try_enter(this) {
                return active;
            }
            this.room.notified().await;
        }
    }

    fn try_enter(this: &Arc<Self>) -> Option<Active> {
        let mut state = this.state();
        if state.active >= state.limit {
            return None;
        }
        state.active += 1;
        state.begun += 1;
        if state.active < state.limit {
            // Two requests that end before anybody waits wake only one.
            this.room.notify_one();
        }
        Some(Active {
            limit: Arc::clone(this),
            number: state.begun,
            began_alone: state.active == 1,
            halvings: state.halvings,
            is_paused: false,
        })
    }

    fn leave(&self) {
        self.state().active -= 1;
        self.room.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Active {
    /// Records that a response began with this status after this time.
    pub(super) fn answered(&self, path: &QrsPath, status: u16, took: Duration) {
        let mut state = self.limit.state();
        let was_alone = self.began_alone && state.begun == self.number;
        let is_busy = matches!(status, 429 | 503);
        let hash = self.limit.hasher.hash_one(path);
        let is_slow = state.is_slow(hash, status, took) && !was_alone;
        if is_busy || is_slow {
            state.good = 0;
            // Requests that were sent together are answered alike: they count once.
            if self.halvings == state.halvings {
                state.halvings += 1;
                state.limit = (state.limit / 2).max(1);
                let (limit, seconds) = (state.limit, took.as_secs_f64());
                debug!(limit, status, seconds, "fewer requests at once");
            }
        } else if state.limit < self.limit.max {
            state.good += 1;
            if state.good == RESPONSES_BEFORE_RAISE {
                state.good = 0;
                state.limit += 1;
                debug!(limit = state.limit, "more requests at once");
                self.limit.room.notify_one();
            }
        }
    }

    /// Stops counting the request, whose response is not read for a time.
    pub(super) fn pause(&mut self) {
        if !self.is_paused {
            self.is_paused = true;
            self.limit.leave();
        }
    }

    /// Counts the request again, even beyond the limit.
    pub(super) fn resume(&mut self) {
        if self.is_paused {
            self.is_paused = false;
            self.limit.state().active += 1;
        }
    }
}

impl State {
    /// Whether a response began much later than another one to the same request before. Remembers the shortest time.
    fn is_slow(&mut self, hash: u64, status: u16, took: Duration) -> bool {
        if !(200..300).contains(&status) {
            return false;
        }
        let is_known = self.shortest.contains_key(&hash);
        if !is_known && self.shortest.len() >= MAX_PATHS {
            return false;
        }
        let shortest = self.shortest.entry(hash).or_insert(took);
        *shortest = (*shortest).min(took);
        took > MIN_SLOW_TIME && took > *shortest * SLOW_FACTOR
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        if !self.is_paused {
            self.limit.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const FAST: Duration = Duration::from_secs(2);

    fn limit(max: usize) -> Arc<AdaptiveLimit> {
        Arc::new(AdaptiveLimit::new(max))
    }

    fn path() -> QrsPath {
        QrsPath::new("app/full")
    }

    /// Sends requests until the limit is reached.
    fn fill(limit: &Arc<AdaptiveLimit>) -> Vec<Active> {
        std::iter::from_fn(|| AdaptiveLimit::try_enter(limit)).collect()
    }

    /// Sends requests together, as many as allowed, and returns their number. All are answered alike.
    fn round(limit: &Arc<AdaptiveLimit>, status: u16, took: Duration) -> usize {
        let requests = fill(limit);
        for request in &requests {
            request.answered(&path(), status, took);
        }
        requests.len()
    }

    #[test]
    fn a_site_that_is_busy_gets_half_as_many_requests_each_time_down_to_one() {
        for status in [429, 503] {
            let limit = limit(6);
            let rounds: Vec<_> = (0..5).map(|_| round(&limit, status, FAST)).collect();
            assert_eq!(rounds, [6, 3, 1, 1, 1]);
        }
        let limit = limit(6);
        let rounds: Vec<_> = [500, 404, 200]
            .map(|status| round(&limit, status, FAST))
            .into();
        assert_eq!(rounds, [6, 6, 6]);
    }

    #[test]
    fn ten_responses_without_overload_allow_one_more_request() {
        let limit = limit(3);
        assert_eq!(round(&limit, 503, FAST), 3);
        for _ in 0..9 {
            assert_eq!(round(&limit, 200, FAST), 1);
        }
        assert_eq!(round(&limit, 200, FAST), 1);
        for _ in 0..5 {
            assert_eq!(round(&limit, 200, FAST), 2);
        }
        for _ in 0..20 {
            assert_eq!(
                round(&limit, 200, FAST),
                3,
                "never above the limit that is set"
            );
        }
    }

    #[test]
    fn a_busy_response_delays_the_next_raise() {
        let limit = limit(2);
        round(&limit, 503, FAST);
        for _ in 0..9 {
            round(&limit, 200, FAST);
        }
        round(&limit, 503, FAST);
        for _ in 0..10 {
            assert_eq!(round(&limit, 200, FAST), 1);
        }
        assert_eq!(round(&limit, 200, FAST), 2);
    }

    #[test]
    fn responses_that_begin_three_times_as_late_as_the_fastest_halve_the_limit() {
        for (took, expected) in [(6_001, 3), (6_000, 6), (5_900, 6)] {
            let limit = limit(6);
            round(&limit, 200, FAST);
            round(&limit, 200, Duration::from_millis(took));
            assert_eq!(fill(&limit).len(), expected, "{took} ms");
        }
        // Three times as late, but still fast.
        let limit = limit(6);
        round(&limit, 200, Duration::from_millis(100));
        round(&limit, 200, Duration::from_secs(5));
        assert_eq!(fill(&limit).len(), 6);
    }

    #[test]
    fn only_times_of_the_same_path_and_query_are_compared() {
        let limit = limit(6);
        round(&limit, 200, FAST);
        let requests = fill(&limit);
        let other = path().query("filter", "x");
        requests[0].answered(&other, 200, Duration::from_secs(60));
        requests[1].answered(&QrsPath::new("user/full"), 200, Duration::from_secs(60));
        // An error page may come sooner than the list.
        requests[2].answered(&path(), 404, Duration::from_millis(1));
        requests[3].answered(&path(), 200, Duration::from_secs(6));
        drop(requests);
        assert_eq!(fill(&limit).len(), 6);
    }

    #[test]
    fn a_slow_response_to_the_only_request_shows_no_overload() {
        let limit = limit(6);
        round(&limit, 200, FAST);
        let alone = AdaptiveLimit::try_enter(&limit).unwrap();
        alone.answered(&path(), 200, Duration::from_secs(60));
        drop(alone);
        let first = AdaptiveLimit::try_enter(&limit).unwrap();
        drop(AdaptiveLimit::try_enter(&limit).unwrap());
        assert_eq!(fill(&limit).len(), 5);
        first.answered(&path(), 200, Duration::from_secs(60));
        drop(first);
        assert_eq!(fill(&limit).len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_wait_for_room_and_a_paused_request_makes_room() {
        let limit = limit(1);
        let mut first = AdaptiveLimit::enter(&limit).await;
        let waits = timeout(Duration::from_secs(1), AdaptiveLimit::enter(&limit));
        assert!(waits.await.is_err());
        first.pause();
        let second = AdaptiveLimit::enter(&limit).await;
        first.resume();
        drop(first);
        let third = timeout(Duration::from_secs(1), AdaptiveLimit::enter(&limit));
        assert!(third.await.is_err(), "the second is still active");
        drop(second);
        assert_eq!(fill(&limit).len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn all_that_wait_begin_when_there_is_room_for_all() {
        let limit = limit(4);
        let requests = fill(&limit);
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let limit = Arc::clone(&limit);
                tokio::spawn(async move { AdaptiveLimit::enter(&limit).await })
            })
            .collect();
        drop(requests);
        for request in waiting {
            drop(request.await.unwrap());
        }
    }
}
