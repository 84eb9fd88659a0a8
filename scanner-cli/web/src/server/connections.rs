//! The open connections: their number and the time that each may take are limited, so that no client can shut out others.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use tokio::{sync::Notify, time::sleep};

/// Maximum number of open connections. If there are more, one that waits for its client is closed: the one that has waited
/// longest. So a new connection, such as that of a health check, is always accepted.
const MAX_CONNECTIONS: usize = 256;
/// How long a client may take for the handshake and the header of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be unused between two requests.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a client may not read anything of a response.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval at which a connection is checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The open connections, the oldest first.
#[derive(Default)]
pub(super) struct Connections(Vec<Arc<Activity>>);

/// What a connection is doing.
pub(super) struct Activity {
    state: Mutex<State>,
    /// The responses that are being made or sent.
    answering: AtomicUsize,
    /// Asks the connection to close.
    close: Notify,
}

/// What a connection waits for, and since when.
#[derive(Clone, Copy)]
struct State {
    waits_for: WaitsFor,
    since: Instant,
    is_closed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WaitsFor {
    /// The first or the next byte of a header.
    Header,
    /// The next request.
    Request,
    /// The client to read the response, or the response.
    Response,
}

/// Counts a response of a connection until it is dropped.
pub(super) struct Answering(Arc<Activity>);

impl Connections {
    /// Adds a connection. If there are too many, another one is closed.
    pub(super) fn open(&mut self) -> Arc<Activity> {
        self.0.retain(|one| !one.state().is_closed);
        if self.0.len() >= MAX_CONNECTIONS {
            let is_waiting = |one: &&Arc<Activity>| one.state().waits_for != WaitsFor::Response;
            let waiting = self.0.iter().filter(is_waiting);
            let longest = waiting.min_by_key(|one| one.state().since);
            let longest = longest.or_else(|| self.0.first()).cloned();
            if let Some(longest) = longest {
                longest.ended();
                longest.close.notify_one();
            }
        }
        let activity = Arc::new(Activity {
            state: Mutex::new(State {
                waits_for: WaitsFor::Header,
                since: Instant::now(),
                is_closed: false,
            }),
            answering: AtomicUsize::new(0),
            close: Notify::new(),
        });
        self.0.push(Arc::clone(&activity));
        activity
    }
}

impl Activity {
    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn wait_for(&self, waits_for: WaitsFor) {
        self.change(|state| {
            state.waits_for = waits_for;
            state.since = Instant::now();
        });
    }

    /// Bytes were received. The first ones of a request start the time for its header.
    pub(super) fn received(&self) {
        if self.state().waits_for == WaitsFor::Request {
            self.wait_for(WaitsFor::Header);
        }
    }

    /// The client has read a part of the response.
    pub(super) fn sent(&self) {
        self.change(|state| {
            if state.waits_for == WaitsFor::Response {
                state.since = Instant::now();
            }
        });
    }

    /// A request was received.
    pub(super) fn answer(self: &Arc<Self>) -> Answering {
        self.answering.fetch_add(1, Ordering::Relaxed);
        self.wait_for(WaitsFor::Response);
        Answering(Arc::clone(self))
    }

    /// The connection has ended.
    pub(super) fn ended(&self) {
        self.change(|state| state.is_closed = true);
    }

    /// Waits until the connection must be closed.
    pub(super) async fn expired(&self) {
        loop {
            tokio::select! {
                () = self.close.notified() => return,
                () = sleep(CHECK_INTERVAL) => {}
            }
            if self.state().is_over(Instant::now()) {
                return;
            }
        }
    }
}

impl State {
    fn is_over(self, now: Instant) -> bool {
        let limit = match self.waits_for {
            WaitsFor::Header => HEADER_TIMEOUT,
            WaitsFor::Request => IDLE_TIMEOUT,
            WaitsFor::Response => STALL_TIMEOUT,
        };
        now.saturating_duration_since(self.since) > limit
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if self.0.answering.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.wait_for(WaitsFor::Request);
        }
    }
}

/// The body of a response. The connection counts as answering until it is dropped.
pub(super) fn until_sent(body: Body, answering: Answering) -> Body {
    Body::new(CountedBody {
        body,
        _answering: answering,
    })
}

struct CountedBody {
    body: Body,
    _answering: Answering,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_that_waited_longest_makes_room() {
        let mut connections = Connections::default();
        let all: Vec<_> = (0..MAX_CONNECTIONS).map(|_| connections.open()).collect();
        let answering = all[0].answer();
        connections.open();
        assert!(!all[0].state().is_closed, "it is answering a request");
        assert!(all[1].state().is_closed);
        connections.open();
        assert!(all[2].state().is_closed && !all[3].state().is_closed);
        drop(answering);
        assert!(all[0].state().waits_for == WaitsFor::Request);
    }

    #[test]
    fn a_kept_connection_waits_longer_than_one_that_has_not_asked() {
        let activity = Connections::default().open();
        let after = |seconds| Instant::now() + Duration::from_secs(seconds);
        assert!(activity.state().is_over(after(11)));
        drop(activity.answer());
        assert!(!activity.state().is_over(after(60)));
        assert!(activity.state().is_over(after(76)));
        activity.received();
        assert!(activity.state().is_over(after(11)), "half a header");
        let answering = activity.answer();
        assert!(activity.state().is_over(after(31)), "nothing was read");
        activity.sent();
        drop(answering);
    }
}
