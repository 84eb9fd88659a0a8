//! Writes scans. What a scan sees waits in temporary tables of its session; one transaction at its end moves it to the tables
//! that others read.

use std::{collections::HashMap, sync::Arc};

use catalog_model::DigestKey;
use catalog_store::{
    Beginning, Closed, Closing, StoreError, StoreErrorKind, StoreLimits,
    backend::{BegunScan, ScanWriter, Sighting},
    spool::Duplicates,
};
use postgresql_client::Target;

use crate::{
    error::{DatabaseError, Operation, Result},
    lease::Leases,
    pruning::Pruning,
    runtime,
};

mod batch;
mod beginning;
mod duplicates;
mod follow;
mod merge;
mod missing;
mod recognition;
mod running;

pub(crate) use beginning::{hold, interrupt};
pub(crate) use follow::count_removed;

use running::Running;

/// Writes the scans of one process.
pub(crate) struct Writer {
    target: Arc<Target>,
    leases: Leases,
    limits: StoreLimits,
    running: HashMap<i64, Box<Running>>,
    pruning: Option<Pruning>,
}

impl Writer {
    pub(crate) fn new(target: Arc<Target>, leases: Leases, limits: StoreLimits) -> Self {
        Self {
            target,
            leases,
            limits,
            running: HashMap::new(),
            pruning: None,
        }
    }

    /// Runs a part of a scan with its session. A scan whose session has failed is no longer known.
    fn with<T: Send + 'static, F>(
        &mut self,
        scan: i64,
        work: impl FnOnce(Box<Running>) -> F,
    ) -> std::result::Result<T, StoreError>
    where
        F: Future<Output = (Box<Running>, Result<T>)> + Send + 'static,
    {
        let running = self.running.remove(&scan);
        let running = running.ok_or_else(|| StoreError::writer_crashed(self.path().as_ref()))?;
        let done = runtime::wait(work(running));
        let (running, done) = done.map_err(|error| self.failed(error.into()))?;
        self.running.insert(scan, running);
        done.map_err(|error| self.failed(error))
    }

    fn path(&self) -> String {
        self.target.address()
    }

    fn failed(&self, error: DatabaseError) -> StoreError {
        error.of_store(&self.target.address(), Operation::Write)
    }
}

impl ScanWriter for Writer {
    fn begin(&mut self, beginning: &Beginning) -> std::result::Result<BegunScan, StoreError> {
        let (target, leases) = (Arc::clone(&self.target), self.leases.clone());
        let beginning = beginning.clone();
        let begun =
            runtime::wait(async move { beginning::begin(&target, &leases, &beginning).await });
        let begun = begun.map_err(DatabaseError::from).flatten();
        let (running, checkpoint) = begun.map_err(|error| self.failed(error))?;
        let begun = BegunScan {
            scan: running.scan,
            checkpoint,
            known: Arc::clone(&running.known),
        };
        self.running.insert(running.scan, Box::new(running));
        Ok(begun)
    }

    fn load_digests(&mut self, scan: i64) -> std::result::Result<DigestKey, StoreError> {
        let all = self.running.values();
        let known: usize = all.map(|running| running.known.len()).sum();
        self.with(scan, |mut running| async move {
            let loaded = recognition::load(&mut running, known).await;
            (running, loaded)
        })
    }

    fn write(&mut self, scan: i64, batch: Vec<Sighting>) -> std::result::Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.with(scan, |mut running| async move {
            let written = batch::write(&mut running, batch).await;
            (running, written)
        })
    }

    fn restart(&mut self, scan: i64) -> std::result::Result<(), StoreError> {
        self.with(scan, |mut running| async move {
            running.attempt += 1;
            running.attempted = running::Attempt::default();
            running.known.restart(running.attempt);
            let cleared = running.db.batch(running::CLEAR).await;
            (running, cleared)
        })
    }

    fn close(
        &mut self,
        scan: i64,
        closing: Closing,
    ) -> std::result::Result<(Closed, Duplicates), StoreError> {
        let running = self.running.remove(&scan);
        let running = running.ok_or_else(|| StoreError::writer_crashed(self.path().as_ref()))?;
        let (limits, target) = (self.limits.clone(), Arc::clone(&self.target));
        let closed = runtime::wait(async move {
            let mut running = running;
            let address = target.address();
            let closed = merge::close(&mut running, &closing, &address).await;
            let times = (running.time, closing.time.as_millisecond());
            let of = (running.scan, running.connection);
            let Running { db, lease, .. } = *running;
            let closed = closed.map_err(|error| error.of_store(&address, Operation::Write));
            if let Err(error) = &closed
                && error.kind() != StoreErrorKind::Overtaken
            {
                // The session may have been the reason. If this fails, the connection's next scan records it.
                let _ = beginning::fail(&target, of, (times.1, error.to_string())).await;
            }
            // Otherwise it expires.
            let _ = lease.release_with(&db).await;
            let mut pruning = Pruning::new(limits, times, db);
            // If this fails, the next scan does it.
            let has_more = closed.is_ok() && pruning.step().await.unwrap_or(false);
            closed.map(|closed| (closed, has_more.then_some(pruning)))
        });
        let (closed, pruning) = closed.map_err(|error| self.failed(error.into()))??;
        self.pruning = pruning;
        Ok(closed)
    }

    fn abandon(&mut self, scan: i64) {
        let Some(running) = self.running.remove(&scan) else {
            return;
        };
        // If this fails, the connection's next scan records it.
        let _ = runtime::wait(async move {
            let Running {
                db,
                lease,
                scan,
                connection,
                ..
            } = *running;
            let _ = beginning::interrupt_scan(&db, (scan, connection)).await;
            let _ = lease.release_with(&db).await;
            db.close().await;
        });
    }

    fn maintain(&mut self) -> bool {
        let Some(mut pruning) = self.pruning.take() else {
            return false;
        };
        // If it fails, the next scan does it.
        let done = runtime::wait(async move {
            let has_more = pruning.step().await;
            (pruning, has_more.unwrap_or(false))
        });
        match done {
            Ok((pruning, true)) => {
                self.pruning = Some(pruning);
                true
            }
            _ => false,
        }
    }
}
