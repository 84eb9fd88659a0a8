//! What a kind of store must be able to write, and the thread that calls it.
//!
//! A store on SQLite has a thread of its own (`writer.rs`), which writes the batches of several scans in one transaction.

use std::{collections::HashMap, sync::Arc};

use catalog_model::{Checkpoint, DigestKey};

use crate::{
    StoreError,
    backlog::BacklogReceiver,
    closing::{Beginning, Closed, Closing},
    known_records::KnownRecords,
    sighting::Sighting,
    spool::Duplicates,
    writer::{Begun, FirstError, Message, ScanNumber},
};

/// Writes scans. One thread calls it, one call at a time. All methods fail if the store cannot be written.
pub trait ScanWriter: Send {
    /// Begins a scan.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn begin(&mut self, beginning: &Beginning) -> Result<BegunScan, StoreError>;

    /// Loads the digests of the connection's items into the records that [`begin`](Self::begin) returned, unless they are
    /// there. Returns the key for digests.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn load_digests(&mut self, scan: i64) -> Result<DigestKey, StoreError>;

    /// Receives what a scan saw.
    ///
    /// # Errors
    /// If the store cannot be written. Nothing else of the scan is written then.
    fn write(&mut self, scan: i64, batch: Vec<Sighting>) -> Result<(), StoreError>;

    /// Discards what a scan saw, and begins its next attempt.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn restart(&mut self, scan: i64) -> Result<(), StoreError>;

    /// Ends a scan.
    ///
    /// # Errors
    /// If the store cannot be written, or the scan does not count any more.
    fn close(&mut self, scan: i64, closing: Closing) -> Result<(Closed, Duplicates), StoreError>;

    /// Records a scan that ended without a closing statement as interrupted.
    fn abandon(&mut self, scan: i64);

    /// Does a part of what the store does between scans, such as deleting old changes. Returns whether there is more to do.
    fn maintain(&mut self) -> bool;
}

/// A scan that has begun.
pub struct BegunScan {
    /// The number of the scan.
    pub scan: i64,
    /// The last complete scan of the connection, unless another scan has written anything since.
    pub checkpoint: Option<Checkpoint>,
    /// The records that the scan recognizes. Empty until their digests are loaded.
    pub known: Arc<KnownRecords>,
}

/// Handles messages until all senders have ended.
pub(crate) fn run(mut writer: Box<dyn ScanWriter>, mut messages: BacklogReceiver<Message>) {
    let mut errors: HashMap<ScanNumber, Arc<FirstError>> = HashMap::new();
    let mut has_more = false;
    loop {
        let Some(message) = messages.try_receive() else {
            if has_more {
                has_more = writer.maintain();
                continue;
            }
            match messages.receive() {
                Some(message) => handle(&mut *writer, &mut errors, message, &mut has_more),
                None => return,
            }
            continue;
        };
        handle(&mut *writer, &mut errors, message, &mut has_more);
    }
}

/// Handles a message. The receiver of an answer is missing if the scan was interrupted.
fn handle(
    writer: &mut dyn ScanWriter,
    errors: &mut HashMap<ScanNumber, Arc<FirstError>>,
    message: Message,
    has_more: &mut bool,
) {
    let failed = |errors: &HashMap<ScanNumber, Arc<FirstError>>, scan, result| {
        if let (Some(first), Err(error)) = (errors.get(&scan), result) {
            // Only the first error is kept.
            let _ = first.set(error);
        }
    };
    match message {
        Message::Begin(beginning, answer) => {
            let begun = writer.begin(&beginning).map(|begun| {
                let number = ScanNumber(begun.scan);
                let first_error = Arc::new(FirstError::new());
                errors.insert(number, Arc::clone(&first_error));
                Begun {
                    number,
                    first_error,
                    checkpoint: begun.checkpoint,
                    known: begun.known,
                }
            });
            let _ = answer.send(begun);
        }
        Message::Recognize(scan, answer) => {
            let _ = answer.send(writer.load_digests(scan.0));
        }
        Message::Batch(scan, batch) => {
            let is_failed = errors.get(&scan).is_some_and(|first| first.get().is_some());
            if !is_failed {
                let written = writer.write(scan.0, batch);
                failed(errors, scan, written);
            }
        }
        Message::Restart(scan) => {
            let restarted = writer.restart(scan.0);
            failed(errors, scan, restarted);
        }
        Message::Close(scan, closing, answer) => {
            let first_error = errors.remove(&scan);
            let closed = close(writer, (scan, *closing), first_error.as_deref());
            *has_more = true;
            let _ = answer.send(closed);
        }
        Message::Abandon(scan) => {
            errors.remove(&scan);
            writer.abandon(scan.0);
        }
    }
}

/// Ends a scan. If a batch could not be written, the scan has failed, even if the source reported success.
fn close(
    writer: &mut dyn ScanWriter,
    (scan, mut closing): (ScanNumber, Closing),
    first_error: Option<&FirstError>,
) -> Result<(Closed, Duplicates), StoreError> {
    let error = first_error.and_then(FirstError::get);
    if let Some(error) = error {
        closing.statement = Err(error.to_string());
    }
    let closed = writer.close(scan.0, closing);
    error.map_or(closed, |error| Err(error.again()))
}
