//! Changes that are sent together.

use std::borrow::Cow;

use async_trait::async_trait;
use catalog_model::{ConnectionCode, Feed, FollowError, ItemKey, follower::Acknowledgement};
use serde_json::{Map, Value};

use super::{
    api::{Api, Verb, Write, openapi_entity},
    change::Change,
    echo::Echo,
    mapping::{EntityType, Run, properties_of, urn},
    once::{Named, Once},
};
use crate::{
    remote::CallError,
    sync::{Note, Outcome, Part, Sender, Tally, Target},
};

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

/// Collects changes of entities of one type, and sends them when there are enough.
pub(super) struct Window<'a> {
    pub(super) feed: &'a dyn Feed,
    pub(super) api: Api,
    pub(super) sender: Sender,
    pub(super) tally: Tally,
    /// A hash of the server's URL.
    pub(super) server: String,
    pub(super) once: Once,
    /// The run that writes.
    pub(super) run: Run,
    changes: Vec<Change>,
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
            api,
            sender,
            tally,
            server,
            once: Once::default(),
            run: Run::default(),
            changes: Vec::new(),
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
            true => self.flush(code).await,
            false => Ok(()),
        }
    }

    /// Sends all changes, and acknowledges those that were stored.
    pub(super) async fn flush(&mut self, code: &ConnectionCode) -> Result<(), FollowError> {
        let mut changes = std::mem::take(&mut self.changes);
        let Some(of) = changes.first().map(|change| change.of) else {
            return Ok(());
        };
        self.check_server().await?;
        self.note_before(&changes).await?;
        self.read_unknown(of, &mut changes).await?;
        self.create_named(code, &changes).await?;
        let (outcomes, ended) = self.send(of, &changes).await;
        if outcomes.contains(&Some(Outcome::Stored)) {
            self.tally.accepted();
        }
        let mut stored = Acknowledgement::default();
        let mut items = 0;
        for (change, outcome) in changes.into_iter().zip(outcomes) {
            match outcome {
                Some(Outcome::Stored) => {
                    let note = change.after.as_ref().map(Note::text);
                    stored = stored.with_note(change.note_key(), note);
                    items += u64::from(change.of == EntityType::Dashboard && !change.is_empty());
                }
                Some(Outcome::Refused(message)) => {
                    if change.is_unknown() && change.of == EntityType::Container {
                        self.absent.push(change.key.clone());
                    }
                    self.tally.refused(code, change.key, message)?;
                }
                None => {}
            }
        }
        if !stored.notes.is_empty() {
            self.feed.acknowledge(stored).await?;
        }
        if items > 0 {
            self.tally.stored(code, items);
        }
        ended
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

    /// Notes what will be sent, since it is not known whether the catalog has stored it if no answer comes.
    async fn note_before(&self, changes: &[Change]) -> Result<(), FollowError> {
        let mut before = Acknowledgement::default();
        for change in changes {
            if let Some(note) = change.note_before() {
                before = before.with_note(change.note_key(), note.text());
            }
        }
        match before.notes.is_empty() {
            true => Ok(()),
            false => Ok(self.feed.acknowledge(before).await?),
        }
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
    async fn read_unknown(
        &self,
        of: EntityType,
        changes: &mut [Change],
    ) -> Result<(), FollowError> {
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
            match found.aspects(&change.urn) {
                Some(_) => change.leave_out(&found),
                None => change.make_whole(),
            }
        }
        Ok(())
    }

    /// Sends what is replaced, then the patches of what was stored.
    async fn send(
        &self,
        of: EntityType,
        changes: &[Change],
    ) -> (Vec<Option<Outcome>>, Result<(), FollowError>) {
        // What needs no request is as good as stored.
        let mut outcomes = vec![Some(Outcome::Stored); changes.len()];
        for verb in [Verb::Replace, Verb::Patch] {
            let writes = Writes {
                api: &self.api,
                run: &self.run,
                of,
                verb,
            };
            let due = changes.iter().enumerate().filter(|(index, change)| {
                outcomes[*index] == Some(Outcome::Stored)
                    && match verb {
                        Verb::Replace => !change.aspects.is_empty(),
                        Verb::Patch => !change.patches.is_empty(),
                    }
            });
            let (indexes, entries): (Vec<_>, Vec<_>) = due
                .map(|(index, change)| (index, Entry::new(change, verb, &self.run)))
                .unzip();
            let (sent, ended) = self.sender.send(&writes, &entries).await;
            for (index, outcome) in indexes.into_iter().zip(sent) {
                outcomes[index] = outcome;
            }
            if ended.is_err() {
                // The patches of those that were replaced were not sent.
                for (index, change) in changes.iter().enumerate() {
                    if verb == Verb::Replace && !change.patches.is_empty() {
                        outcomes[index] = outcomes[index].take().filter(is_refused);
                    }
                }
                return (outcomes, ended);
            }
        }
        (outcomes, Ok(()))
    }
}

