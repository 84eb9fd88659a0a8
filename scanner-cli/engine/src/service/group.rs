//! The group of scanners that share the store: what this scanner may scan now.
//!
//! With a store in a file there is no group, and the scanner may scan everything. With a store on a server, the scanner
//! reports to it regularly, and may scan the connections that the last answer names, for as long as the answer says.

use std::{
    collections::BTreeMap,
    panic::resume_unwind,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::{task::spawn_blocking, time::timeout};
use tracing::{info, warn};

use super::{
    Service, Timing,
    background::{BackgroundTasks, TaskEnd},
    reasons,
};
use crate::{
    home::Home,
    scanner_identity::host_name,
    stop::StopReason,
    store::{
        StoreError, StoreLocation,
        backend::StoreServer,
        fleet::{Duties, ScanProgress, ScannerReport},
    },
    store_problem::StoreProblem,
};

/// The part of this scanner in the group.
pub(super) struct Group {
    server: Option<Arc<dyn StoreServer>>,
    name: String,
    host: String,
    began: Instant,
    reports: BackgroundTasks<SentReport>,
    next_report: Instant,
    /// Whether to report before that.
    is_woken: bool,
    duties: Option<CurrentDuties>,
    /// Why the last report failed.
    error: Option<String>,
}

/// What this scanner may do.
struct CurrentDuties {
    connections: BTreeMap<String, Option<ScanProgress>>,
    until: Instant,
}

/// A report that has ended.
pub(super) struct SentReport {
    begun: Instant,
    duties: Result<Duties, StoreError>,
}

/// Time until the next report after one that failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

impl Group {
    /// The group of the scanners that share the store of this home, in which this one has a name.
    pub(super) fn new(home: &Home, name: String, variables: &BTreeMap<String, String>) -> Self {
        let server = match home.store() {
            StoreLocation::File(_) => None,
            StoreLocation::Server(server) => Some(server),
        };
        Self {
            server,
            name,
            host: host_name(variables),
            began: Instant::now(),
            reports: BackgroundTasks::new(),
            next_report: Instant::now(),
            is_woken: false,
            duties: None,
            error: None,
        }
    }

    /// Whether this scanner may scan the connection with this code now.
    pub(super) fn may_scan(&self, code: &str) -> bool {
        let may = |duties: &CurrentDuties| {
            Instant::now() < duties.until && duties.connections.contains_key(code)
        };
        self.server.is_none() || self.duties.as_ref().is_some_and(may)
    }

    /// Why the last report failed.
    pub(super) fn error(&self) -> Option<String> {
        self.error.clone()
    }

    /// Reports soon.
    pub(super) fn wake(&mut self) {
        self.is_woken = true;
    }

    /// Waits until the next report has ended. Waits forever if none is running.
    pub(super) async fn reported(&mut self) -> TaskEnd<SentReport> {
        self.reports.ended().await
    }

    /// Reports if it is time.
    fn begin(&mut self, report: impl FnOnce() -> ScannerReport) {
        let now = Instant::now();
        let is_due = (self.is_woken || now >= self.next_report) && self.reports.is_empty();
        let Some(server) = self.server.as_ref().filter(|_| is_due) else {
            return;
        };
        self.is_woken = false;
        let report = ScannerReport {
            name: self.name.clone(),
            host: self.host.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            running: self.began.elapsed(),
            ..report()
        };
        let server = Arc::clone(server);
        self.reports.start_blocking(move || SentReport {
            begun: now,
            duties: server.report(&report),
        });
    }

    /// Applies the answer to a report. Returns the connections that are new to this scanner, and those that no longer are
    /// its own.
    fn apply(&mut self, sent: SentReport) -> (Vec<(String, Option<ScanProgress>)>, Vec<String>) {
        let duties = match sent.duties {
            Ok(duties) => duties,
            Err(error) => {
                self.next_report = sent.begun.max(Instant::now()) + RETRY_INTERVAL;
                self.note(Some(reasons(&[error.problem()])));
                return Default::default();
            }
        };
        self.note(None);
        self.next_report = sent.begun + duties.next_report;
        let connections: BTreeMap<_, _> = duties.connections.into_iter().collect();
        let before = self.duties.take().map(|duties| duties.connections);
        let before = before.unwrap_or_default();
        let new = connections
            .iter()
            .filter(|(code, _)| !before.contains_key(*code));
        let new = new.map(|(code, progress)| (code.clone(), progress.clone()));
        let new = new.collect();
        let lost = before
            .into_keys()
            .filter(|code| !connections.contains_key(code));
        let lost = lost.collect();
        self.duties = Some(CurrentDuties {
            connections,
            until: sent.begun + duties.valid_for,
        });
        (new, lost)
    }

    /// Notes whether the last report failed, and logs it once.
    fn note(&mut self, error: Option<String>) {
        match (&error, &self.error) {
            (Some(error), None) => {
                warn!("cannot report to the store, so other scanners may take over: {error}")
            }
            (None, Some(_)) => info!("reports to the store again"),
            _ => {}
        }
        self.error = error;
    }

    /// Lets others take over at once.
    pub(super) async fn leave(&mut self, limit: Duration) {
        self.reports.join(limit, drop).await;
        if let Some(server) = self.server.take() {
            let left = timeout(limit, spawn_blocking(move || server.leave())).await;
            match left {
                Ok(Ok(Err(error))) => warn!(
                    "other scanners take over after `store.lease`: {}",
                    reasons(&[error.problem()])
                ),
                Ok(Err(crashed)) if crashed.is_panic() => resume_unwind(crashed.into_panic()),
                _ => {}
            }
        }
    }
}

impl Service {
    /// Reports to the group if it is time.
    pub(super) fn report_to_group(&mut self) {
        let now = (self.clock)();
        let (table, running, home) = (&self.table, &self.running, &self.home);
        let overdue = self.overdue(now);
        self.group.begin(|| ScannerReport {
            overdue,
            connections: table.reported(home, now, |identity| running.contains_key(identity)),
            ..ScannerReport::default()
        });
    }

    /// For how long the connection has been due that waits longest for its scan.
    fn overdue(&self, now: Timestamp) -> Duration {
        let due = self.table.due(now).into_iter();
        let mut waiting = due.filter(|(_, identity)| {
            !self.running.contains_key(identity) && self.may_scan(identity)
        });
        let first = waiting.next().map(|(since, _)| now.duration_since(since));
        first
            .and_then(|period| Duration::try_from(period).ok())
            .unwrap_or_default()
    }

    /// Whether this scanner may scan a connection now.
    pub(super) fn may_scan(&self, identity: &str) -> bool {
        let ready = self.table.ready(identity);
        ready.is_some_and(|ready| self.group.may_scan(ready.code.as_str()))
    }

    /// Applies the answer to a report.
    pub(super) fn reported(&mut self, sent: TaskEnd<SentReport>) {
        let TaskEnd::Finished(sent) = sent else {
            return;
        };
        let (new, lost) = self.group.apply(sent);
        let now = (self.clock)();
        if !new.is_empty() {
            // Their former scanner may not have delivered what it scanned last.
            self.deliveries.wake(Instant::now());
        }
        for (code, progress) in new {
            info!(connection = %code, "this scanner scans the connection from now on");
            let timing = Timing {
                now,
                automation: &self.automation,
            };
            if let Some(progress) = progress {
                self.table.take_over(&code, &progress, timing);
            }
        }
        for code in lost {
            info!(connection = %code, "this scanner no longer scans the connection");
            let running = self.running.iter().find(|(identity, _)| {
                let ready = self.table.ready(identity);
                ready.is_some_and(|ready| ready.code.as_str() == code)
            });
            if let Some((_, scan)) = running {
                scan.ask(StopReason::Asked);
            }
        }
    }
}
