//! Scans several connections at the same time, into the store and, if lines are requested, each into its own spool.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use catalog_model::{ScanError, SessionHold};
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{Instrument, debug_span};

mod errors;
mod reading;
mod thread;

use self::{
    errors::{internal_error, lock_failed, no_thread, scanned_without_lock},
    reading::LockedScan,
    thread::run_in_thread,
};
use crate::{
    clock::Clock,
    connections::Ready,
    destination::Destination,
    fuse::Removals,
    home::Home,
    lock::{Lock, LockError},
    output_sink::ScanEntry,
    progress::ProgressDisplay,
    scan_limit::limit_exceeded,
    scan_report::{ConnectionReport, Outcome},
    spool::Finished,
    stop::{Stop, StopOnDrop, StopReason},
    store::{Store, StoreError},
};

/// Maximum number of connections that are scanned at the same time.
const MAX_PARALLEL_SCANS: usize = 4;

/// A connection to scan, and the destination of its lines.
pub struct Job {
    /// The connection.
    pub ready: Ready,
    /// The destination of the lines, if they are requested.
    pub destination: Option<Destination>,
    /// Held from the creation of the job, so that the session is still open when a waiting scan starts.
    hold: SessionHold,
}

/// What all scans of a run have in common.
#[derive(Clone)]
pub struct Context {
    /// The home.
    pub home: Home,
    /// The clock.
    pub clock: Clock,
    /// Displays the progress of the scans.
    pub display: Arc<dyn ProgressDisplay>,
    /// The store, if the scans write to one.
    pub store: Option<Arc<Store>>,
    /// Whether many missing items are accepted.
    pub removals: Removals,
    /// How much the scans read.
    pub extent: ScanExtent,
}

/// How much a scan reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScanExtent {
    /// Only changes, if its connection is set to read only them, and if it writes no lines.
    #[default]
    Changes,
    /// Everything.
    Everything,
}

impl Job {
    /// A scan that only writes to the store.
    pub fn to_store(ready: Ready) -> Self {
        Self::new(ready, None)
    }

    /// A scan that also writes its lines to `destination`, if there is one.
    pub fn new(ready: Ready, destination: Option<Destination>) -> Self {
        Self {
            hold: ready.connection.hold_session(),
            ready,
            destination,
        }
    }
}

/// A scan that has ended.
pub struct FinishedScan {
    /// The report of the scan.
    pub report: ConnectionReport,
    /// The lines, if they are for standard output.
    pub lines: Option<Finished>,
}

/// The ended scans of a run.
pub struct ScanResults {
    /// The scans that were not interrupted, in the order of their jobs.
    pub scanned: Vec<FinishedScan>,
    /// Whether the other scans were interrupted. They leave nothing behind.
    pub interrupted: bool,
}

/// How a scan ended.
pub enum ScanEnd {
    /// The scan was not interrupted.
    Scanned(Box<FinishedScan>),
    /// The scan was interrupted. It left nothing behind.
    Interrupted,
    /// The store could not be opened.
    NoStore(StoreError),
}

/// Maximum number of further attempts to take a lock that another process holds, and the interval between them.
const LOCK_RETRIES: usize = 3;
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// How long to wait for scans that were asked to stop.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// Runs all jobs, at most four at the same time, until they have ended or `interrupted` completes.
pub async fn run_all<T: ScanEntry>(
    jobs: Vec<Job>,
    context: &Context,
    mut interrupted: impl Future<Output = ()> + Unpin,
) -> ScanResults {
    let permits = Arc::new(Semaphore::new(MAX_PARALLEL_SCANS));
    let mut running = JoinSet::new();
    let mut stops = Vec::new();
    for (index, job) in jobs.into_iter().enumerate() {
        let (permits, context, stop) = (Arc::clone(&permits), context.clone(), Stop::default());
        stops.push(stop.clone());
        running.spawn(async move {
            // The semaphore is never closed, so this cannot fail.
            let _permit = permits.acquire().await;
            (index, scan_in_thread::<T>(job, || Ok(context), stop).await)
        });
    }
    let mut scanned = Vec::new();
    let interrupted = loop {
        tokio::select! {
            next = running.join_next() => match next {
                Some(Ok((index, ScanEnd::Scanned(done)))) => scanned.push((index, *done)),
                Some(_) => {}
                None => break false,
            },
            () = &mut interrupted => {
                // A scan that is sending a batch to the store cannot stop before the store has received it.
                if let Some(store) = &context.store {
                    store.stop_waiting();
                }
                for stop in &stops {
                    stop.ask(StopReason::Asked);
                }
                // Wait until each scan has released its temporary files. A scan that is computing at this moment is
                // abandoned.
                let ended = async { while running.join_next().await.is_some() {} };
                let _ = timeout(LAST_WAIT, ended).await;
                break true;
            }
        }
    };
    scanned.sort_by_key(|(index, _)| *index);
    let scanned = scanned.into_iter().map(|(_, scanned)| scanned).collect();
    ScanResults {
        scanned,
        interrupted,
    }
}

