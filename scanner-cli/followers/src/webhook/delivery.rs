//! A delivery: first the batch that was not acknowledged, then everything or what changed, then
//! the ends of scans.

use std::collections::BTreeMap;

use catalog_model::{
    ConnectionCode, Feed, FollowError, ItemKey,
    follower::{
        Acknowledgement, ChangeDetail, Delivered, Delivery, EntityKind, FeedConnection, Refusal,
        Start,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    batch::{Batch, MAX_BYTES, PLACE, Progress, REFUSED, batch_key, scan_key},
    event::{Event, REVISION},
    receiver::Receiver,
    settings::{Events, WebhookSettings},
    snapshot::{Part, Place},
};
use crate::sync::{Limits, Outcome, Sender, notes};

/// If so many events were refused and none was accepted, the receiver is not what it should be.
const MAX_REFUSED_ONLY: usize = 10;

/// Sends what is due.
pub(super) struct Deliverer<'a> {
    feed: &'a dyn Feed,
    receiver: Receiver<'a>,
    sender: Sender,
    events: Events,
    /// The connection whose batch is being filled.
    batch: Option<(ConnectionCode, Batch)>,
    target: String,
    sent: BTreeMap<ConnectionCode, u64>,
    refused: Vec<Refused>,
    has_accepted: bool,
    /// Number of events that were refused in this delivery.
    refused_now: usize,
}

/// An event that the receiver refuses. It is skipped, and reported with the next delivery that does not end early.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Refused {
    key: String,
    message: String,
}

impl<'a> Deliverer<'a> {
    pub(super) async fn begin(
        feed: &'a dyn Feed,
        settings: &WebhookSettings,
        receiver: Receiver<'a>,
    ) -> Result<Self, FollowError> {
        let limits = Limits {
            entries: usize::MAX,
            bytes: MAX_BYTES * 2,
        };
        let refused = notes(feed, &[REFUSED.to_owned()]).await?;
        Ok(Self {
            feed,
            receiver,
            // One after the other, so that the events of an item keep their order.
            sender: Sender::new(limits, 1),
            events: settings.events,
            batch: None,
            target: settings.shown_url(),
            sent: BTreeMap::new(),
            has_accepted: false,
            refused_now: 0,
            refused: refused.into_iter().flatten().next().unwrap_or_default(),
        })
    }

    pub(super) async fn deliver(mut self) -> Result<Delivery, FollowError> {
        if self.events.scan {
            self.begin_scans().await?;
        }
        let reached = self.repeat().await?;
        if self.events.item {
            match self.feed.start() {
                Start::Reset => self.everything().await?,
                Start::After(start) => self.changes(reached.unwrap_or(start.get())).await?,
            }
        }
        if self.events.scan {
            self.scans().await?;
        }
        self.end().await
    }

    fn is_snapshot(&self) -> bool {
        self.feed.start() == Start::Reset
    }

    /// Sends the batches again that were not acknowledged. Returns the position up to which changes were sent by that.
    async fn repeat(&mut self) -> Result<Option<i64>, FollowError> {
        let codes = self.feed.connections().iter();
        let codes: Vec<_> = codes.map(|connection| connection.code.clone()).collect();
        let keys: Vec<_> = codes.iter().map(batch_key).collect();
        let mut reached = None;
        for (code, batch) in codes
            .into_iter()
            .zip(notes::<Batch>(self.feed, &keys).await?)
        {
            let Some(batch) = batch else {
                continue;
            };
            if let Progress::Change(position) = batch.progress {
                reached = reached.max(Some(position));
            }
            self.send(&code, batch).await?;
        }
        Ok(reached)
    }

