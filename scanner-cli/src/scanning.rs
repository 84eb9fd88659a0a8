//! Scans connections side by side, into the store, and each into a spool of its own if its lines are wanted.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use catalog_model::{Completeness, ScanError, SinkError, Warning, with_causes};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    connections::Ready,
    destination::{Destination, Placed, Reach},
    environment::Clock,
    home::Home,
    keeping_sink::{KeepingSink, Line, cannot_spool},
    kept_session::KeptSession,
    lock::{Lock, NotLocked},
    progress::{Display, ProgressLine},
    report::{ConnectionReport, Outcome},
    run::Program,
    spool::{Finished, Spool},
    store::{Beginning, Closing, Removals, Store, StoreScan},
    tally::Tally,
};

/// How many connections are read at once.
const SIDE_BY_SIDE: usize = 4;

/// A connection to scan, and where its lines go if they are wanted.
pub(crate) struct Job {
    pub(crate) ready: Ready,
    pub(crate) destination: Option<Destination>,
}

/// What all scans of a run share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) home: Home,
    pub(crate) clock: Clock,
    pub(crate) display: Display,
    pub(crate) keeping: Option<Keeping>,
}

/// The store that a run's scans write to.
#[derive(Clone)]
pub(crate) struct Keeping {
    pub(crate) store: Arc<Store>,
    pub(crate) removals: Removals,
}

impl Context {
    pub(crate) fn of(program: &Program, keeping: Option<Keeping>) -> Self {
        Self {
            keeping,
            home: program.home.clone(),
            clock: program.environment.clock,
            display: program.display.clone(),
        }
    }
}

impl Job {
    /// A scan that the store alone is for.
    pub(crate) fn to_store(ready: Ready) -> Self {
        Self {
            ready,
            destination: None,
        }
    }
}

/// A scan that has ended, with its lines if they go to standard output.
pub(crate) struct Scanned {
    pub(crate) report: ConnectionReport,
    pub(crate) lines: Option<Finished>,
}

/// What became of a run's scans.
pub(crate) struct Ended {
    /// The scans that ended by themselves, in the order of their jobs.
    pub(crate) scanned: Vec<Scanned>,
    /// Whether the others were ended by somebody, with nothing left behind.
    pub(crate) interrupted: bool,
}

