//! Scans connections side by side, into the store, and each into a spool of its own if its lines are wanted.

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
    errors::{fault, no_thread, unlocked, without_lock},
    reading::Reading,
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
    scan_limit::too_long,
    scan_report::{ConnectionReport, Outcome},
    spool::Finished,
    stop::{Stop, StopOnDrop, StopReason},
    store::{Store, StoreError},
};

/// How many connections are read at once.
const SIDE_BY_SIDE: usize = 4;

/// A connection to scan, and where its lines go if they are wanted.
pub struct Job {
    /// The connection.
    pub ready: Ready,
    /// Where its lines go, if they are wanted.
    pub destination: Option<Destination>,
    /// From here on, so that a connection that waits for its turn finds the session as the others leave it.
    hold: SessionHold,
}

/// What all scans of a run share.
#[derive(Clone)]
pub struct Context {
    /// The home.
    pub home: Home,
    /// The clock.
    pub clock: Clock,
    /// Shows how far the scans are.
    pub display: Arc<dyn ProgressDisplay>,
    /// The store, if the scans write to one.
    pub store: Option<Arc<Store>>,
    /// Whether many items may be missing.
    pub removals: Removals,
}

impl Job {
    /// A scan that the store alone is for.
    pub fn to_store(ready: Ready) -> Self {
        Self::new(ready, None)
    }

    /// A scan whose lines are wanted at `destination`, if there is one.
    pub fn new(ready: Ready, destination: Option<Destination>) -> Self {
        Self {
            hold: ready.connection.hold_session(),
            ready,
            destination,
        }
    }
}

/// A scan that has ended, with its lines if they go to standard output.
pub struct Scanned {
    /// The report of the scan.
    pub report: ConnectionReport,
    /// Its lines, if they go to standard output.
    pub lines: Option<Finished>,
}

/// What became of a run's scans.
pub struct Ended {
    /// The scans that ended by themselves, in the order of their jobs.
    pub scanned: Vec<Scanned>,
    /// Whether the others were ended by somebody, with nothing left behind.
    pub interrupted: bool,
}

/// How a scan ended.
pub enum ScanEnd {
    /// It ended by itself.
    Scanned(Box<Scanned>),
    /// It was asked to end, and left nothing behind.
    Interrupted,
    /// The store could not be opened.
    NoStore(StoreError),
}

/// How often a lock that another process has is tried again, and after which time.
const LOCK_RETRIES: usize = 3;
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// How long scans that were asked to end are waited for.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// Reads all `jobs`, at most four at once, until they are done or `interrupted`.
pub async fn read_all<T: ScanEntry>(
    jobs: Vec<Job>,
    context: &Context,
    mut interrupted: impl Future<Output = ()> + Unpin,
) -> Ended {
    let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut running = JoinSet::new();
    let mut stops = Vec::new();
    for (index, job) in jobs.into_iter().enumerate() {
        let (places, context, stop) = (Arc::clone(&places), context.clone(), Stop::default());
        stops.push(stop.clone());
        running.spawn(async move {
            // The semaphore is never closed; without a place the scan would only run earlier.
            let _place = places.acquire().await;
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
                // A scan that hands over a batch cannot end before the store has taken it.
                if let Some(store) = &context.store {
                    store.stop_waiting();
                }
                for stop in &stops {
                    stop.ask(StopReason::Asked);
                }
                // Until each scan has let go of its temporary files. One that computes at this moment is left behind.
                let ended = async { while running.join_next().await.is_some() {} };
                let _ = timeout(LAST_WAIT, ended).await;
                break true;
            }
        }
    };
    scanned.sort_by_key(|(index, _)| *index);
    let scanned = scanned.into_iter().map(|(_, scanned)| scanned).collect();
    Ended {
        scanned,
        interrupted,
    }
}

