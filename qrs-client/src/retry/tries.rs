//! The tries for one answer: how many there were, how long to wait before the next one, and when to stop.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::{Instant, sleep};

use super::{Trouble, Verdict, verdict};
use crate::error::Error;
use crate::time_limits::AnswerLimits;

/// How often and for how long a failed request is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// Maximum number of tries, the first one included.
    pub(crate) max_tries: u32,
    /// How long after the first failure the last try may begin.
    pub(crate) window: Duration,
    /// Delay before the second try. It doubles with each further try, and jitter adds up to as much again.
    pub(crate) shortest_delay: Duration,
    /// Maximum delay before a try, without jitter.
    pub(crate) longest_delay: Duration,
}

/// Delay that a `Retry-After` of zero comes to at most, so that a site is not flooded.
const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_tries: 12,
            window: Duration::from_secs(10),
            shortest_delay: Duration::from_millis(250),
            longest_delay: Duration::from_millis(2500),
        }
    }
}

/// The tries for one answer.
pub(crate) struct Tries {
    policy: RetryPolicy,
    delays: ExponentialBackoff,
    limits: AnswerLimits,
    failed: u32,
    started: Instant,
    first_failure: Option<Instant>,
    /// No further try follows.
    over: bool,
}

impl Tries {
    /// The limits hold for all tries together.
    pub(crate) fn new(policy: RetryPolicy, limits: AnswerLimits) -> Self {
        let delays = ExponentialBuilder::default()
            .with_min_delay(policy.shortest_delay)
            .with_max_delay(policy.longest_delay)
            .without_max_times()
            .with_jitter();
        Self {
            policy,
            delays: delays.build(),
            limits,
            failed: 0,
            started: Instant::now(),
            first_failure: None,
            over: false,
        }
    }

    pub(crate) fn limits(&self) -> AnswerLimits {
        self.limits
    }

    /// Whether no try has failed yet.
    pub(crate) fn is_first(&self) -> bool {
        self.failed == 0
    }

    /// Counts a failed try and waits for the next one. Returns false, at once, if there is to be none.
    pub(crate) async fn again(&mut self, trouble: Trouble) -> bool {
        if self.over {
            return false;
        }
        self.failed = self.failed.saturating_add(1);
        match self.delay(trouble) {
            Some(delay) => sleep(delay).await,
            None => self.over = true,
        }
        !self.over
    }

    fn delay(&mut self, trouble: Trouble) -> Option<Duration> {
        let now = Instant::now();
        let window_end = *self.first_failure.get_or_insert(now) + self.policy.window;
        let delay = match verdict(trouble) {
            Verdict::GiveUp => return None,
            _ if self.failed >= self.policy.max_tries || now >= window_end => return None,
            // The last try begins at the end of the window, so that every failure shorter than that passes.
            Verdict::Retry => self.next_delay().min(window_end - now),
            Verdict::RetryAfter(after) => after.max(self.next_delay().min(MIN_RETRY_AFTER)),
        };
        (now + delay < self.limits.deadline).then_some(delay)
    }

    /// The error of the last try, with the number of tries if there were several.
    pub(crate) fn give_up(&self, error: Error) -> Error {
        if self.failed > 1 {
            error.with_tries(self.failed, self.started.elapsed())
        } else {
            error
        }
    }

    fn next_delay(&mut self) -> Duration {
        self.delays.next().unwrap_or(self.policy.longest_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_limits::{TimeLimits, Wanted};

    const HOUR: Duration = Duration::from_secs(3600);

    fn tries(policy: RetryPolicy, list: Duration) -> Tries {
        let limits = TimeLimits {
            list,
            ..TimeLimits::default()
        };
        Tries::new(policy, limits.begin(Wanted::List))
    }

    /// How many tries there are and how long they take when each fails at once.
    async fn check(policy: RetryPolicy, limit: Duration, trouble: Trouble) -> (u32, Duration) {
        let mut tries = tries(policy, limit);
        let started = Instant::now();
        while tries.again(trouble).await {}
        (tries.failed, started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn tries_are_spread_over_ten_seconds() {
        for _ in 0..50 {
            let (tries, took) = check(RetryPolicy::default(), HOUR, Trouble::NoConnection).await;
            assert!((5..=9).contains(&tries), "{tries}");
            let ten = Duration::from_secs(10);
            assert!(
                took >= ten && took < ten + Duration::from_millis(50),
                "{took:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_window_begins_with_the_first_failure() {
        let mut tries = tries(RetryPolicy::default(), HOUR);
        // A cold site may need this long before it answers 503.
        sleep(Duration::from_secs(30)).await;
        assert!(tries.again(Trouble::Status(503, None)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_after_is_waited_for_even_beyond_the_window() {
        let mut tries = tries(RetryPolicy::default(), HOUR);
        let started = Instant::now();
        let busy = Trouble::Status(503, Some(Duration::from_secs(30)));
        assert!(tries.again(busy).await);
        assert!(started.elapsed() >= Duration::from_secs(30));
        assert!(!tries.again(busy).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_after_of_zero_does_not_flood_the_site() {
        let at_once = Trouble::Status(503, Some(Duration::ZERO));
        let (tries, took) = check(RetryPolicy::default(), HOUR, at_once).await;
        assert!((9..=12).contains(&tries), "{tries}");
        assert!(took > Duration::from_secs(7), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_tries_and_the_deadline_end_them_earlier() {
        let policy = RetryPolicy {
            max_tries: 3,
            ..RetryPolicy::default()
        };
        assert_eq!(check(policy, HOUR, Trouble::Cut).await.0, 3);
        let (_, took) = check(RetryPolicy::default(), Duration::from_secs(2), Trouble::Cut).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
        let none = RetryPolicy {
            window: Duration::ZERO,
            ..RetryPolicy::default()
        };
        assert_eq!(check(none, HOUR, Trouble::Cut).await.0, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_final_is_tried_once() {
        for trouble in [Trouble::Final, Trouble::Limit, Trouble::Status(403, None)] {
            assert_eq!(check(RetryPolicy::default(), HOUR, trouble).await.0, 1);
        }
    }
}
