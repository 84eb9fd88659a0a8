//! A delivery: items, then the containers that hold them; then what the catalog should not show, in the same order.
//!
//! A container is written with all of its items, because a server removes those that are left out. Items of one container
//! are in succession, because they are sorted by their keys. So all items are read once, and a few containers at a time are
//! complete.

use std::collections::BTreeSet;

use catalog_model::{
    Feed, FollowError, ItemKey, ItemState, Visualization,
    follower::{Delivery, EntityKind, FeedEntry, FeedError},
};
use outbound_http::Url;

use super::{
    change::{Removal, Upsert, note_key, type_of},
    custom_properties::CustomProperties,
    dashboards::Dashboards,
    mapping::{self, EntityType, Mapped, extension::Extension, name},
    service::server_of,
    window::Window,
};
use crate::{
    remote::Server,
    sync::{Due, Note, Tally, notes_about},
};

/// Maximum number of items whose containers wait until they are complete, unless one container holds more.
const MAX_HELD: usize = 2_000;

/// The states of what the catalog should not show.
const REMOVED: &[ItemState] = &[ItemState::Excluded, ItemState::Gone];

/// Delivers what is due.
pub(super) async fn deliver(
    feed: &dyn Feed,
    (server, url, parallel): (Server, &Url, usize),
    custom: Option<CustomProperties>,
) -> Result<Delivery, FollowError> {
    let tally = Tally::begin(feed, server_of(url)).await?;
    let due = Due::read(feed, tally.again()).await?;
    let mut window = Window::new(feed, tally, (server, url, parallel), custom);
    for due in due {
        let dashboards = Dashboards::load(feed, &due.connection).await?;
        let service = window.begin(&due.connection);
        let part = due.connection.key_parts.last();
        let everything = Due::everything(&due.connection);
        let mut walk = Walk {
            feed,
            due: &due,
            service,
            part: part.cloned().unwrap_or_else(|| "item".to_owned()),
            dashboards,
            held: BTreeSet::new(),
            is_doubted: feed.is_full(),
            complete: Vec::new(),
            window: &mut window,
        };
        let walked = walk.all(&everything).await;
        // Also after an error, so that what was stored is acknowledged.
        let settled = window.settle().await;
        walked.and(settled)?;
    }
    Ok(window.end().await?)
}

/// The way through what is due of a connection.
struct Walk<'a, 'w> {
    feed: &'a dyn Feed,
    due: &'a Due,
    /// The fully qualified name of the service.
    service: String,
    /// What the last part of an item's key is: `sheet`.
    part: String,
    dashboards: Dashboards,
    /// The containers that hold items.
    held: BTreeSet<ItemKey>,
    /// Whether somebody may have changed what was delivered.
    is_doubted: bool,
    /// Containers with all of their items, which are not written yet. Of the last one, more items may follow.
    complete: Vec<(ItemKey, Vec<ItemKey>)>,
    window: &'a mut Window<'w>,
}

