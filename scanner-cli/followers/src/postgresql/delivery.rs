//! A delivery: which connections get everything, which get changes, and what was refused before.

use std::collections::BTreeSet;

use catalog_model::{
    FollowError, ItemState, documentation,
    follower::{
        Acknowledgement, Batches, ChangeDetail, Delivered, Delivery, Entity, Feed, FeedConnection,
        FeedEntry, FeedError, Refusal, Start,
    },
};

use postgresql_client::{Failure, Problem, Values};

use super::{
    batch::{Unit, batches},
    columns::{Log, NOTIFIED},
    connections::{Due, Known, claim, finish, hold},
    database::{Database, Tables},
    row::storable,
    writer::Writer,
};

/// Delivers what is new in the feed.
pub(super) async fn deliver(
    database: &Database,
    target: &str,
    feed: &dyn Feed,
) -> Result<Delivery, FollowError> {
    let connections = claim(database, feed).await?;
    let mut writer = Writer::new(database, feed, connections).await?;
    let due = DueConnections::new(&writer);
    for connection in due.are(&[Due::All]) {
        writer.write_all(connection).await?;
    }
    let mut refused = due.are(&[Due::Changes]);
    refused.retain(|connection| writer.has_refused(connection));
    writer
        .write_changes(&due.are(&[Due::Changes, Due::ChangesAndAll]))
        .await?;
    for connection in due.are(&[Due::ChangesAndAll]) {
        writer.write_all(connection).await?;
    }
    for connection in refused {
        writer.retry_refused(connection).await?;
    }
    let owned = due.are(&[Due::All, Due::Changes, Due::ChangesAndAll]);
    let owned = writer.known(&owned);
    finish(database, feed, &owned).await?;
    if let Some(foreign) = due.are(&[Due::Nothing]).first() {
        return Err(foreign_connection(foreign, &database.schema).into());
    }
    acknowledge(feed).await?;
    Ok(writer.delivery(target))
}

/// Acknowledges the whole feed, unless nothing in it is new.
pub(super) async fn acknowledge(feed: &dyn Feed) -> Result<(), FeedError> {
    match feed.start() == Start::After(feed.end()) {
        true => Ok(()),
        false => feed.acknowledge(Acknowledgement::up_to(feed.end())).await,
    }
}

fn foreign_connection(connection: &FeedConnection, schema: &str) -> Problem {
    let code = &connection.code;
    let message = format!(
        "the connection `{code}` in the schema `{schema}` belongs to the store of another scanner"
    );
    let hint = concat!(
        "give the connection a code of its own; if this scanner replaces the other one or its store was restored, let it \
         take over: ",
        documentation!("catalogs/postgresql#another-scanner")
    );
    Problem::new(message, "", Some(hint)).finally()
}

/// What is due for each connection.
struct DueConnections<'a>(Vec<(&'a FeedConnection, Due)>);

impl<'a> DueConnections<'a> {
    fn new(writer: &Writer<'a>) -> Self {
        // A connection without content has no row.
        let due = |connection: &'a FeedConnection| {
            let known = writer.connections.get(connection.code.as_str())?;
            Some((connection, known.due(writer.feed, connection)))
        };
        Self(writer.feed.connections().iter().filter_map(due).collect())
    }

    /// The connections for which one of these is due.
    fn are(&self, wanted: &[Due]) -> Vec<&'a FeedConnection> {
        let wanted = self.0.iter().filter(|(_, due)| wanted.contains(due));
        wanted.map(|(connection, _)| *connection).collect()
    }
}