/// Reads all `jobs`, at most four at once, until they are done or `interrupted`.
pub(crate) async fn read_all<T: Line>(
    jobs: Vec<Job>,
    context: &Context,
    mut interrupted: impl Future<Output = ()> + Unpin,
) -> Ended {
    let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut running = JoinSet::new();
    let mut reports = BTreeMap::new();
    for (index, job) in jobs.into_iter().enumerate() {
        let (places, context) = (Arc::clone(&places), context.clone());
        let report = ConnectionReport::of(&job.ready);
        let task = running.spawn(async move {
            // The semaphore is never closed; without a place the scan would only run earlier.
            let _place = places.acquire().await;
            read::<T>(job, &context).await
        });
        reports.insert(task.id(), (index, report));
    }
    let mut scanned = Vec::new();
    let interrupted = loop {
        tokio::select! {
            next = running.join_next_with_id() => match next {
                Some(Ok((id, done))) => scanned.extend(reports.remove(&id).map(|(index, _)| (index, done))),
                Some(Err(error)) => scanned.extend(reports.remove(&error.id()).map(panicked)),
                None => break false,
            },
            () = &mut interrupted => {
                // Waits until each scan has let go of its temporary files.
                running.shutdown().await;
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

/// A scan that panicked; where is on standard error already. It must not end the others.
fn panicked((index, mut report): (usize, ConnectionReport)) -> (usize, Scanned) {
    report.outcome = Outcome::Failed(fault());
    let lines = None;
    (index, Scanned { report, lines })
}

/// What is told of a scan that panicked.
pub(crate) fn fault() -> ScanError {
    ScanError::Source {
        step: "scanning".to_owned(),
        message: "the scanner itself has a fault".to_owned(),
        hint: Some("report it, with what stands above".to_owned()),
        may_pass: false,
    }
}

/// Reads one job to its end.
pub(crate) async fn read<T: Line>(job: Job, context: &Context) -> Scanned {
    let Job { ready, destination } = job;
    let started = Instant::now();
    let mut report = ConnectionReport::of(&ready);
    let lock = Lock::take(&context.home.data(&ready.code, "lock"), (context.clock)());
    if let Err(NotLocked::Busy(holder)) = &lock {
        report.outcome = Outcome::Busy(format!("already being scanned by {holder}"));
        let lines = None;
        return Scanned { report, lines };
    }
    if let (Err(NotLocked::Unusable(error)), Some(_)) = (&lock, &context.keeping) {
        // Two scans that write to the store side by side would each take for gone what only the other saw.
        report.outcome = Outcome::Failed(without_lock(error).into());
        let lines = None;
        return Scanned { report, lines };
    }
    let lines = read_lines::<T>(&ready, destination, context, &mut report).await;
    let lines = lines.unwrap_or_else(|error| {
        report.outcome = Outcome::Failed(error);
        None
    });
    if let Err(NotLocked::Unusable(error)) = &lock {
        report.tally.warnings.push(unlocked(error));
    }
    report.elapsed = started.elapsed();
    Scanned { report, lines }
}

/// Reads everything and keeps it where it is wanted. Lines for standard output come back.
async fn read_lines<T: Line>(
    ready: &Ready,
    destination: Option<Destination>,
    context: &Context,
    report: &mut ConnectionReport,
) -> Result<Option<Finished>, ScanError> {
    let connection = ready.connection.as_ref();
    let open = |destination: &Destination| destination.open(&context.home.aside());
    let mut sink = KeepingSink {
        spool: destination.as_ref().map(open).transpose()?,
        store: begin(ready, context).await?,
        tally: Tally::default(),
        progress: ProgressLine::new(&ready.code, &context.display),
        parts: connection.key_parts(),
        aside: context.home.aside(),
        session: KeptSession::resume(connection, context.home.data(&ready.code, "session")),
    };
    let mut closing = T::read(connection, &mut sink).await;
    if let Err(warning) = sink.session.keep() {
        sink.tally.warnings.push(warning);
    }
    report.tally = sink.tally;
    if let Some(store) = sink.store {
        closing = close(store, closing, context, report).await;
    }
    let (outcome, reach) = match closing? {
        Completeness::Complete => (Outcome::Complete, Reach::Complete),
        Completeness::Partial(reasons) => (Outcome::Partial(reasons), Reach::Partial),
    };
    let lines = match sink.spool.zip(destination) {
        Some((spool, destination)) => put(spool, destination, reach, report).await?,
        None => None,
    };
    report.outcome = outcome;
    Ok(lines)
}

async fn begin(ready: &Ready, context: &Context) -> Result<Option<StoreScan>, ScanError> {
    let Some(keeping) = &context.keeping else {
        return Ok(None);
    };
    let begun = keeping.store.begin(Beginning {
        code: ready.code.clone(),
        name: ready.name.clone(),
        key_parts: ready.connection.key_parts().to_vec(),
        time: (context.clock)(),
    });
    Ok(Some(begun.await.map_err(SinkError::from)?))
}

/// Ends a scan in the store, which may know better than the source whether it is complete.
async fn close(
    store: StoreScan,
    closing: Result<Completeness, ScanError>,
    context: &Context,
    report: &mut ConnectionReport,
) -> Result<Completeness, ScanError> {
    let removals = context.keeping.as_ref().map(|keeping| keeping.removals);
    let closed = store.close(Closing {
        statement: closing
            .as_ref()
            .map(Clone::clone)
            .map_err(|error| with_causes(error)),
        time: (context.clock)(),
        site_version: report.tally.version.clone(),
        bytes: report.tally.bytes(),
        removals: removals.unwrap_or(Removals::Fused),
    });
    let closed = closed.await;
    // A scan that failed says why itself.
    let statement = closing?;
    let (closed, duplicates) = closed.map_err(SinkError::from)?;
    report.items = u64::try_from(closed.counts.seen).unwrap_or(0);
    report.duplicates = duplicates;
    report.stored = Some(closed.counts);
    Ok(closed.statement.unwrap_or(statement))
}

/// Puts the lines where they belong.
async fn put(
    spool: Spool,
    destination: Destination,
    reach: Reach,
    report: &mut ConnectionReport,
) -> Result<Option<Finished>, ScanError> {
    // Sorting, waiting for the disk and for a pipe's reader would hold up other scans on this thread.
    let placed = tokio::task::spawn_blocking(move || {
        let finished = spool.finish().map_err(cannot_spool)?;
        let (items, duplicates) = (finished.count, finished.duplicates.clone());
        Ok::<_, SinkError>((items, duplicates, destination.put(finished, reach)?))
    });
    let placed = placed.await.map_err(|error| cannot_spool(error.into()))?;
    let (items, duplicates, placed) = placed?;
    report.items = items;
    report.duplicates = duplicates;
    match placed {
        Placed::File(path) => report.output = Some(path),
        Placed::Elsewhere => {}
        Placed::Waiting(finished) => return Ok(Some(finished)),
    }
    Ok(None)
}

fn without_lock(error: &std::io::Error) -> SinkError {
    SinkError {
        message: format!(
            "the lock in the folder `data` cannot be had, without which nothing is stored: {error}"
        ),
        source: None,
    }
}

fn unlocked(error: &std::io::Error) -> Warning {
    Warning {
        message: format!(
            "scanned without a lock, which cannot be made in the folder `data`: {error}"
        ),
        hint: Some("let the scanner write to its home folder".to_owned()),
    }
}
