//! A feed for dry runs.

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Container, Feed, Instant, ItemState, Visualization,
    follower::{
        Acknowledgement, Batches, ChangeDetail, FeedChange, FeedConnection, FeedEntry, FeedError,
        FeedScan, Position, Start,
    },
};

/// A feed that records nothing: what is acknowledged comes again with the next delivery. For a dry run, together with
/// [`Server::recording`](crate::remote::Server::recording).
pub struct Unacknowledged<'a>(pub &'a dyn Feed);

#[async_trait]
impl Feed for Unacknowledged<'_> {
    fn store_id(&self) -> &str {
        self.0.store_id()
    }

    fn now(&self) -> Instant {
        self.0.now()
    }

    fn start(&self) -> Start {
        self.0.start()
    }

    fn is_full(&self) -> bool {
        self.0.is_full()
    }

    fn end(&self) -> Position {
        self.0.end()
    }

    fn connections(&self) -> &[FeedConnection] {
        self.0.connections()
    }

    async fn containers(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Container>>>, FeedError> {
        self.0.containers(connection, states).await
    }

    async fn items(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Visualization>>>, FeedError> {
        self.0.items(connection, states).await
    }

    async fn changes(
        &self,
        detail: ChangeDetail,
    ) -> Result<Box<dyn Batches<FeedChange>>, FeedError> {
        self.0.changes(detail).await
    }

    async fn scans(
        &self,
        connection: &ConnectionCode,
        after: i64,
    ) -> Result<Vec<FeedScan>, FeedError> {
        self.0.scans(connection, after).await
    }

    async fn acknowledge(&self, _acknowledgement: Acknowledgement) -> Result<(), FeedError> {
        Ok(())
    }

    async fn notes(&self, keys: &[String]) -> Result<Vec<Option<String>>, FeedError> {
        self.0.notes(keys).await
    }
}
