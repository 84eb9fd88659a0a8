//! Sends entries in batches.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use catalog_model::FollowError;
use futures_util::{FutureExt, StreamExt, stream};

use super::Limits;
use crate::remote::CallError;

/// How a kind of follower sends entries.
#[async_trait]
pub trait Target: Sync {
    /// What is sent, for instance an entity.
    type Entry: Send + Sync;

    /// The size of an entry in a request, in bytes; an estimate is enough.
    fn size(&self, entry: &Self::Entry) -> usize;

    /// Sends entries as one request, and returns what became of each, in their order.
    ///
    /// # Errors
    /// If the request failed as a whole. A refused one is halved and sent again, down to the entry.
    async fn send(&self, entries: &[Self::Entry], part: Part) -> Result<Vec<Outcome>, CallError>;
}

/// Whether a request is a part of one that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is a whole batch.
    Whole,
    /// It is a part of a refused batch. Retrying it for long is of little use.
    OfRefused,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The catalog has it.
    Stored,
    /// The catalog refuses it, in these words.
    Refused(String),
}

/// Sends entries in batches, several at the same time.
#[derive(Debug)]
pub struct Sender {
    limits: Limits,
    parallel: usize,
    /// Maximum number of bytes of a request; smaller than the limit after the server called a request too large.
    max_bytes: AtomicUsize,
}

/// What became of a batch: of each of its entries by index, and why nothing more can be sent.
struct Sent {
    outcomes: Vec<(usize, Outcome)>,
    ended: Option<FollowError>,
}

impl Sender {
    /// Sends requests of at most this size, so many at the same time.
    #[must_use]
    pub fn new(limits: Limits, parallel: usize) -> Self {
        Self {
            limits,
            parallel,
            max_bytes: AtomicUsize::new(limits.bytes),
        }
    }

    /// The number of entries that fill all requests at the same time. Collect so many before they are sent.
    #[must_use]
    pub fn window(&self) -> usize {
        self.limits.entries * self.parallel
    }

    /// Sends all entries, in no particular order. Returns what became of each, in their order: `None` for those that
    /// were not sent, or of which it is not known, because the delivery ended. The error says why it ended.
    pub async fn send<T: Target>(
        &self,
        target: &T,
        entries: &[T::Entry],
    ) -> (Vec<Option<Outcome>>, Result<(), FollowError>) {
        let sizes: Vec<_> = entries.iter().map(|entry| target.size(entry)).collect();
        let limits = Limits {
            bytes: self.max_bytes.load(Ordering::Relaxed),
            ..self.limits
        };
        // Boxed: the compiler does not see that the futures of a closure may be sent to another thread.
        let mut requests = Vec::new();
        for batch in limits.batches(&sizes) {
            requests.push(self.send_batch(target, entries, &sizes, batch).boxed());
        }
        let mut requests = stream::iter(requests).buffer_unordered(self.parallel);
        let mut outcomes = vec![None; entries.len()];
        while let Some(sent) = requests.next().await {
            for (index, outcome) in sent.outcomes {
                outcomes[index] = Some(outcome);
            }
            if let Some(error) = sent.ended {
                return (outcomes, Err(error));
            }
        }
        (outcomes, Ok(()))
    }

    /// Sends a batch, and its halves if it is refused.
    async fn send_batch<T: Target>(
        &self,
        target: &T,
        entries: &[T::Entry],
        sizes: &[usize],
        batch: Range<usize>,
    ) -> Sent {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut left = vec![(batch, Part::Whole)];
        while let Some((range, part)) = left.pop() {
            let message = match target.send(&entries[range.clone()], part).await {
                Ok(sent) => {
                    outcomes.extend(range.zip(sent));
                    continue;
                }
                Err(
                    CallError::Ended(error)
                    | CallError::Page(error)
                    | CallError::Denied { error, .. },
                ) => {
                    let ended = Some(error);
                    return Sent { outcomes, ended };
                }
                Err(CallError::TooLarge) => {
                    let bytes: usize = sizes[range.clone()].iter().sum();
                    self.max_bytes.fetch_min(bytes / 2, Ordering::Relaxed);
                    "the server accepts no request of this size (status 413)".to_owned()
                }
                Err(CallError::Refused { status, message }) => {
                    format!("{message} (status {status})")
                }
            };
            match range.len() {
                1 => outcomes.push((range.start, Outcome::Refused(message))),
                length => {
                    let middle = range.start + length / 2;
                    left.push((middle..range.end, Part::OfRefused));
                    left.push((range.start..middle, Part::OfRefused));
                }
            }
        }
        Sent {
            outcomes,
            ended: None,
        }
    }
}

#[cfg(test)]
mod tests;