impl<'a> Walk<'a, '_> {
    /// Delivers what is due, and removes again what may be back of `everything`.
    async fn all(&mut self, everything: &'a Due) -> Result<(), FollowError> {
        self.existing().await?;
        self.removed_items().await?;
        self.removed_containers().await?;
        if self.window.may_be_restored().await? {
            self.due = everything;
            self.is_doubted = true;
            self.removed_items().await?;
            self.removed_containers().await?;
        }
        Ok(self.window.note_service().await?)
    }

    async fn existing(&mut self) -> Result<(), FollowError> {
        let (feed, code) = (self.feed, &self.due.connection.code);
        let is_everything = self.due.has_containers();
        if !is_everything {
            let mut items = self.due.items(feed, ItemState::EXISTING).await?;
            while let Some(batch) = items.next().await? {
                self.items(&batch).await?;
            }
        }
        let mut items = feed.items(code, ItemState::EXISTING).await?;
        while let Some(batch) = items.next().await? {
            if is_everything {
                self.items(&batch).await?;
            }
            self.collect(batch);
            let held: usize = self.complete.iter().map(|(_, items)| items.len()).sum();
            if held > MAX_HELD && self.complete.len() > 1 {
                let unfinished = self.complete.pop();
                self.containers().await?;
                self.complete.extend(unfinished);
            }
        }
        self.containers().await?;
        for key in self.dashboards.rest() {
            self.container((key, Vec::new())).await?;
        }
        self.window.flush().await
    }

    async fn items(&mut self, batch: &[FeedEntry<Visualization>]) -> Result<(), FollowError> {
        let keys: Vec<_> = batch.iter().map(|entry| &entry.entity.key).collect();
        let notes = self.notes(EntityType::Chart, &keys).await?;
        for (entry, note) in batch.iter().zip(notes) {
            let mut mapped = mapping::chart(&entry.entity, &self.part);
            let extension = || Extension::of_item(&entry.entity);
            self.window.extend(&mut mapped, extension).await?;
            self.push(&entry.entity.key, mapped, note).await?;
        }
        Ok(())
    }

    /// Adds items to their containers.
    fn collect(&mut self, batch: Vec<FeedEntry<Visualization>>) {
        for FeedEntry { entity: item, .. } in batch {
            let Some(container) = item.container else {
                continue;
            };
            match self.complete.last_mut() {
                Some((last, items)) if *last == container => items.push(item.key),
                _ => self.complete.push((container, vec![item.key])),
            }
        }
    }

    /// Writes the containers that are complete, once their items are written.
    async fn containers(&mut self) -> Result<(), FollowError> {
        self.window.flush().await?;
        for container in std::mem::take(&mut self.complete) {
            self.container(container).await?;
        }
        self.window.flush().await
    }

    /// The fully qualified name of an item that the catalog has.
    fn live_chart(&self, key: &ItemKey) -> Option<String> {
        let is_absent = self.window.absent.contains(key);
        (!is_absent).then(|| self.fqn(&name::chart(key)))
    }

    async fn container(
        &mut self,
        (key, items): (ItemKey, Vec<ItemKey>),
    ) -> Result<(), FollowError> {
        let charts = items.iter().filter_map(|key| self.live_chart(key));
        let charts: Vec<_> = charts.collect();
        if !charts.is_empty() {
            self.held.insert(key.clone());
        }
        let Some((container, parent)) = self.dashboards.take(&key) else {
            return Ok(());
        };
        let mut mapped = mapping::dashboard(&container, parent.as_deref(), charts);
        let extension = || Extension::of_container(&container);
        self.window.extend(&mut mapped, extension).await?;
        let note = self.notes(EntityType::Dashboard, &[&key]).await?;
        let note = note.into_iter().next().unwrap_or_default();
        self.push(&key, mapped, note).await
    }

    async fn removed_items(&mut self) -> Result<(), FollowError> {
        let mut items = self.due.items(self.feed, REMOVED).await?;
        while let Some(batch) = items.next().await? {
            let keys: Vec<_> = batch.into_iter().map(|entry| entry.entity.key).collect();
            self.remove(EntityType::Chart, &keys, false).await?;
        }
        self.forget(EntityKind::Item).await?;
        self.window.flush().await
    }

    /// A server may remove the items with their container, so one that holds items stays.
    async fn removed_containers(&mut self) -> Result<(), FollowError> {
        let removed = self.dashboards.removed().iter();
        let removed = removed.filter(|key| !self.held.contains(*key));
        let removed: Vec<_> = removed.cloned().collect();
        self.remove(EntityType::Dashboard, &removed, false).await?;
        self.forget(EntityKind::Container).await?;
        self.window.flush().await
    }

    /// Removes what the store has deleted, and deletes its notes.
    async fn forget(&mut self, kind: EntityKind) -> Result<(), FollowError> {
        let is_delivered = |key: &ItemKey| match kind {
            EntityKind::Item => true,
            EntityKind::Container => self.dashboards.is_dashboard(key) && !self.held.contains(key),
        };
        let forgotten = self.due.forgotten.iter();
        let forgotten = forgotten.filter(|(of, key)| *of == kind && is_delivered(key));
        let keys: Vec<_> = forgotten.map(|(_, key)| key.clone()).collect();
        self.remove(type_of(kind), &keys, true).await
    }

    async fn remove(
        &mut self,
        of: EntityType,
        keys: &[ItemKey],
        is_forgotten: bool,
    ) -> Result<(), FollowError> {
        let notes = self.notes(of, &keys.iter().collect::<Vec<_>>()).await?;
        for (key, before) in keys.iter().zip(notes) {
            let own = match of {
                EntityType::Chart => name::chart(key),
                EntityType::Dashboard => name::dashboard(key),
            };
            let removal = Removal {
                key: key.clone(),
                of,
                fqn: self.fqn(&own),
                before,
                is_forgotten,
            };
            self.window.remove(removal).await?;
        }
        Ok(())
    }

    async fn push(&mut self, key: &ItemKey, mapped: Mapped, note: Note) -> Result<(), FollowError> {
        let fqn = self.fqn(&mapped.name);
        match Upsert::new(key, fqn, mapped, note) {
            Some(upsert) => self.window.push(upsert).await,
            None => {
                self.window.tally.accepted();
                Ok(())
            }
        }
    }

    /// A name in the service, fully qualified. The names that are made here have no dots.
    fn fqn(&self, name: &str) -> String {
        format!("{}.{name}", self.service)
    }

    /// What was last sent of these entities to this server.
    async fn notes(&self, of: EntityType, keys: &[&ItemKey]) -> Result<Vec<Note>, FeedError> {
        let keys: Vec<_> = keys.iter().map(|key| note_key(of, key)).collect();
        notes_about(self.feed, &self.window.server, &keys, self.is_doubted).await
    }
}
