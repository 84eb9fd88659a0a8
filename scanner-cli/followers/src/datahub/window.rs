//! Changes that are sent together.

use std::sync::Arc;

use catalog_model::{ConnectionCode, Feed, FollowError, ItemKey, follower::Acknowledgement};

use self::sending::Sent;
use super::{
    api::Api,
    change::Change,
    mapping::{EntityType, Run, properties_of, urn},
    once::{Named, Once},
};
use crate::sync::{Background, Note, Outcome, Sender, Tally, acknowledge};

mod sending;
mod writes;

pub(super) use writes::{Entry, Writes};

/// The aspects that are read to learn whether the catalog has an entity, and how, besides its properties: all that are
/// written.
const ASPECTS: [&str; 7] = [
    "browsePathsV2",
    "container",
    "dataPlatformInstance",
    "globalTags",
    "ownership",
    "status",
    "subTypes",
];

/// Collects changes of entities of one type, and sends them when there are enough. While they are sent, the next ones
/// are collected and compared with what the catalog has.
pub(super) struct Window<'a> {
    pub(super) feed: &'a dyn Feed,
    pub(super) api: Arc<Api>,
    pub(super) sender: Arc<Sender>,
    pub(super) tally: Tally,
    /// A hash of the server's URL.
    pub(super) server: String,
    pub(super) once: Once,
    /// The run that writes.
    pub(super) run: Arc<Run>,
    changes: Vec<Change>,
    /// What is being sent.
    sending: Option<Background<Sent>>,
    /// The keys of what the catalog has refused and probably does not have.
    pub(super) absent: Vec<ItemKey>,
    /// Whether the server was found to be what it should be.
    is_checked: bool,
}

impl<'a> Window<'a> {
    pub(super) fn new(
        feed: &'a dyn Feed,
        (api, sender): (Api, Sender),
        tally: Tally,
        server: String,
    ) -> Self {
        Self {
            feed,
            api: Arc::new(api),
            sender: Arc::new(sender),
            tally,
            server,
            once: Once::default(),
            run: Arc::default(),
            changes: Vec::new(),
            sending: None,
            absent: Vec::new(),
            is_checked: false,
        }
    }

    /// Adds a change of a connection, and sends all if there are enough. All changes between two calls of
    /// [`flush`](Self::flush) are of one connection and type.
    pub(super) async fn push(
        &mut self,
        code: &ConnectionCode,
        change: Change,
    ) -> Result<(), FollowError> {
        self.changes.push(change);
        match self.changes.len() >= self.sender.window() {
            true => self.begin(code).await,
            false => Ok(()),
        }
    }

    /// Sends all changes, waits until they are sent, and acknowledges those that were stored.
    pub(super) async fn flush(&mut self, code: &ConnectionCode) -> Result<(), FollowError> {
        self.begin(code).await?;
        self.settle().await
    }

    /// Waits until what is being sent is sent, and acknowledges what was stored.
    pub(super) async fn settle(&mut self) -> Result<(), FollowError> {
        let (stored, ended) = self.sent().await;
        acknowledge(self.feed, stored).await?;
        ended
    }

    /// Prepares the changes while the ones before are sent, waits for those, and begins to send. In one step, it
    /// acknowledges what was stored, and notes what is sent next.
    async fn begin(&mut self, code: &ConnectionCode) -> Result<(), FollowError> {
        let mut changes = std::mem::take(&mut self.changes);
        if changes.is_empty() {
            return Ok(());
        }
        let before: Vec<_> = changes.iter().filter_map(note_before).collect();
        let prepared = self.prepare(code, &mut changes).await;
        let (mut notes, ended) = self.sent().await;
        if ended.is_ok() && prepared.is_ok() {
            notes.notes.extend(before);
        }
        acknowledge(self.feed, notes).await?;
        ended.and(prepared)?;
        let with = (&self.api, &self.sender, &self.run);
        self.sending = Some(sending::begin(code.clone(), changes, with));
        match self.api.is_recording() {
            // So that a dry run shows the requests in the same order each time.
            true => self.sent().await.1,
            false => Ok(()),
        }
    }