/// Reads one job to its end in threads of its own, within its time limit. `open` is called there, since opening a store
/// may take long.
pub async fn scan_in_thread<T: ScanEntry>(
    job: Job,
    open: impl FnOnce() -> Result<Context, StoreError> + Send + 'static,
    stop: Stop,
) -> ScanEnd {
    let (limit, started) = (job.ready.time_limit, Instant::now());
    let mut report = ConnectionReport::of(&job.ready);
    let asked = stop.clone();
    let _waited_for = StopOnDrop(stop.clone());
    let running = run_in_thread(move || async move {
        let context = match open() {
            Ok(context) => context,
            Err(error) => return ScanEnd::NoStore(error),
        };
        // The store's last user waits until all is on disk: here, with the context.
        let of = debug_span!("scan", connection = %job.ready.code);
        read::<T>(job, &context, &asked).instrument(of).await
    });
    let ended = match running {
        Ok(running) => end_of(running, limit, &stop).await,
        Err(error) => Err(no_thread(&error)),
    };
    ended.unwrap_or_else(|error| {
        report.outcome = Outcome::Failed(error);
        report.elapsed = started.elapsed();
        let lines = None;
        ScanEnd::Scanned(Box::new(Scanned { report, lines }))
    })
}

/// Waits for the end of a scan, and asks for it when its time is over. A scan that does not end even then is left behind;
/// it keeps its connection's lock.
async fn end_of(
    mut running: oneshot::Receiver<ScanEnd>,
    limit: Option<Duration>,
    stop: &Stop,
) -> Result<ScanEnd, ScanError> {
    // A scan that panicked has said so.
    if let Some(limit) = limit {
        match timeout(limit, &mut running).await {
            Ok(ended) => return ended.map_err(|_panicked| fault()),
            Err(_) => stop.ask(StopReason::TimeLimit(limit)),
        }
        let ended = timeout(LAST_WAIT, running).await;
        return ended.map_or_else(
            |_| Err(too_long(limit)),
            |ended| ended.map_err(|_panicked| fault()),
        );
    }
    running.await.map_err(|_panicked| fault())
}

/// Reads one job to its end.
async fn read<T: ScanEntry>(job: Job, context: &Context, stop: &Stop) -> ScanEnd {
    let Job {
        ready,
        destination,
        hold,
    } = job;
    let mut end = read_held::<T>(&ready, destination, context, (stop, hold)).await;
    if let ScanEnd::Scanned(scanned) = &mut end {
        // A scan that did not begin may be the last that held the session.
        let ended = ready.connection.end_session().await;
        scanned.report.tally.warnings.extend(ended);
    }
    end
}

/// Takes the lock of a connection. `status` has it for a moment to find out who has it, so it is tried again.
async fn lock(ready: &Ready, context: &Context) -> Result<Lock, LockError> {
    let path = context.home.data(&ready.code, "lock");
    let mut lock = Lock::take(&path, (context.clock)());
    for _ in 0..LOCK_RETRIES {
        if !matches!(lock, Err(LockError::Busy(_))) {
            break;
        }
        sleep(LOCK_INTERVAL).await;
        lock = Lock::take(&path, (context.clock)());
    }
    lock
}

/// Reads one job, whose hold of the session ends with it.
async fn read_held<T: ScanEntry>(
    ready: &Ready,
    destination: Option<Destination>,
    context: &Context,
    (stop, hold): (&Stop, SessionHold),
) -> ScanEnd {
    let started = Instant::now();
    let mut report = ConnectionReport::of(ready);
    if stop.reason().is_some() {
        return ScanEnd::Interrupted;
    }
    let lock = lock(ready, context).await;
    let ended = |report, lines| ScanEnd::Scanned(Box::new(Scanned { report, lines }));
    if let Err(LockError::Busy(holder)) = &lock {
        report.outcome = Outcome::Busy(format!("already being scanned by {holder}"));
        return ended(report, None);
    }
    if let (Err(LockError::Unusable(error)), Some(_)) = (&lock, &context.store) {
        // Two scans that write to the store side by side would each take for gone what only the other saw.
        report.outcome = Outcome::Failed(without_lock(error).into());
        return ended(report, None);
    }
    let reading = Reading {
        ready,
        context,
        stop,
    };
    let lines = match reading.lines::<T>(destination, &mut report, hold).await {
        Ok(lines) => lines,
        Err(_) if stop.reason() == Some(StopReason::Asked) => return ScanEnd::Interrupted,
        Err(error) => {
            report.outcome = Outcome::Failed(error);
            None
        }
    };
    if let Err(LockError::Unusable(error)) = &lock {
        report.tally.warnings.push(unlocked(error));
    }
    report.elapsed = started.elapsed();
    ended(report, lines)
}
