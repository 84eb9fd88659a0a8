//! A delivery: tags, then containers from the outside in, then items; then what the catalog should not show, in the
//! reverse order.

use std::sync::Arc;

use catalog_model::{
    Container, Feed, FollowError, ItemKey, ItemState, Visualization,
    follower::{Delivery, EntityKind, FeedEntry, FeedError},
};
use outbound_http::Url;

use super::{
    api::{Api, MAX_BYTES, MAX_ENTITIES},
    change::{Change, note_key, type_of},
    mapping::{EntityType, Hierarchy, Mapping, Run, urn_of},
    window::Window,
};
use crate::{
    remote::Server,
    sync::{Due, Limits, Note, Sender, Tally, hash, notes_about},
};

/// The states of what the catalog should not show.
const REMOVED: &[ItemState] = &[ItemState::Excluded, ItemState::Gone];

/// What a delivery needs.
pub(super) struct Context<'a> {
    pub(super) feed: &'a dyn Feed,
    pub(super) mapping: &'a Mapping,
    pub(super) url: &'a Url,
    pub(super) parallel: usize,
}

/// Delivers what is due.
pub(super) async fn deliver(
    context: &Context<'_>,
    server: Server,
) -> Result<Delivery, FollowError> {
    let limits = Limits {
        entries: MAX_ENTITIES,
        bytes: MAX_BYTES,
    };
    let tally = Tally::begin(context.feed, context.url.as_str()).await?;
    let due = Due::read(context.feed, tally.again()).await?;
    let api = Api::new(server, context.parallel);
    let sender = Sender::new(limits, context.parallel);
    let server = hash(&[context.url.as_str()]);
    let mut window = Window::new(context.feed, (api, sender), tally, server);
    for due in due {
        window.run = Arc::new(Run::new(&due.connection, context.feed.now()));
        let hierarchy = Hierarchy::load(context.feed, &due.connection).await?;
        let mut walk = Walk {
            context,
            due: &due,
            hierarchy,
            window: &mut window,
        };
        let walked = walk.all().await;
        // Also after an error, so that what was stored is acknowledged.
        let settled = window.settle().await;
        walked.and(settled)?;
    }
    Ok(window.tally.end(context.feed).await?)
}

/// The way through what is due of a connection.
struct Walk<'a, 'w> {
    context: &'a Context<'a>,
    due: &'a Due,
    hierarchy: Hierarchy,
    window: &'a mut Window<'w>,
}

impl Walk<'_, '_> {
    async fn all(&mut self) -> Result<(), FollowError> {
        self.existing().await?;
        self.removed().await
    }

    async fn existing(&mut self) -> Result<(), FollowError> {
        let (due, feed) = (self.due, self.context.feed);
        if due.has_containers() {
            for depth in self.hierarchy.depths() {
                let mut containers = due.containers(feed, ItemState::EXISTING).await?;
                while let Some(mut batch) = containers.next().await? {
                    batch.retain(|entry| self.hierarchy.depth(&entry.entity.key) == depth);
                    self.containers(&batch).await?;
                }
                self.flush().await?;
                for key in std::mem::take(&mut self.window.absent) {
                    self.hierarchy.leave_out(&key);
                }
            }
        }
        let mut items = due.items(feed, ItemState::EXISTING).await?;
        while let Some(batch) = items.next().await? {
            self.items(&batch).await?;
        }
        self.flush().await
    }

    async fn containers(&mut self, batch: &[FeedEntry<Container>]) -> Result<(), FollowError> {
        let keys: Vec<_> = batch.iter().map(|entry| &entry.entity.key).collect();
        let notes = self.notes(EntityType::Container, &keys).await?;
        for (entry, note) in batch.iter().zip(notes) {
            let mapped = self
                .context
                .mapping
                .container(&entry.entity, &self.hierarchy);
            let key = &entry.entity.key;
            self.push(Change::of_existing(key, mapped, note)).await?;
        }
        Ok(())
    }

    async fn items(&mut self, batch: &[FeedEntry<Visualization>]) -> Result<(), FollowError> {
        let keys: Vec<_> = batch.iter().map(|entry| &entry.entity.key).collect();
        let notes = self.notes(EntityType::Dashboard, &keys).await?;
        for (entry, note) in batch.iter().zip(notes) {
            let key = &entry.entity.key;
            match self
                .context
                .mapping
                .dashboard(&entry.entity, &self.hierarchy)
            {
                Ok(mapped) => {
                    self.push(Change::of_existing(key, mapped, note)).await?;
                }
                Err(error) => {
                    let code = self.hierarchy.code();
                    let tally = &mut self.window.tally;
                    tally.refused(code, key.clone(), error.to_string())?;
                }
            }
        }
        Ok(())
    }

    /// Hides what the catalog should not show, items before containers, and those inside before those that hold them.
    async fn removed(&mut self) -> Result<(), FollowError> {
        let (due, feed) = (self.due, self.context.feed);
        let mut items = due.items(feed, REMOVED).await?;
        while let Some(batch) = items.next().await? {
            let keys: Vec<_> = batch.iter().map(|entry| &entry.entity.key).collect();
            self.remove(EntityType::Dashboard, &keys).await?;
        }
        self.flush().await?;
        self.forget(EntityKind::Item).await?;
        if due.has_containers() {
            for keys in self.hierarchy.removed() {
                let keys: Vec<_> = keys.iter().collect();
                self.remove(EntityType::Container, &keys).await?;
                self.flush().await?;
            }
        }
        self.forget(EntityKind::Container).await
    }

    async fn remove(&mut self, of: EntityType, keys: &[&ItemKey]) -> Result<(), FollowError> {
        for (key, note) in keys.iter().zip(self.notes(of, keys).await?) {
            // An entity whose urn is not possible was never in the catalog.
            if let Ok(urn) = urn_of(of, key) {
                self.push(Change::of_removed(key, (of, urn), note)).await?;
            }
        }
        Ok(())
    }

    /// Hides what the store has deleted, and deletes its notes.
    async fn forget(&mut self, kind: EntityKind) -> Result<(), FollowError> {
        let of = type_of(kind);
        let forgotten = self
            .due
            .forgotten
            .iter()
            .filter(|(found, _)| *found == kind);
        let keys: Vec<_> = forgotten.map(|(_, key)| key).collect();
        for (key, note) in keys.iter().zip(self.notes(of, &keys).await?) {
            if let Ok(urn) = urn_of(of, key) {
                self.push(Change::of_forgotten(key, (of, urn), note))
                    .await?;
            }
        }
        self.flush().await
    }

    /// What was last sent of these entities to this server.
    async fn notes(&self, of: EntityType, keys: &[&ItemKey]) -> Result<Vec<Note>, FeedError> {
        let keys: Vec<_> = keys.iter().map(|key| note_key(of, key)).collect();
        let feed = self.context.feed;
        notes_about(feed, &self.window.server, &keys, feed.is_full()).await
    }

    async fn push(&mut self, change: Option<Change>) -> Result<(), FollowError> {
        match change {
            Some(change) => self.window.push(self.hierarchy.code(), change).await,
            None => {
                self.window.tally.accepted();
                Ok(())
            }
        }
    }

    async fn flush(&mut self) -> Result<(), FollowError> {
        self.window.flush(self.hierarchy.code()).await
    }
}