fn is_refused(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(_))
}

/// Writes aspects of entities of one type.
pub(super) struct Writes<'a> {
    pub(super) api: &'a Api,
    pub(super) run: &'a Run,
    pub(super) of: EntityType,
    pub(super) verb: Verb,
}

/// What is written of an entity.
pub(super) struct Entry<'a> {
    urn: &'a str,
    aspects: Cow<'a, Map<String, Value>>,
    /// Of a patch: the aspect, the entry, and whether it is added.
    entries: Vec<(&'static str, &'a str, bool)>,
    json: String,
}

impl<'a> Entry<'a> {
    fn new(change: &'a Change, verb: Verb, run: &Run) -> Self {
        if verb == Verb::Replace {
            return Self::whole(&change.urn, Cow::Borrowed(&change.aspects), run);
        }
        let mut entry = Self::whole(&change.urn, Cow::Owned(change.patches()), run);
        for patch in &change.patches {
            let aspect = patch.of.aspect();
            let added = patch.added.iter().map(|urn| (aspect, &**urn, true));
            let removed = patch.removed.iter().map(|urn| (aspect, &**urn, false));
            entry.entries.extend(added.chain(removed));
        }
        entry
    }

    /// Aspects that are replaced.
    pub(super) fn whole(urn: &'a str, aspects: Cow<'a, Map<String, Value>>, run: &Run) -> Self {
        Self {
            urn,
            json: openapi_entity(urn, &aspects, run),
            aspects,
            entries: Vec::new(),
        }
    }

    /// The first aspect that the server does not have as it was sent.
    fn first_lost(&self, echo: &Echo, verb: Verb) -> Option<&str> {
        match verb {
            Verb::Replace => echo.first_lost(self.urn, &self.aspects),
            Verb::Patch => {
                let mut entries = self.entries.iter();
                let lost = entries.find(|(aspect, entry, is_added)| {
                    echo.has_entry(self.urn, aspect, entry) != *is_added
                });
                lost.map(|(aspect, ..)| *aspect)
            }
        }
    }
}

#[async_trait]
impl<'a> Target for Writes<'a> {
    type Entry = Entry<'a>;

    fn size(&self, entry: &Entry<'a>) -> usize {
        entry.json.len() + 1
    }

    async fn send(&self, entries: &[Entry<'a>], part: Part) -> Result<Vec<Outcome>, CallError> {
        let mut outcomes = vec![Outcome::Stored; entries.len()];
        let all: Vec<_> = entries.iter().collect();
        let lost = self.write(&all, part).await?;
        for index in lost {
            // What the server lost once, it may store when it comes alone.
            let entry = &entries[index];
            if self.write(&[entry], Part::OfRefused).await?.is_empty() {
                continue;
            }
            outcomes[index] = Outcome::Refused(
                "the server answered with success, but has not stored everything".to_owned(),
            );
        }
        Ok(outcomes)
    }
}

impl Writes<'_> {
    /// Writes entries, and returns the indexes of those that the server has not stored although it answered with
    /// success.
    async fn write(&self, entries: &[&Entry<'_>], part: Part) -> Result<Vec<usize>, CallError> {
        let writes: Vec<_> = entries
            .iter()
            .map(|entry| Write {
                urn: entry.urn,
                aspects: &entry.aspects,
                run: self.run,
                json: &entry.json,
            })
            .collect();
        let Some(echo) = self.api.write((self.of, self.verb), &writes, part).await? else {
            return Ok(Vec::new());
        };
        let mut lost: Vec<_> = (0..entries.len())
            .filter(|index| entries[*index].first_lost(&echo, self.verb).is_some())
            .collect();
        if lost.is_empty() {
            return Ok(lost);
        }
        // Not every server answers with everything that it has stored.
        let urns: Vec<_> = lost.iter().map(|index| entries[*index].urn).collect();
        let names = lost.iter().flat_map(|index| entries[*index].aspects.keys());
        let mut names: Vec<_> = names.map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let read = self.api.read(self.of, &urns, &names).await;
        if let Some(stored) = read.map_err(CallError::Ended)? {
            lost.retain(|index| entries[*index].first_lost(&stored, self.verb).is_some());
        }
        Ok(lost)
    }
}