    /// Waits until what is being sent is sent. Returns the notes of what was stored, and whether more can be sent.
    async fn sent(&mut self) -> (Acknowledgement, Result<(), FollowError>) {
        let mut stored = Acknowledgement::default();
        let Some(sending) = self.sending.take() else {
            return (stored, Ok(()));
        };
        let Sent {
            code,
            changes,
            outcomes,
            mut ended,
        } = sending.end().await;
        if outcomes.contains(&Some(Outcome::Stored)) {
            self.tally.accepted();
        }
        let mut items = 0;
        for (change, outcome) in changes.into_iter().zip(outcomes) {
            match outcome {
                Some(Outcome::Stored) => {
                    let note = change.after.as_ref().map(Note::text);
                    stored.notes.push((change.note_key(), note));
                    items += u64::from(change.of == EntityType::Dashboard && !change.is_empty());
                }
                Some(Outcome::Refused(message)) => {
                    if change.is_unknown() && change.of == EntityType::Container {
                        self.absent.push(change.key.clone());
                    }
                    ended = ended.and(self.tally.refused(&code, change.key, message));
                }
                None => {}
            }
        }
        if items > 0 {
            self.tally.stored(&code, items);
        }
        (stored, ended)
    }

    /// Leaves out what the catalog has already, and creates what the changes refer to.
    async fn prepare(
        &mut self,
        code: &ConnectionCode,
        changes: &mut [Change],
    ) -> Result<(), FollowError> {
        self.check_server().await?;
        self.read_unknown(changes).await?;
        self.create_named(code, changes).await
    }

    /// Creates what these changes refer to and the catalog does not have: the instance of the connection, and tags.
    async fn create_named(
        &mut self,
        code: &ConnectionCode,
        changes: &[Change],
    ) -> Result<(), FollowError> {
        let instance = Named {
            of: EntityType::Instance,
            urn: urn::instance(code),
            name: code.to_string(),
            notice: None,
        };
        let is_referred_to = changes.iter().any(Change::is_described);
        let instance = is_referred_to.then_some(instance).into_iter();
        Once::create(self, self.once.unknown(instance)).await?;
        let tags = changes.iter().flat_map(|change| &change.tags);
        Once::create(self, self.once.unknown(tags.map(Named::tag))).await
    }

    /// Checks once that the server is what it should be, before anything is written to it.
    async fn check_server(&mut self) -> Result<(), FollowError> {
        if !self.is_checked
            && let Err(error) = self.api.version().await
            && !self.api.is_silent()
        {
            return Err(error);
        }
        self.is_checked = true;
        Ok(())
    }

    /// Reads the entities of which no note says for certain that the catalog has them. Those that it does not have get
    /// everything as a whole; all others get what is different, and keep what people have added.
    async fn read_unknown(&self, changes: &mut [Change]) -> Result<(), FollowError> {
        let Some(of) = changes.first().map(|change| change.of) else {
            return Ok(());
        };
        let read = changes.iter().filter(|change| change.must_be_read());
        let urns: Vec<_> = read.map(|change| change.urn.as_str()).collect();
        if urns.is_empty() {
            return Ok(());
        }
        let mut aspects = ASPECTS.to_vec();
        aspects.push(properties_of(of));
        let Some(found) = self.api.read(of, &urns, &aspects).await? else {
            return Ok(());
        };
        for change in changes.iter_mut().filter(|change| change.must_be_read()) {
            match found.has_aspects(&change.urn) {
                true => change.leave_out(&found),
                false => change.make_whole(),
            }
        }
        Ok(())
    }
}

/// The note of a change before it is sent, since it is not known whether the catalog has stored it if no answer comes.
fn note_before(change: &Change) -> Option<(String, Option<String>)> {
    let note = change.note_before()?;
    Some((change.note_key(), Some(note.text())))
}
