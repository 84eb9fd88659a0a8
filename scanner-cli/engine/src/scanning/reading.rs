//! Reads a connection that is locked: reads the source into the store and the spool, closes both, and fills the report.

use catalog_model::{Completeness, ScanError, ScanRequest, SessionHold, SinkError, with_causes};

use super::{Context, ScanExtent};
use crate::{
    connections::Ready,
    destination::{Coverage, Destination, Placed, ReplacePolicy},
    kept_session::KeptSession,
    output_sink::{OutputSink, ScanEntry},
    scan_limit::limit_exceeded,
    scan_report::{ConnectionReport, Outcome},
    spool::{Finished, Spool, cannot_spool},
    stop::{Stop, StopReason, stopped},
    store::{Beginning, Closing, StoreScan},
    store_problem::sink_error,
    tally::Tally,
};

/// A scan that holds the lock of its connection.
pub(super) struct LockedScan<'a> {
    pub(super) ready: &'a Ready,
    pub(super) context: &'a Context,
    pub(super) stop: &'a Stop,
}

impl LockedScan<'_> {
    /// Reads the connection into the store and the spool. Returns the lines for standard output.
    pub(super) async fn lines<T: ScanEntry>(
        &self,
        destination: Option<Destination>,
        report: &mut ConnectionReport,
        hold: SessionHold,
    ) -> Result<Option<Finished>, ScanError> {
        let Self {
            ready,
            context,
            stop,
        } = *self;
        let connection = ready.connection.as_ref();
        let open = |destination: &Destination| destination.open(&context.home.temporary_folder());
        let mut store = begin(ready, context).await?;
        let request = request(store.as_mut(), destination.as_ref(), context.extent);
        let mut sink = OutputSink {
            spool: destination.as_ref().map(open).transpose()?,
            store,
            tally: Tally::default(),
            progress: context.display.begin(&ready.code),
            parts: connection.schema().key_parts,
            temporary_folder: context.home.temporary_folder(),
            session: KeptSession::resume(connection, &context.home, &ready.code),
            stop,
        };
        let mut closing = self
            .unless_stopped(T::read(connection, request, &mut sink))
            .await;
        if stop.reason() == Some(StopReason::Asked) {
            // Do not wait for the site any more. Dropping the sink tells the store that the scan was interrupted.
            let _ = sink.session.keep();
            return closing.map(|_| None);
        }
        sink.tally.warnings.extend(sink.session.end(hold).await);
        report.tally = sink.tally;
        if let Some(store) = sink.store {
            closing = close(store, closing, context, report).await;
        }
        let (outcome, coverage) = match closing? {
            Completeness::Complete => (Outcome::Complete, Coverage::Complete),
            Completeness::Partial(reasons) => (Outcome::Partial(reasons), Coverage::Partial),
        };
        report.outcome = outcome;
        let Some((spool, destination)) = sink.spool.zip(destination) else {
            return Ok(None);
        };
        let policy = ReplacePolicy {
            coverage,
            removals: context.removals,
            code: ready.code.clone(),
        };
        write_lines(spool, destination, policy, report).await
    }

    /// The result of the source, or an error once the scan must stop.
    async fn unless_stopped(
        &self,
        read: impl Future<Output = Result<Completeness, ScanError>>,
    ) -> Result<Completeness, ScanError> {
        let closing = tokio::select! {
            closing = read => closing,
            () = self.stop.asked() => Err(stopped().into()),
        };
        match self.stop.reason() {
            Some(StopReason::TimeLimit(limit)) => Err(limit_exceeded(limit)),
            Some(StopReason::Asked) => Err(stopped().into()),
            None => closing,
        }
    }
}

async fn begin(ready: &Ready, context: &Context) -> Result<Option<StoreScan>, ScanError> {
    let Some(store) = &context.store else {
        return Ok(None);
    };
    let scan = store.begin(Beginning {
        code: ready.code.clone(),
        name: ready.name.clone(),
        key_parts: ready.connection.schema().key_parts.to_vec(),
        revisions: ready.connection.schema().revisions.to_vec(),
        time: (context.clock)(),
    });
    Ok(Some(scan.await.map_err(sink_error)?))
}

/// Ends a scan in the store. The store may decide that the scan is only partial, although the source says it is
/// complete.
async fn close(
    store: StoreScan,
    closing: Result<Completeness, ScanError>,
    context: &Context,
    report: &mut ConnectionReport,
) -> Result<Completeness, ScanError> {
    let closed = store.close(Closing {
        statement: closing
            .as_ref()
            .map(Clone::clone)
            .map_err(|error| with_causes(error)),
        time: (context.clock)(),
        site_version: report.tally.version.clone(),
        bytes: report.tally.bytes(),
        removals: context.removals,
        advice: format!(
            "if they were really removed, run `scan --accept-removals {}`",
            report.code
        ),
    });
    let closed = closed.await;
    // The error of a failed scan is more useful than that of the store.
    let statement = closing?;
    let (closed, duplicates) = closed.map_err(sink_error)?;
    report.items = u64::try_from(closed.counts.seen).unwrap_or(0);
    report.duplicates = duplicates;
    report.stored = Some(closed.counts);
    Ok(closed.statement.unwrap_or(statement))
}

/// Writes the lines to their destination.
async fn write_lines(
    spool: Spool,
    destination: Destination,
    policy: ReplacePolicy,
    report: &mut ConnectionReport,
) -> Result<Option<Finished>, ScanError> {
    // Sorting and waiting for the disk or for the reader of a pipe would block other tasks on this thread.
    let placed = tokio::task::spawn_blocking(move || {
        let finished = spool.finish().map_err(cannot_spool)?;
        let (items, duplicates) = (finished.count, finished.duplicates.clone());
        Ok::<_, SinkError>((items, duplicates, destination.write(finished, &policy)?))
    });
    let placed = placed.await.map_err(|error| cannot_spool(error.into()))?;
    let (items, duplicates, placed) = placed?;
    report.items = items;
    report.duplicates = duplicates;
    match placed {
        Placed::File(path) => report.output = Some(path),
        Placed::Beside { path, reason } => {
            report.output = Some(path);
            report.outcome = Outcome::Partial(vec![reason]);
        }
        Placed::Stream => {}
        Placed::StandardOutput(finished) => return Ok(Some(finished)),
    }
    Ok(None)
}

/// What the connection is asked for. If it is everything, the store loads its digests while the site is asked.
fn request(
    store: Option<&mut StoreScan>,
    destination: Option<&Destination>,
    extent: ScanExtent,
) -> ScanRequest {
    let Some(store) = store else {
        return ScanRequest::Full;
    };
    let request = match (destination, extent) {
        (None, ScanExtent::Changes) => ScanRequest::Changes(store.checkpoint()),
        // What is not read has no line in the file.
        _ => ScanRequest::Full,
    };
    if matches!(request, ScanRequest::Full | ScanRequest::Changes(None)) {
        store.load_digests();
    }
    request
}