    /// Sends all items that exist as added, and all that the store knows to be gone or excluded as removed.
    async fn everything(&mut self) -> Result<(), FollowError> {
        let feed = self.feed;
        let of = (feed.end().get(), REVISION);
        let note = feed.notes(&[PLACE.to_owned()]).await?;
        let note = note.into_iter().flatten().next();
        let mut snapshot = format!("{}-{}-{REVISION}", feed.store_id(), of.0);
        let mut from = note.and_then(|note| Place::read(&note, of));
        if feed.is_full() {
            // Somebody wants everything again, although nothing has changed.
            from = None;
            snapshot.push_str(&format!("-{}", feed.now().as_unix_millis()));
        }
        for connection in feed.connections() {
            let code = connection.code.as_str();
            for part in Part::ALL {
                if from.as_ref().is_some_and(|from| from.is_after(code, part)) {
                    continue;
                }
                let mut items = feed.items(&connection.code, part.states()).await?;
                while let Some(batch) = items.next().await? {
                    for entry in &batch {
                        let key = &entry.entity.key;
                        let from = from.as_ref();
                        if from.is_some_and(|from| from.has_passed(code, part, key)) {
                            continue;
                        }
                        let event = Event::of_snapshot(&snapshot, connection, entry);
                        let place = Place::new(of, code, part, key);
                        self.push(connection, event, Progress::Place(place)).await?;
                    }
                }
            }
        }
        self.flush().await
    }

    /// Sends the changes after a position.
    async fn changes(&mut self, after: i64) -> Result<(), FollowError> {
        let feed = self.feed;
        let mut changes = feed.changes(ChangeDetail::Entity).await?;
        while let Some(batch) = changes.next().await? {
            for change in &batch {
                let position = change.position.get();
                let mut connections = feed.connections().iter();
                let connection = connections.find(|known| known.code == change.connection);
                let Some(connection) = connection else {
                    continue;
                };
                if change.entity_kind != EntityKind::Item || position <= after {
                    continue;
                }
                let event = Event::of_change(feed, connection, change);
                let progress = Progress::Change(position);
                self.push(connection, event, progress).await?;
            }
        }
        self.flush().await
    }

    /// Notes for each connection that is new to the receiver that its last scan is the first one to be sent. This comes
    /// before anything is sent, so that no later scan is lost if nothing can be sent now.
    async fn begin_scans(&self) -> Result<(), FollowError> {
        let mut begun = Acknowledgement::default();
        for (connection, sent) in self.feed.connections().iter().zip(self.sent_scans().await?) {
            if let (None, Some(before)) = (sent, before_last_scan(connection)) {
                begun = begun.with_note(scan_key(&connection.code), before.to_string());
            }
        }
        if !begun.notes.is_empty() {
            self.feed.acknowledge(begun).await?;
        }
        Ok(())
    }

    /// Sends the ends of the scans that were not sent yet.
    async fn scans(&mut self) -> Result<(), FollowError> {
        let feed = self.feed;
        for (connection, sent) in feed.connections().iter().zip(self.sent_scans().await?) {
            // A dry run has noted nothing.
            let mut last = sent.or_else(|| before_last_scan(connection));
            while let Some(after) = last {
                let scans = feed.scans(&connection.code, after).await?;
                for scan in &scans {
                    let event = Event::of_scan(feed, &connection.code, scan);
                    let progress = Progress::Scan(scan.number);
                    self.push(connection, event, progress).await?;
                }
                last = scans.last().map(|scan| scan.number);
            }
        }
        self.flush().await
    }

    /// The number of the last scan of each connection whose end was sent.
    async fn sent_scans(&self) -> Result<Vec<Option<i64>>, FollowError> {
        let connections = self.feed.connections().iter();
        let keys: Vec<_> = connections
            .map(|connection| scan_key(&connection.code))
            .collect();
        Ok(notes(self.feed, &keys).await?)
    }

    /// Adds an event to the batch, which is sent first if it is full or of another connection.
    async fn push(
        &mut self,
        connection: &FeedConnection,
        event: Event,
        progress: Progress,
    ) -> Result<(), FollowError> {
        let code = &connection.code;
        match &mut self.batch {
            Some((of, batch)) if of == code && batch.has_room(&event) => {
                batch.push(event, progress);
            }
            _ => {
                self.flush().await?;
                self.batch = Some((code.clone(), Batch::new(event, progress)));
            }
        }
        Ok(())
    }

