//! Changes that are sent together.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use catalog_model::{
    Feed, FollowError, ItemKey,
    follower::{Acknowledgement, Delivery, FeedConnection, FeedError},
};
use futures_util::{FutureExt, StreamExt, stream};
use outbound_http::Url;

use super::{
    api::{Api, MAX_ENTITIES},
    change::{Missing, Plan, Removal, Upsert, Work},
    custom_properties::CustomProperties,
    mapping::{EntityType, Mapped, extension::Extension},
    people::People,
    service::{Service, ServiceState, server_of},
    state::State,
    tags::Tags,
};
use crate::{
    remote::{CallError, Server},
    sync::{Background, Content, Outcome, Tally, acknowledge, hash},
};

mod removals;
mod restored;
mod sending;

use sending::{Sent, Way};

/// Collects changes of entities, and sends them when there are enough.
pub(super) struct Window<'a> {
    pub(super) feed: &'a dyn Feed,
    pub(super) tally: Tally,
    /// A hash of what identifies the server.
    pub(super) server: String,
    /// The keys of what the catalog has refused and probably does not have, and of what people have deleted.
    pub(super) absent: BTreeSet<ItemKey>,
    way: Way,
    people: People,
    /// `None` if they are not delivered.
    custom: Option<CustomProperties>,
    tags: Tags,
    service: Option<Service>,
    upserts: Vec<Upsert>,
    /// What is being sent.
    sending: Option<Background<Sent>>,
    removals: Vec<Removal>,
    is_checked: bool,
}

impl<'a> Window<'a> {
    pub(super) fn new(
        feed: &'a dyn Feed,
        tally: Tally,
        (server, url, parallel): (Server, &Url, usize),
        custom: Option<CustomProperties>,
    ) -> Self {
        Self {
            feed,
            tally,
            server: hash(&[server_of(url)]),
            absent: BTreeSet::new(),
            way: Way {
                api: Arc::new(Api::new(server, url).with_extension(custom.is_some())),
                names: Arc::default(),
                parallel,
            },
            people: People::default(),
            custom,
            tags: Tags::default(),
            service: None,
            upserts: Vec::new(),
            sending: None,
            removals: Vec::new(),
            is_checked: false,
        }
    }

    /// Begins a connection, and returns the fully qualified name of its service.
    pub(super) fn begin(&mut self, connection: &FeedConnection) -> String {
        let service = Service::new(connection);
        let fqn = service.fqn.clone();
        self.service = Some(service);
        fqn
    }

    /// Adds custom properties to an entity, if they are delivered.
    pub(super) async fn extend(
        &mut self,
        mapped: &mut Mapped,
        extension: impl FnOnce() -> Extension,
    ) -> Result<(), FollowError> {
        if self.custom.is_none() {
            return Ok(());
        }
        self.check_server().await?;
        let Some(custom) = &mut self.custom else {
            return Ok(());
        };
        mapped.extension = extension();
        custom
            .define((self.feed, &self.way.api), &self.server, mapped)
            .await?;
        self.retry_if(
            self.custom
                .as_ref()
                .is_some_and(CustomProperties::is_incomplete),
        );
        Ok(())
    }

    /// Makes the connection due again in the next delivery, if something could not be written for now.
    fn retry_if(&mut self, is_incomplete: bool) {
        if let Some(service) = self.service.as_ref().filter(|_| is_incomplete) {
            self.tally.retry(&service.connection.code);
        }
    }

    /// Adds an entity that exists. All between two calls of [`flush`](Self::flush) are of one type.
    pub(super) async fn push(&mut self, upsert: Upsert) -> Result<(), FollowError> {
        self.upserts.push(upsert);
        self.flush_if_full().await
    }

    /// Adds an entity that the catalog should not show.
    pub(super) async fn remove(&mut self, removal: Removal) -> Result<(), FollowError> {
        if removal.before.content != Content::Removed || removal.before.is_doubted {
            self.removals.push(removal);
        }
        self.flush_if_full().await
    }

    async fn flush_if_full(&mut self) -> Result<(), FollowError> {
        let full = MAX_ENTITIES * self.way.parallel;
        if self.removals.len() >= full {
            return self.flush().await;
        }
        match self.upserts.len() >= full {
            true => self.begin_upserts().await,
            false => Ok(()),
        }
    }

