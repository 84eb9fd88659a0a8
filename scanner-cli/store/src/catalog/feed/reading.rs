//! The queries of a feed.

use std::ops::ControlFlow;

use catalog_model::{
    ConnectionCode, Container, Instant, ItemState, ScanOutcome, Visualization,
    follower::{
        ChangeDetail, ConnectionScope, Entity, EntityKind, FeedChange, FeedConnection, FeedEntry,
        FeedScan, Position, ScanCounts, Start,
    },
};

use super::{
    super::{
        Catalog, CatalogContainer, CatalogItem, Change, ChangeLimit, ChangeQuery, ItemScope,
        LastScan, Snapshots, StoredConnection, StoredScan, Which,
    },
    batches::ContainerParent,
};
use crate::StoreError;

/// Maximum number of scans that are read at once.
const MAX_SCANS: usize = 100;

impl Catalog {
    /// Returns where the delivery to a follower that has received everything up to `reached` starts and ends.
    pub(super) fn range_after(
        &self,
        reached: Option<i64>,
    ) -> Result<(Start, Position), StoreError> {
        let settled = self.settled()?;
        Ok(match reached {
            // A scan that has begun in the meantime may make changes before this position unsettled. They stay
            // delivered.
            Some(seq) if seq >= self.forgotten()? => (
                Start::After(Position::new(seq)),
                Position::new(settled.max(seq)),
            ),
            _ => (Start::Reset, Position::new(settled)),
        })
    }

    /// Returns the connections that a follower receives.
    pub(super) fn feed_connections(
        &self,
        scope: &ConnectionScope,
    ) -> Result<Vec<FeedConnection>, StoreError> {
        let scans = self.last_scans(LastScan::Ended)?;
        let connections = self.connections().iter().filter_map(feed_connection);
        let received = connections.filter(|connection| scope.includes(&connection.code));
        let with_scan = received.map(|connection| {
            let mut scans = scans.iter();
            let last = scans.find(|scan| scan.connection == connection.code.as_str());
            connection.last_scan(last.and_then(feed_scan))
        });
        Ok(with_scan.collect())
    }

    /// Returns the scans of a connection that have ended after this one. Scans whose changes come after `end`, and those
    /// after them, are left out.
    pub(super) fn feed_scans(
        &self,
        code: &ConnectionCode,
        after: i64,
        end: Position,
    ) -> Result<Vec<FeedScan>, StoreError> {
        let range = (after, end.get());
        let found = (self.reader).ended_scans(code.as_str(), range, MAX_SCANS)?;
        Ok(found.iter().filter_map(feed_scan).collect())
    }

    /// Releases these snapshots. Each later read sees the current content of the store.
    pub(super) fn release_snapshot(&self, which: Snapshots) -> Result<(), StoreError> {
        self.reader.release_snapshot(which)
    }

