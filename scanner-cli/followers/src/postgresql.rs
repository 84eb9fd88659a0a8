//! The follower that writes to PostgreSQL: tables and views in a schema of its own, which it makes and migrates.
//!
//! Each batch is a transaction that also records the position, so that every change is applied exactly once. The position
//! in the database counts, not the one that the feed has acknowledged.

use async_trait::async_trait;
use catalog_model::{
    Feed, FollowError, Follower, FollowerKind, FollowerName, Settings, Stage,
    follower::{Delivery, Example, Plan},
    settings::{DeclarationGroup, Invalid},
};
use outbound_http::Redactor;
use postgresql_client::Target;

mod batch;
mod check;
mod columns;
mod connections;
mod database;
mod delivery;
mod recording;
mod row;
mod schema;
mod writer;

use database::Database;

use crate::{declared, sync::Unacknowledged};

/// The kind `postgresql`.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresqlKind;

/// The id of the kind.
pub const KIND: &str = "postgresql";

/// Writes to a database.
struct Postgresql {
    name: FollowerName,
    target: Target,
}

impl FollowerKind for PostgresqlKind {
    fn id(&self) -> &str {
        KIND
    }

    fn stages(&self) -> &[&'static str] {
        &check::STAGES
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        declared::POSTGRESQL
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        let target = Target::read(settings)?;
        Ok(Box::new(Postgresql { name, target }))
    }
}

#[async_trait]
impl Follower for Postgresql {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    fn revision(&self) -> u32 {
        connections::REVISION.unsigned_abs()
    }

    fn redact(&self, text: String) -> String {
        Redactor::new(self.target.password.clone()).redact(&text)
    }

    async fn check(&self, example: Option<&Example>) -> Vec<Stage> {
        check::check(&self.target, example).await
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        // Otherwise, a scan that failed would create the schema.
        if connections::has_nothing(feed).await? {
            delivery::acknowledge(feed).await?;
            return Ok(Delivery::default());
        }
        let database = Database::open(&self.target).await?;
        schema::migrate(database.session()?, &self.target.schema).await?;
        let delivered = delivery::deliver(&database, &self.place(), feed).await;
        database.close().await;
        delivered
    }

    fn target(&self) -> Option<String> {
        Some(self.place())
    }

    async fn dry_run(&self, feed: &dyn Feed, plan: &Plan) -> Result<Delivery, FollowError> {
        if connections::has_nothing(feed).await? {
            return Ok(Delivery::default());
        }
        let mut database = Database::open_to_read(&self.target, feed.start(), plan).await?;
        schema::plan_migration(&mut database).await?;
        let feed = Unacknowledged(feed);
        let delivered = delivery::deliver(&database, &self.place(), &feed).await;
        database.close().await;
        delivered
    }
}

impl Postgresql {
    /// Where it writes, for messages.
    fn place(&self) -> String {
        format!("{} (schema {})", self.target.address(), self.target.schema)
    }
}