    /// Sends all changes, waits until they are sent, and acknowledges those that were stored.
    pub(super) async fn flush(&mut self) -> Result<(), FollowError> {
        self.begin_upserts().await?;
        self.settle().await?;
        let removals = std::mem::take(&mut self.removals);
        if !removals.is_empty() {
            self.flush_removals(removals).await?;
        }
        Ok(())
    }

    /// Ends the delivery.
    pub(super) async fn end(mut self) -> Result<Delivery, FeedError> {
        // A dry run without a server finds nobody.
        if let Some(notice) = self.people.notice().filter(|_| !self.way.api.is_silent()) {
            self.tally.notice(notice);
        }
        if let Some(notice) = self.way.names.notice() {
            self.tally.notice(notice);
        }
        if let Some(custom) = &self.custom {
            for notice in custom.notices(&self.way.api) {
                self.tally.notice(notice);
            }
            let outdated = custom.outdated().into_iter();
            let forgotten = outdated.fold(Acknowledgement::default(), |forgotten, key| {
                forgotten.with_note(key, None)
            });
            acknowledge(self.feed, forgotten).await?;
        }
        self.tally.end(self.feed).await
    }

    /// Prepares entities while those before are sent, waits for those, and begins to send. In one step, it acknowledges
    /// what was stored, and notes what is sent next.
    async fn begin_upserts(&mut self) -> Result<(), FollowError> {
        let upserts = std::mem::take(&mut self.upserts);
        if upserts.is_empty() {
            return Ok(());
        }
        let prepared = self.prepare(upserts).await;
        let (mut notes, ended) = self.sent().await;
        if let (Ok((works, _)), Ok(())) = (&prepared, &ended) {
            notes.notes.extend(notes_before(works));
        }
        acknowledge(self.feed, notes).await?;
        ended?;
        let (works, service) = prepared?;
        self.sending = Some(self.way.begin(works, service));
        match self.way.api.is_dry_run() {
            // So that it shows the requests in the same order each time.
            true => self.settle().await,
            false => Ok(()),
        }
    }

    /// Waits until what is being sent is sent, and acknowledges what was stored.
    pub(super) async fn settle(&mut self) -> Result<(), FollowError> {
        let (stored, ended) = self.sent().await;
        acknowledge(self.feed, stored).await?;
        ended
    }

    /// Waits until what is being sent is sent. Returns the notes of what was stored, and whether more can be sent.
    async fn sent(&mut self) -> (Acknowledgement, Result<(), FollowError>) {
        let mut stored = Acknowledgement::default();
        let Some(sending) = self.sending.take() else {
            return (stored, Ok(()));
        };
        let Sent {
            works,
            mut outcomes,
            mut ended,
        } = sending.end().await;
        if ended.is_ok() {
            ended = self.send_extensions(&works, &mut outcomes).await;
        }
        if (outcomes.iter()).any(|(outcome, _)| *outcome == Some(Outcome::Stored)) {
            self.tally.accepted();
        }
        let mut items = 0;
        for (work, (outcome, written)) in works.into_iter().zip(outcomes) {
            let is_item = work.wanted.mapped.of == EntityType::Chart;
            match outcome {
                Some(Outcome::Stored) => {
                    items += u64::from(is_item && !matches!(work.plan, Plan::Nothing));
                    let written = written.unwrap_or_else(|| work.written());
                    let note = work.after(written).text();
                    stored.notes.push((work.note_key(), Some(note)));
                    if let Some(message) = work.missing.tag {
                        ended = ended.and(self.refused(work.key, message));
                    }
                }
                Some(Outcome::Refused(message)) => {
                    if is_item && !work.is_there() {
                        self.absent.insert(work.key.clone());
                    }
                    ended = ended.and(self.refused(work.key, message));
                }
                None => {}
            }
        }
        self.retry_if(
            self.custom
                .as_ref()
                .is_some_and(CustomProperties::is_incomplete),
        );
        if let Some(service) = self.service.as_ref().filter(|_| items > 0) {
            self.tally.stored(&service.connection.code, items);
        }
        (stored, ended)
    }

    fn refused(&mut self, key: ItemKey, message: String) -> Result<(), FollowError> {
        match &self.service {
            Some(service) => self.tally.refused(&service.connection.code, key, message),
            None => Ok(()),
        }
    }