/// Runs one job in its own threads, within its time limit. `open` is also called there, because opening a store may
/// take long.
pub async fn scan_in_thread<T: ScanEntry>(
    job: Job,
    open: impl FnOnce() -> Result<Context, StoreError> + Send + 'static,
    stop: Stop,
) -> ScanEnd {
    let (limit, started) = (job.ready.time_limit, Instant::now());
    let mut report = ConnectionReport::from_ready(&job.ready);
    let asked = stop.clone();
    let _waited_for = StopOnDrop(stop.clone());
    let running = run_in_thread(move || async move {
        let context = match open() {
            Ok(context) => context,
            Err(error) => return ScanEnd::NoStore(error),
        };
        // Dropping the last reference to the store waits for the disk. This happens here, with the context.
        let of = debug_span!("scan", connection = %job.ready.code);
        run::<T>(job, &context, &asked).instrument(of).await
    });
    let ended = match running {
        Ok(running) => wait_for_end(running, limit, &stop).await,
        Err(error) => Err(no_thread(&error)),
    };
    ended.unwrap_or_else(|error| {
        report.outcome = Outcome::Failed(error);
        report.elapsed = started.elapsed();
        let lines = None;
        ScanEnd::Scanned(Box::new(FinishedScan { report, lines }))
    })
}

/// Waits for the end of a scan, and asks it to stop after its time limit. A scan that does not stop is abandoned and
/// keeps the lock of its connection.
async fn wait_for_end(
    mut running: oneshot::Receiver<ScanEnd>,
    limit: Option<Duration>,
    stop: &Stop,
) -> Result<ScanEnd, ScanError> {
    // The reason of a panic is already on standard error.
    if let Some(limit) = limit {
        match timeout(limit, &mut running).await {
            Ok(ended) => return ended.map_err(|_panicked| internal_error()),
            Err(_) => stop.ask(StopReason::TimeLimit(limit)),
        }
        let ended = timeout(LAST_WAIT, running).await;
        return ended.map_or_else(
            |_| Err(limit_exceeded(limit)),
            |ended| ended.map_err(|_panicked| internal_error()),
        );
    }
    running.await.map_err(|_panicked| internal_error())
}

/// Runs one job.
async fn run<T: ScanEntry>(job: Job, context: &Context, stop: &Stop) -> ScanEnd {
    let Job {
        ready,
        destination,
        hold,
    } = job;
    let mut end = run_with_lock::<T>(&ready, destination, context, (stop, hold)).await;
    if let ScanEnd::Scanned(scanned) = &mut end {
        // This scan may be the last one that held the session, even if it did not start.
        let ended = ready.connection.end_session().await;
        scanned.report.tally.warnings.extend(ended);
    }
    end
}

/// Takes the lock of a connection. `status` holds it for a moment to find its holder, so this retries.
async fn lock(ready: &Ready, context: &Context) -> Result<Lock, LockError> {
    let path = context.home.data(&ready.code, "lock");
    let mut lock = Lock::acquire(&path, (context.clock)());
    for _ in 0..LOCK_RETRIES {
        if !matches!(lock, Err(LockError::Busy(_))) {
            break;
        }
        sleep(LOCK_INTERVAL).await;
        lock = Lock::acquire(&path, (context.clock)());
    }
    lock
}

/// Runs one job, and releases the session at its end.
async fn run_with_lock<T: ScanEntry>(
    ready: &Ready,
    destination: Option<Destination>,
    context: &Context,
    (stop, hold): (&Stop, SessionHold),
) -> ScanEnd {
    let started = Instant::now();
    let mut report = ConnectionReport::from_ready(ready);
    if stop.reason().is_some() {
        return ScanEnd::Interrupted;
    }
    let lock = lock(ready, context).await;
    let ended = |report, lines| ScanEnd::Scanned(Box::new(FinishedScan { report, lines }));
    if let Err(LockError::Busy(holder)) = &lock {
        report.outcome = Outcome::Busy(format!("already being scanned by {holder}"));
        return ended(report, None);
    }
    if let (Err(LockError::Unusable(error)), Some(_)) = (&lock, &context.store) {
        // If two scans wrote to the store at the same time, each would mark the items as removed that only the other
        // one found.
        report.outcome = Outcome::Failed(lock_failed(error).into());
        return ended(report, None);
    }
    let scan = LockedScan {
        ready,
        context,
        stop,
    };
    let lines = match scan.lines::<T>(destination, &mut report, hold).await {
        Ok(lines) => lines,
        Err(_) if stop.reason() == Some(StopReason::Asked) => return ScanEnd::Interrupted,
        Err(error) => {
            report.outcome = Outcome::Failed(error);
            None
        }
    };
    if let Err(LockError::Unusable(error)) = &lock {
        report.tally.warnings.push(scanned_without_lock(error));
    }
    report.elapsed = started.elapsed();
    ended(report, lines)
}
