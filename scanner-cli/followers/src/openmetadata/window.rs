//! Changes that are sent together.

use std::collections::{BTreeMap, BTreeSet};

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
    denied_names::DeniedNames,
    mapping::{EntityType, Mapped, extension::Extension},
    people::People,
    service::{Service, ServiceState, server_of},
    state::State,
    tags::Tags,
};
use crate::{
    remote::{CallError, Server},
    sync::{Content, Outcome, Tally, hash},
};

mod removals;
mod restored;
mod sending;

/// Collects changes of entities, and sends them when there are enough.
pub(super) struct Window<'a> {
    pub(super) feed: &'a dyn Feed,
    pub(super) tally: Tally,
    /// A hash of what identifies the server.
    pub(super) server: String,
    /// The keys of what the catalog has refused and probably does not have, and of what people have deleted.
    pub(super) absent: BTreeSet<ItemKey>,
    api: Api,
    parallel: usize,
    people: People,
    names: DeniedNames,
    /// `None` if they are not delivered.
    custom: Option<CustomProperties>,
    tags: Tags,
    service: Option<Service>,
    upserts: Vec<Upsert>,
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
            api: Api::new(server, url).with_extension(custom.is_some()),
            parallel,
            people: People::default(),
            names: DeniedNames::default(),
            custom,
            tags: Tags::default(),
            service: None,
            upserts: Vec::new(),
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
            .define((self.feed, &self.api), &self.server, mapped)
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
        let full = MAX_ENTITIES * self.parallel;
        match self.upserts.len().max(self.removals.len()) >= full {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// Sends all changes, and acknowledges those that were stored.
    pub(super) async fn flush(&mut self) -> Result<(), FollowError> {
        let upserts = std::mem::take(&mut self.upserts);
        if !upserts.is_empty() {
            self.flush_upserts(upserts).await?;
        }
        let removals = std::mem::take(&mut self.removals);
        if !removals.is_empty() {
            self.flush_removals(removals).await?;
        }
        Ok(())
    }

    /// Ends the delivery.
    pub(super) async fn end(mut self) -> Result<Delivery, FeedError> {
        // A dry run without a server finds nobody.
        if let Some(notice) = self.people.notice().filter(|_| !self.api.is_silent()) {
            self.tally.notice(notice);
        }
        if let Some(notice) = self.names.notice() {
            self.tally.notice(notice);
        }
        if let Some(custom) = &self.custom {
            for notice in custom.notices(&self.api) {
                self.tally.notice(notice);
            }
            let outdated = custom.outdated().into_iter();
            let forgotten = outdated.fold(Acknowledgement::default(), |forgotten, key| {
                forgotten.with_note(key, None)
            });
            if !forgotten.notes.is_empty() {
                self.feed.acknowledge(forgotten).await?;
            }
        }
        self.tally.end(self.feed).await
    }

    async fn flush_upserts(&mut self, mut upserts: Vec<Upsert>) -> Result<(), FollowError> {
        let (service, is_new) = self.create_service().await?;
        let states = self.read(&mut upserts, is_new).await?;
        let works = self.prepare(upserts, states, (&service, is_new)).await?;
        self.note_before(&works).await?;
        let (outcomes, ended) = self.send(&works, &service).await;
        if (outcomes.iter()).any(|(outcome, _)| *outcome == Some(Outcome::Stored)) {
            self.tally.accepted();
        }
        let mut stored = Acknowledgement::default();
        let mut items = 0;
        for (work, (outcome, written)) in works.into_iter().zip(outcomes) {
            let is_item = work.wanted.mapped.of == EntityType::Chart;
            match outcome {
                Some(Outcome::Stored) => {
                    items += u64::from(is_item && !matches!(work.plan, Plan::Nothing));
                    let written = written.unwrap_or_else(|| work.written());
                    stored = stored.with_note(work.note_key(), work.after(written).text());
                    if let Some(message) = work.missing.tag {
                        self.refused(work.key, message)?;
                    }
                }
                Some(Outcome::Refused(message)) => {
                    if is_item && !work.is_there() {
                        self.absent.insert(work.key.clone());
                    }
                    self.refused(work.key, message)?;
                }
                None => {}
            }
        }
        self.retry_if(
            self.custom
                .as_ref()
                .is_some_and(CustomProperties::is_incomplete),
        );
        if !stored.notes.is_empty() {
            self.feed.acknowledge(stored).await?;
        }
        if let Some(service) = self.service.as_ref().filter(|_| items > 0) {
            self.tally.stored(&service.connection.code, items);
        }
        ended
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
        let state = service.create(&self.api).await?;
        Ok((service.fqn.clone(), state == ServiceState::Created))
    }

    /// Whether the catalog has the service of the connection. Before that, the server is found to be what it should be.
    async fn service_state(&mut self) -> Result<ServiceState, FollowError> {
        self.check_server().await?;
        match &mut self.service {
            Some(service) => service.state(&self.api).await,
            None => Ok(ServiceState::Absent),
        }
    }

    /// Finds, once, whether the server is OpenMetadata.
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
            let read = self.api.get(upsert.mapped.of, &upsert.fqn);
            requests.push(async move { (index, read.await) }.boxed());
        }
        let mut requests = stream::iter(requests).buffer_unordered(self.parallel);
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

    /// Finds the owners and creates the tags.
    async fn prepare(
        &mut self,
        upserts: Vec<Upsert>,
        mut states: BTreeMap<usize, State>,
        (service, is_new): (&str, bool),
    ) -> Result<Vec<Work>, FollowError> {
        let emails = upserts.iter().flat_map(|upsert| &upsert.mapped.emails);
        let emails: BTreeSet<_> = emails.flatten().collect();
        self.people
            .look_up(&self.api, self.parallel, emails)
            .await?;
        let tags = upserts.iter().flat_map(|upsert| &upsert.mapped.tags);
        let tags: BTreeSet<_> = tags.flatten().cloned().collect();
        let server = (self.server.as_str(), !is_new && !self.feed.is_full());
        self.tags
            .create((self.feed, &self.api), server, tags)
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
            works.push(Work::new(upsert, (state, service), owners, missing));
        }
        Ok(works)
    }

    async fn note_before(&self, works: &[Work]) -> Result<(), FollowError> {
        let mut before = Acknowledgement::default();
        for work in works
            .iter()
            .filter(|work| !matches!(work.plan, Plan::Nothing))
        {
            before = before.with_note(work.note_key(), work.before.text());
        }
        match before.notes.is_empty() {
            true => Ok(()),
            false => Ok(self.feed.acknowledge(before).await?),
        }
    }
}
