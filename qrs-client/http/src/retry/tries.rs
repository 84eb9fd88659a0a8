//! The tries of one request: how many there were, the delay before the next one, and when to stop.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::{Instant, sleep};

use super::{FailureClass, Repeat, RetryDecision, decide};
use crate::time_limits::{ResponseLimits, bounded};

/// How many times and for how long a failed request is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Maximum number of tries, the first one included: 12; 0 counts as 1.
    pub max_tries: u32,
    /// Maximum time between the first failure and the beginning of the last try: 10 s.
    pub window: Duration,
    /// Delay before the second try: 250 ms. It doubles with each further try, and jitter adds up to as much again.
    pub min_delay: Duration,
    /// Maximum delay before a try, without jitter: 2.5 s.
    pub max_delay: Duration,
}

/// Minimum delay after a `Retry-After`, so that a server is not flooded if it sends zero.
const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_tries: 12,
            window: Duration::from_secs(10),
            min_delay: Duration::from_millis(250),
            max_delay: Duration::from_millis(2500),
        }
    }
}

impl RetryPolicy {
    /// Sets the maximum number of tries.
    #[must_use]
    pub fn with_max_tries(mut self, tries: u32) -> Self {
        self.max_tries = tries;
        self
    }

    /// Sets for how long a request is retried after its first failure; zero turns retries off.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = bounded(window);
        self
    }

    /// Sets the delay before the second try and the maximum delay.
    #[must_use]
    pub fn with_delays(mut self, min: Duration, max: Duration) -> Self {
        self.min_delay = bounded(min);
        self.max_delay = bounded(max);
        self
    }
}

/// The tries of one request.
#[derive(Debug)]
pub struct Tries {
    policy: RetryPolicy,
    delays: ExponentialBackoff,
    limits: ResponseLimits,
    repeat: Repeat,
    failed: u32,
    started: Instant,
    first_failure: Option<Instant>,
    /// No further try follows.
    over: bool,
}

impl Tries {
    /// Begins the tries of a request. The limits apply to all tries together.
    #[must_use]
    pub fn new(policy: RetryPolicy, limits: ResponseLimits, repeat: Repeat) -> Self {
        let delays = ExponentialBuilder::default()
            .with_min_delay(policy.min_delay)
            .with_max_delay(policy.max_delay)
            .without_max_times()
            .with_jitter();
        Self {
            policy,
            delays: delays.build(),
            limits,
            repeat,
            failed: 0,
            started: Instant::now(),
            first_failure: None,
            over: false,
        }
    }

    /// The time limits of the request.
    #[must_use]
    pub fn limits(&self) -> ResponseLimits {
        self.limits
    }

    /// Whether no try has failed yet.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.failed == 0
    }

    /// Counts a failed try and waits until the next one. Returns false at once if there is none.
    pub async fn wait_for_next(&mut self, class: FailureClass) -> bool {
        if self.over {
            return false;
        }
        self.failed = self.failed.saturating_add(1);
        match self.delay(class) {
            Some(delay) => sleep(delay).await,
            None => self.over = true,
        }
        !self.over
    }

    fn delay(&mut self, class: FailureClass) -> Option<Duration> {
        let now = Instant::now();
        let window_end = *self.first_failure.get_or_insert(now) + self.policy.window;
        let delay = match decide(class, self.repeat) {
            RetryDecision::GiveUp => return None,
            _ if self.failed >= self.policy.max_tries || now >= window_end => return None,
            // The last try begins at the end of the window, so that every failure shorter than that passes.
            RetryDecision::Retry => self.next_delay().min(window_end - now),
            RetryDecision::RetryAfter(after) => after.max(self.next_delay().min(MIN_RETRY_AFTER)),
        };
        (now + delay < self.limits.deadline).then_some(delay)
    }

    /// The number of failed tries so far.
    #[must_use]
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// The number of failed tries and their total time, if there were several.
    #[must_use]
    pub fn several(&self) -> Option<(u32, Duration)> {
        (self.failed > 1).then(|| (self.failed, self.started.elapsed()))
    }

    fn next_delay(&mut self) -> Duration {
        self.delays.next().unwrap_or(self.policy.max_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_limits::TimeLimits;

    const HOUR: Duration = Duration::from_secs(3600);

    fn tries(policy: RetryPolicy, total: Duration) -> Tries {
        let limits = TimeLimits::default().with_total(total);
        Tries::new(policy, limits.begin(), Repeat::Safe)
    }

    /// The number of tries and their total time if each fails at once.
    async fn check(policy: RetryPolicy, limit: Duration, class: FailureClass) -> (u32, Duration) {
        let mut tries = tries(policy, limit);
        let started = Instant::now();
        while tries.wait_for_next(class).await {}
        (tries.failed, started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn tries_are_spread_over_ten_seconds() {
        for _ in 0..50 {
            let (tries, took) =
                check(RetryPolicy::default(), HOUR, FailureClass::NotConnected).await;
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
        // A server that starts may need this long before it answers 503.
        sleep(Duration::from_secs(30)).await;
        assert!(tries.wait_for_next(FailureClass::Status(503, None)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_after_is_waited_for_even_beyond_the_window() {
        let mut tries = tries(RetryPolicy::default(), HOUR);
        let started = Instant::now();
        let busy = FailureClass::Status(503, Some(Duration::from_secs(30)));
        assert!(tries.wait_for_next(busy).await);
        assert!(started.elapsed() >= Duration::from_secs(30));
        assert!(!tries.wait_for_next(busy).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_after_of_zero_does_not_flood_the_server() {
        let at_once = FailureClass::Status(503, Some(Duration::ZERO));
        let (tries, took) = check(RetryPolicy::default(), HOUR, at_once).await;
        assert!((9..=12).contains(&tries), "{tries}");
        assert!(took > Duration::from_secs(7), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_tries_and_the_deadline_end_them_earlier() {
        let policy = RetryPolicy::default().with_max_tries(3);
        assert_eq!(check(policy, HOUR, FailureClass::ConnectionLost).await.0, 3);
        let (_, took) = check(
            RetryPolicy::default(),
            Duration::from_secs(2),
            FailureClass::ConnectionLost,
        )
        .await;
        assert!(took < Duration::from_secs(2), "{took:?}");
        let none = RetryPolicy::default().with_window(Duration::ZERO);
        assert_eq!(check(none, HOUR, FailureClass::ConnectionLost).await.0, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_permanent_failure_is_tried_once() {
        for class in [
            FailureClass::Permanent,
            FailureClass::TimeLimit,
            FailureClass::Status(403, None),
        ] {
            assert_eq!(check(RetryPolicy::default(), HOUR, class).await.0, 1);
        }
    }
}