    /// Notes the batch, then sends it.
    async fn flush(&mut self) -> Result<(), FollowError> {
        let Some((code, batch)) = self.batch.take() else {
            return Ok(());
        };
        let noted = Acknowledgement::default().with_note(batch_key(&code), batch.note());
        self.feed.acknowledge(noted).await?;
        self.send(&code, batch).await
    }

    /// Sends a batch that is noted, and acknowledges it.
    async fn send(&mut self, code: &ConnectionCode, batch: Batch) -> Result<(), FollowError> {
        let (outcomes, ended) = self.sender.send(&self.receiver, &batch.events).await;
        ended?;
        self.judge(&outcomes)?;
        let mut acknowledged = batch.progress.acknowledgement(code, self.is_snapshot());
        let mut is_refused = false;
        for (event, outcome) in batch.events.into_iter().zip(outcomes) {
            match outcome {
                Some(Outcome::Refused(message)) => {
                    self.refuse(event.subject, message);
                    is_refused = true;
                }
                _ if event.is_item => *self.sent.entry(code.clone()).or_default() += 1,
                _ => {}
            }
        }
        if is_refused {
            let note = serde_json::to_string(&self.refused).unwrap_or_default();
            acknowledged = acknowledged.with_note(REFUSED, note);
        }
        self.feed.acknowledge(acknowledged).await?;
        Ok(())
    }

    /// Ends the delivery, before anything is skipped, to a receiver that refuses every event: that cannot be the fault of
    /// all of them.
    fn judge(&mut self, outcomes: &[Option<Outcome>]) -> Result<(), FollowError> {
        self.has_accepted |= outcomes.contains(&Some(Outcome::Stored));
        let mut last = None;
        for outcome in outcomes {
            if let Some(Outcome::Refused(message)) = outcome {
                self.refused_now += 1;
                last = Some(message);
            }
        }
        match last {
            Some(last) if !self.has_accepted && self.refused_now >= MAX_REFUSED_ONLY => {
                let refused = self.refused_now;
                let message = format!(
                    "the webhook has refused {refused} events and accepted none; the last one: {last}"
                );
                let hint = "check that the receiver expects a JSON array of CloudEvents";
                Err(FollowError::Target {
                    message,
                    hint: Some(hint.to_owned()),
                    source: None,
                })
            }
            _ => Ok(()),
        }
    }

    /// An event of the same item that was refused before is named once.
    fn refuse(&mut self, key: String, message: String) {
        self.refused.retain(|refused| refused.key != key);
        self.refused.push(Refused { key, message });
    }

    /// Acknowledges everything up to the end of the feed.
    async fn end(self) -> Result<Delivery, FollowError> {
        let mut end = Acknowledgement::default();
        if self.feed.start() != Start::After(self.feed.end()) {
            end.position = Some(self.feed.end());
        }
        if self.is_snapshot() {
            end = end.with_note(PLACE, None);
        }
        if !self.refused.is_empty() {
            end = end.with_note(REFUSED, None);
        }
        if end != Acknowledgement::default() {
            self.feed.acknowledge(end).await?;
        }
        let target = self.target;
        let delivered = self.sent.into_iter().map(|(connection, items)| Delivered {
            connection,
            items,
            target: target.clone(),
        });
        let mut delivery = Delivery::new(delivered.collect());
        let refusal = |refused: Refused| {
            let key = refused
                .key
                .parse()
                .or_else(|_| ItemKey::new([refused.key.as_str()]));
            Some(Refusal {
                key: key.ok()?,
                message: refused.message,
            })
        };
        delivery.refused = self.refused.into_iter().filter_map(refusal).collect();
        Ok(delivery)
    }
}

/// A number before that of the last scan of a connection.
fn before_last_scan(connection: &FeedConnection) -> Option<i64> {
    let last = connection.last_scan.as_ref()?;
    Some(last.number - 1)
}