    /// The service of the connection, which is created if there is none, and whether it was created in this delivery.
    async fn create_service(&mut self) -> Result<(String, bool), FollowError> {
        self.service_state().await?;
        let Some(service) = &mut self.service else {
            return Ok((String::new(), false));
        };
        let state = service.create(&self.way.api).await?;
        Ok((service.fqn.clone(), state == ServiceState::Created))
    }

    /// Whether the catalog has the service of the connection. Before that, the server is found to be what it should be.
    async fn service_state(&mut self) -> Result<ServiceState, FollowError> {
        self.check_server().await?;
        match &mut self.service {
            Some(service) => service.state(&self.way.api).await,
            None => Ok(ServiceState::Absent),
        }
    }

    /// Finds, once, whether the server is OpenMetadata.
    async fn check_server(&mut self) -> Result<(), FollowError> {
        if !self.is_checked
            && let Err(error) = self.way.api.version().await
            && !self.way.api.is_silent()
        {
            return Err(error);
        }
        self.is_checked = true;
        Ok(())
    }

    /// What the catalog has of these entities, by index. Of one that cannot be read, it is not known which custom
    /// properties it has.
    async fn read(
        &self,
        upserts: &mut [Upsert],
        is_new: bool,
    ) -> Result<BTreeMap<usize, State>, FollowError> {
        let mut states = BTreeMap::new();
        if is_new {
            return Ok(states);
        }
        let mut requests = Vec::new();
        let mut unreadable = Vec::new();
        for (index, upsert) in upserts.iter().enumerate() {
            let read = self.way.api.get(upsert.mapped.of, &upsert.fqn);
            requests.push(async move { (index, read.await) }.boxed());
        }
        let mut requests = stream::iter(requests).buffer_unordered(self.way.parallel);
        while let Some((index, state)) = requests.next().await {
            match state {
                Ok(state) => states.extend(state.map(|state| (index, state))),
                // What cannot be read is created, so that the answer to this says why.
                Err(CallError::Refused { .. } | CallError::TooLarge) => unreadable.push(index),
                Err(error) => return Err(error.ended("an entity cannot be read")),
            }
        }
        drop(requests);
        for index in unreadable {
            upserts[index].is_unreadable = true;
        }
        Ok(states)
    }

    /// Reads what the catalog has of entities, finds their owners and creates their tags. Returns what is to be done, and
    /// the fully qualified name of the service.
    async fn prepare(
        &mut self,
        mut upserts: Vec<Upsert>,
    ) -> Result<(Vec<Work>, String), FollowError> {
        let (service, is_new) = self.create_service().await?;
        let mut states = self.read(&mut upserts, is_new).await?;
        let emails = upserts.iter().flat_map(|upsert| &upsert.mapped.emails);
        let emails: BTreeSet<_> = emails.flatten().collect();
        self.people
            .look_up(&self.way.api, self.way.parallel, emails)
            .await?;
        let tags = upserts.iter().flat_map(|upsert| &upsert.mapped.tags);
        let tags: BTreeSet<_> = tags.flatten().cloned().collect();
        let server = (self.server.as_str(), !is_new && !self.feed.is_full());
        self.tags
            .create((self.feed, &self.way.api), server, tags)
            .await?;
        let mut works = Vec::with_capacity(upserts.len());
        for (index, mut upsert) in upserts.into_iter().enumerate() {
            let emails = upsert.mapped.emails.as_ref();
            let owners = emails.and_then(|emails| self.people.ids(emails));
            let missing = Missing {
                owners: emails.is_some() && owners.is_none(),
                tag: upsert
                    .mapped
                    .tags
                    .as_mut()
                    .and_then(|tags| self.tags.retain(tags)),
                extension: self.custom.is_some() && upsert.is_unreadable,
            };
            self.retry_if(missing.owners || missing.extension);
            let state = states.remove(&index);
            if state
                .as_ref()
                .is_some_and(|state| upsert.is_deleted_by_people(state))
            {
                self.absent.insert(upsert.key.clone());
            }
            works.push(Work::new(upsert, (state, &service), owners, missing));
        }
        Ok((works, service))
    }
}

/// The notes of entities before they are sent.
fn notes_before(works: &[Work]) -> impl Iterator<Item = (String, Option<String>)> {
    let due = works
        .iter()
        .filter(|work| !matches!(work.plan, Plan::Nothing));
    due.map(|work| (work.note_key(), Some(work.before.text())))
}