    /// Returns the ids of the items or containers of a connection in these states, sorted by key.
    pub(super) fn ids(
        &self,
        entity: EntityKind,
        code: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Vec<i64>, StoreError> {
        let known = (self.connections().iter()).find(|known| known.code == code.as_str());
        let Some(connection) = known else {
            return Ok(Vec::new());
        };
        let scope = ItemScope {
            connection: Some(connection),
            states,
        };
        let which = match entity {
            EntityKind::Item => Which::Items,
            EntityKind::Container => Which::Containers(None),
        };
        self.reader.ids(scope, which)
    }

    /// Reads the items with these ids that are in one of these states now.
    pub(super) fn feed_items(
        &self,
        ids: &[i64],
        states: &[ItemState],
    ) -> Result<Vec<FeedEntry<Visualization>>, StoreError> {
        let found = self.items_by_id(ids, states)?;
        Ok(found.into_iter().map(item_entry).collect())
    }

    /// Reads the containers with these ids, and their parents.
    pub(super) fn parents(&self, ids: &[i64]) -> Result<Vec<ContainerParent>, StoreError> {
        let found = self.containers_by_id(ids, &ItemState::ALL)?;
        let parent =
            |found: CatalogContainer<'_>| (found.id, found.container.key, found.container.parent);
        Ok(found.into_iter().map(parent).collect())
    }

    /// Reads the containers with these ids that are in one of these states now.
    pub(super) fn feed_containers(
        &self,
        ids: &[i64],
        states: &[ItemState],
    ) -> Result<Vec<FeedEntry<Container>>, StoreError> {
        let found = self.containers_by_id(ids, states)?;
        Ok(found.into_iter().map(container_entry).collect())
    }

    /// Reads the first changes after a position, up to another position.
    pub(super) fn feed_changes(
        &self,
        (after, end): (Position, Position),
        count: usize,
        detail: ChangeDetail,
    ) -> Result<Vec<FeedChange>, StoreError> {
        let query = ChangeQuery {
            limit: Some(ChangeLimit::First(count as u64)),
            ..ChangeQuery::between(after.get(), end.get())
        };
        let mut found = Vec::with_capacity(count);
        self.reader.each_change(&query, &mut |change| {
            found.push(change);
            ControlFlow::Continue(())
        })?;
        let mut delivered = Vec::with_capacity(found.len());
        for change in found {
            let entry = match detail {
                ChangeDetail::Key => None,
                ChangeDetail::Entity => self.entity(change.entity, &change.key)?,
            };
            delivered.extend(feed_change(change).map(|change| change.with_entry(entry)));
        }
        Ok(delivered)
    }

    fn entity(
        &self,
        entity: EntityKind,
        key: &str,
    ) -> Result<Option<FeedEntry<Entity>>, StoreError> {
        Ok(match entity {
            EntityKind::Item => {
                let entry = self.item(key)?.map(item_entry);
                entry.map(|entry| entry.map(|item| Entity::Item(Box::new(item))))
            }
            EntityKind::Container => {
                let entry = self.container(key)?.map(container_entry);
                entry.map(|entry| entry.map(|one| Entity::Container(Box::new(one))))
            }
        })
    }
}

fn feed_connection(stored: &StoredConnection) -> Option<FeedConnection> {
    let code = ConnectionCode::new(&stored.code).ok()?;
    let connection = FeedConnection::new(code, &stored.name, stored.key_parts.clone());
    Some(connection.complete_from(stored.complete_from.map(Position::new)))
}

/// Converts a scan that has ended.
fn feed_scan(stored: &StoredScan) -> Option<FeedScan> {
    let outcome = ScanOutcome::from_word(stored.outcome.as_deref()?)?;
    let mut scan = FeedScan::new(stored.id, outcome, instant(stored.started));
    scan.ended = stored.ended.map(instant);
    scan.reasons.clone_from(&stored.reasons);
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    scan.counts = ScanCounts {
        seen: count(stored.counts.seen),
        added: count(stored.counts.added),
        changed: count(stored.counts.changed),
        removed: count(stored.counts.removed),
        returned: count(stored.counts.returned),
        excluded: count(stored.counts.excluded),
        unreadable: count(stored.counts.unreadable),
    };
    Some(scan)
}

fn container_entry(found: CatalogContainer<'_>) -> FeedEntry<Container> {
    FeedEntry::new(found.container, found.state, instant(found.first_seen))
        .gone_since(found.gone_since.map(instant))
}

fn item_entry(found: CatalogItem<'_>) -> FeedEntry<Visualization> {
    FeedEntry::new(found.item, found.state, instant(found.first_seen))
        .gone_since(found.gone_since.map(instant))
}

/// Converts a change, unless its code or key is damaged.
fn feed_change(change: Change) -> Option<FeedChange> {
    let code = ConnectionCode::new(&change.connection).ok()?;
    let key = change.key.parse().ok()?;
    let (position, time) = (Position::new(change.seq), instant(change.time));
    let delivered =
        FeedChange::new(position, (code, key), change.kind, time).with_entity_kind(change.entity);
    Some(delivered.with_fields(change.fields))
}

/// Converts a time of the store. A time beyond the calendar does not stop deliveries.
pub(super) fn instant(millis: i64) -> Instant {
    Instant::from_unix_millis(millis)
        .or_else(|_| Instant::from_unix_millis(0))
        .expect("1970 is within the calendar")
}
