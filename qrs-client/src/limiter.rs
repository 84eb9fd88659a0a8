//! Limits on the requests of a client: at once, and per second.

mod adaptive;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::error::{Error, ErrorKind};
use crate::path::QrsPath;
use adaptive::{Active, AdaptiveLimit};

/// The limits, as the builder sets them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RequestLimits {
    pub(crate) at_once: Option<usize>,
    pub(crate) per_second: Option<u32>,
}

/// Lets requests begin within the limits.
pub(crate) struct Limiter {
    at_once: Option<AtOnce>,
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

/// The limits on requests at once.
struct AtOnce {
    /// One permit for each request, until its response was read.
    open: Arc<Semaphore>,
    /// The limit on those that are not paused.
    active: Arc<AdaptiveLimit>,
}

/// A request that is being made. It ends when this is dropped.
#[derive(Default)]
pub(crate) struct Turn {
    #[expect(dead_code, reason = "held until it is dropped")]
    permit: Option<OwnedSemaphorePermit>,
    active: Option<Active>,
}

impl Limiter {
    pub(crate) fn new(limits: RequestLimits) -> Self {
        let permits = limits
            .at_once
            .map(|limit| limit.clamp(1, Semaphore::MAX_PERMITS));
        let interval = limits
            .per_second
            .map(|limit| Duration::from_secs(1) / limit.max(1));
        Self {
            at_once: permits.map(|permits| AtOnce {
                open: Arc::new(Semaphore::new(permits)),
                active: Arc::new(AdaptiveLimit::new(permits)),
            }),
            interval: interval.unwrap_or_default(),
            next: Mutex::new(None),
        }
    }

    /// Waits until a request may begin.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] if it may not until the deadline.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<Turn, Error> {
        let turn = async {
            let turn = match &self.at_once {
                Some(at_once) => at_once.turn().await,
                None => Turn::default(),
            };
            if let Some(begin) = self.begin() {
                sleep_until(begin).await;
            }
            turn
        };
        timeout_at(deadline, turn).await.map_err(|_elapsed| {
            let message =
                "the request could not begin in time: the client's other requests are not finished";
            Error::new(ErrorKind::Timeout, message).with_hint(
                "read or drop open lists before the next request, or allow more requests at once",
            )
        })
    }

    /// When the next request may begin; `None` for now.
    fn begin(&self) -> Option<Instant> {
        if self.interval.is_zero() {
            return None;
        }
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = next.map_or(now, |next| next.max(now));
        *next = Some(begin + self.interval);
        Some(begin)
    }
}

impl AtOnce {
    async fn turn(&self) -> Turn {
        let permit = Arc::clone(&self.open).acquire_owned().await.ok();
        let active = AdaptiveLimit::enter(&self.active).await;
        Turn {
            permit,
            active: Some(active),
        }
    }
}

impl Turn {
    /// Records the beginning of the response: its status, and how long it took.
    pub(crate) fn answered(&self, path: &QrsPath, status: u16, took: Duration) {
        if let Some(active) = &self.active {
            active.answered(path, status, took);
        }
    }

    /// Begins a time in which nothing of the response is read.
    pub(crate) fn pause(&mut self) {
        if let Some(active) = &mut self.active {
            active.pause();
        }
    }

    /// Ends a time in which nothing of the response was read.
    pub(crate) fn resume(&mut self) {
        if let Some(active) = &mut self.active {
            active.resume();
        }
    }
}