impl Writer<'_> {
    fn known<'c>(&self, connections: &[&'c FeedConnection]) -> Vec<(&'c FeedConnection, &Known)> {
        let known = connections.iter().filter_map(|connection| {
            Some((*connection, self.connections.get(connection.code.as_str())?))
        });
        known.collect()
    }

    /// Compares everything that the store has of a connection with the database, and writes the differences.
    async fn write_all(&mut self, connection: &FeedConnection) -> Result<(), Failure> {
        let code = connection.code.as_str();
        let mut lost = self.refused_keys(code);
        let is_complete = connection.complete_from.is_some();
        let removes = is_complete && self.has_rows(code).await?;
        let mut containers = self
            .feed
            .containers(&connection.code, &ItemState::ALL)
            .await?;
        let mut keys = Vec::new();
        while let Some(batch) =
            next(&mut containers, |one| Entity::Container(Box::new(one))).await?
        {
            keys.extend(self.write_entries(connection, &batch).await?);
        }
        lost.retain(|key| !keys.contains(key));
        if removes {
            self.remove_missing("containers", code, ("", None), &keys)
                .await?;
        }
        // Items come sorted by key, so what is missing is found piece by piece.
        let mut items = self.feed.items(&connection.code, &ItemState::ALL).await?;
        let mut last = String::new();
        while let Some(batch) = next(&mut items, |one| Entity::Item(Box::new(one))).await? {
            let keys = self.write_entries(connection, &batch).await?;
            lost.retain(|key| !keys.contains(key));
            let Some(end) = keys.last().cloned() else {
                continue;
            };
            if removes {
                self.remove_missing("items", code, (&last, Some(&end)), &keys)
                    .await?;
            }
            last = end;
        }
        if removes {
            self.remove_missing("items", code, (&last, None), &[])
                .await?;
        }
        self.forget_refused(code, &lost).await
    }

    /// Writes entities, and returns their keys.
    async fn write_entries(
        &mut self,
        connection: &FeedConnection,
        entries: &[FeedEntry<Entity>],
    ) -> Result<Vec<String>, Failure> {
        self.add_columns(entries).await?;
        let of = (connection.code.as_str(), &connection.key_parts[..]);
        let units = entries
            .iter()
            .map(|entry| Unit::of_entry(entry, &self.items, of));
        let units: Vec<_> = units.collect();
        let keys = units.iter().map(|unit| unit.key.clone()).collect();
        for batch in batches(units) {
            self.write(batch, Log::Differences).await?;
        }
        Ok(keys)
    }

    async fn has_rows(&self, code: &str) -> Result<bool, Failure> {
        if self.database.tables != Tables::Readable {
            return Ok(false);
        }
        self.database.begin().await?;
        let any = "SELECT EXISTS (SELECT FROM items WHERE connection = $1)
            OR EXISTS (SELECT FROM containers WHERE connection = $1)";
        let found = self.database.query_one(any, &[&code]).await?.get(0);
        self.database.commit().await?;
        Ok(found)
    }

    /// Marks rows as gone whose keys are in a range, the first one not included, and not among these.
    async fn remove_missing(
        &mut self,
        table: &str,
        code: &str,
        (after, up_to): (&str, Option<&str>),
        keys: &[String],
    ) -> Result<(), Failure> {
        let kind = match table {
            "items" => "'item'",
            _ => "kind",
        };
        let lost =
            "connection = $1 AND key > $3 AND ($4::text IS NULL OR key <= $4) AND state <> 'gone'
                    AND NOT key = ANY ($5)";
        let remove = format!(
            "WITH lost AS (
                UPDATE {table} SET state = 'gone', gone_since = now()
                WHERE {lost} RETURNING connection, key, {kind} AS kind
            ), logged AS (
                INSERT INTO changes (connection, key, kind, change, time)
                SELECT connection, key, kind, 'removed', now() FROM lost RETURNING connection, number
            ), {NOTIFIED}
            SELECT (SELECT count(*) FROM lost), (SELECT count(notified) FROM notified)"
        );
        let count = format!("SELECT count(*) FROM {table} WHERE {lost} AND $2::text IS NOT NULL");
        self.database.begin().await?;
        let known = self.connections.get(code).and_then(|known| known.position);
        hold(self.database, self.feed.store_id(), &[(code, known)]).await?;
        let up_to = up_to.map(str::to_owned);
        let values: Values<'_> = &[&code, &self.database.schema, &after, &up_to, &keys];
        let count = self.database.count(&count, values);
        let removed = (self.database).write_counted(table, (&remove, values), count);
        let removed = removed.await?;
        self.database.commit().await?;
        if removed > 0 && table == "items" {
            *self.written.entry(code.to_owned()).or_default() += removed;
        }
        Ok(())
    }

    /// Applies the changes of these connections after their positions.
    async fn write_changes(&mut self, connections: &[&FeedConnection]) -> Result<(), Failure> {
        if connections.is_empty() || self.feed.start() == Start::After(self.feed.end()) {
            return Ok(());
        }
        let mut changes = self.feed.changes(ChangeDetail::Entity).await?;
        while let Some(batch) = changes.next().await? {
            let mut due = Vec::new();
            for change in batch {
                let code = change.connection.as_str();
                let connection = connections.iter().find(|known| known.code.as_str() == code);
                let is_applied =
                    (self.connections.get(code)).is_none_or(|known| known.has(change.position));
                if let (Some(connection), false) = (connection, is_applied) {
                    due.push((change, &connection.key_parts));
                }
            }
            self.add_columns(due.iter().filter_map(|(change, _)| change.entry.as_ref()))
                .await?;
            let units = due
                .iter()
                .map(|(change, parts)| Unit::of_change(change, &self.items, parts));
            for batch in batches(units.collect()) {
                self.write(batch, Log::Nothing).await?;
            }
        }
        Ok(())
    }

    fn has_refused(&self, connection: &FeedConnection) -> bool {
        let known = self.connections.get(connection.code.as_str());
        known.is_some_and(|known| !known.refused.is_empty())
    }

    fn refused_keys(&self, code: &str) -> BTreeSet<String> {
        let refused = self.connections.get(code).map(|known| &known.refused);
        refused
            .into_iter()
            .flat_map(|refused| refused.keys().cloned())
            .collect()
    }

    /// Tries again what an earlier delivery could not write.
    async fn retry_refused(&mut self, connection: &FeedConnection) -> Result<(), Failure> {
        let code = &connection.code;
        let mut lost = self.refused_keys(code.as_str());
        let mut containers = self.feed.containers(code, &ItemState::ALL).await?;
        while let Some(batch) =
            next(&mut containers, |one| Entity::Container(Box::new(one))).await?
        {
            self.retry(connection, batch, &mut lost).await?;
        }
        let mut items = self.feed.items(code, &ItemState::ALL).await?;
        while let Some(batch) = next(&mut items, |one| Entity::Item(Box::new(one))).await? {
            self.retry(connection, batch, &mut lost).await?;
        }
        self.forget_refused(code.as_str(), &lost).await
    }

    async fn retry(
        &mut self,
        connection: &FeedConnection,
        mut entries: Vec<FeedEntry<Entity>>,
        lost: &mut BTreeSet<String>,
    ) -> Result<(), Failure> {
        entries.retain(|entry| match &entry.entity {
            Entity::Item(item) => lost.remove(&*storable(item.key.as_str())),
            Entity::Container(container) => lost.remove(&*storable(container.key.as_str())),
            _ => false,
        });
        self.write_entries(connection, &entries).await.map(drop)
    }

    /// Forgets what was refused and is not in the store any more.
    async fn forget_refused(&mut self, code: &str, lost: &BTreeSet<String>) -> Result<(), Failure> {
        let Some(known) = self.connections.get_mut(code) else {
            return Ok(());
        };
        if lost.is_empty() {
            return Ok(());
        }
        known.refused.retain(|key, _| !lost.contains(key));
        self.database.begin().await?;
        let lost: Vec<_> = lost.iter().map(String::as_str).collect();
        let forget = "DELETE FROM refused WHERE connection = $1 AND key = ANY ($2)";
        let table = ("refused", lost.len());
        self.database.write(table, forget, &[&code, &lost]).await?;
        self.database.commit().await
    }

    fn delivery(&self, target: &str) -> Delivery {
        let mut delivery = Delivery::default();
        for connection in self.feed.connections() {
            let code = connection.code.as_str();
            if let Some(items) = self.written.get(code).filter(|items| **items > 0) {
                delivery.delivered.push(Delivered {
                    connection: connection.code.clone(),
                    items: *items,
                    target: target.to_owned(),
                });
            }
            let refused = self.connections.get(code).map(|known| &known.refused);
            for (key, message) in refused.into_iter().flatten() {
                if let Ok(key) = key.parse() {
                    let message = message.clone();
                    delivery.refused.push(Refusal { key, message });
                }
            }
        }
        delivery
    }
}

/// The next batch of a feed as entities of either kind.
async fn next<T>(
    batches: &mut Box<dyn Batches<FeedEntry<T>>>,
    entity: impl Fn(T) -> Entity,
) -> Result<Option<Vec<FeedEntry<Entity>>>, Failure> {
    let batch = batches.next().await?;
    Ok(batch.map(|batch| batch.into_iter().map(|entry| entry.map(&entity)).collect()))
}
