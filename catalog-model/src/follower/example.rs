//! An item that a check describes as it would be delivered.

use super::{Feed, FeedConnection, FeedEntry, FeedError};
use crate::{Container, ItemKey, ItemState, Visualization};

/// An item of the store, with what holds it. A check describes it to see that the mapping works.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its connection.
    pub connection: FeedConnection,
    /// The containers that hold it, from the outside in.
    pub containers: Vec<FeedEntry<Container>>,
    /// The item.
    pub item: Visualization,
}

impl Example {
    /// Reads one existing item; `None` if the feed has no items.
    ///
    /// # Errors
    /// If the feed cannot be read.
    pub async fn read(feed: &dyn Feed) -> Result<Option<Self>, FeedError> {
        for connection in feed.connections() {
            let mut items = feed.items(&connection.code, ItemState::EXISTING).await?;
            let entry = items
                .next()
                .await?
                .and_then(|batch| batch.into_iter().next());
            if let Some(FeedEntry { entity: item, .. }) = entry {
                let containers = holding(feed, connection, &item).await?;
                let connection = connection.clone();
                return Ok(Some(Self {
                    connection,
                    containers,
                    item,
                }));
            }
        }
        Ok(None)
    }
}

/// The containers that hold an item, from the outside in.
async fn holding(
    feed: &dyn Feed,
    connection: &FeedConnection,
    item: &Visualization,
) -> Result<Vec<FeedEntry<Container>>, FeedError> {
    let mut found: Vec<FeedEntry<Container>> = Vec::new();
    let mut wanted = item.container.clone();
    while let Some(key) = wanted.take() {
        let Some(entry) = container(feed, connection, &key).await? else {
            break;
        };
        let is_new = |key: &ItemKey| found.iter().all(|known| known.entity.key != *key);
        wanted = entry.entity.parent.clone().filter(is_new);
        found.push(entry);
    }
    found.reverse();
    Ok(found)
}

async fn container(
    feed: &dyn Feed,
    connection: &FeedConnection,
    key: &ItemKey,
) -> Result<Option<FeedEntry<Container>>, FeedError> {
    let code = &connection.code;
    let mut containers = feed.containers(code, ItemState::EXISTING).await?;
    while let Some(batch) = containers.next().await? {
        let entry = batch.into_iter().find(|entry| entry.entity.key == *key);
        if entry.is_some() {
            return Ok(entry);
        }
    }
    Ok(None)
}
