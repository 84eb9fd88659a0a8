//! The rows of `connections`: who owns a connection, and how far it is.

use std::collections::BTreeMap;

use catalog_model::{
    ItemState,
    follower::{Batches, Feed, FeedConnection, FeedError, Position, Start},
};

use postgresql_client::{Failure, Problem, Values};

use super::database::{Database, Tables};

/// A connection in the database.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) name: String,
    store: Option<String>,
    /// The number of the last change of the store that was applied.
    pub(super) position: Option<i64>,
    revision: Option<i32>,
    /// Whether there may be rows that are not known to the store.
    pub(super) unconfirmed: bool,
    /// What was refused: keys and messages.
    pub(super) refused: BTreeMap<String, String>,
}

/// The connections in the database, by code.
pub(super) type Connections = BTreeMap<String, Known>;

/// What is due for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Everything is compared.
    All,
    /// The changes after its position.
    Changes,
    /// The changes, and then everything is compared, to find rows that are not known to the store.
    ChangesAndAll,
    /// It belongs to another store.
    Nothing,
}

/// The table.
const TABLE: &str = "connections";

/// The revision of the mapping. When it changes, all rows are compared.
pub(super) const REVISION: i32 = 1;

const ALL: &str = "SELECT code, name, store_id, position, revision, unconfirmed FROM connections";
const HAS_REFUSED: &str = "SELECT WHERE to_regclass('refused') IS NOT NULL";
const REFUSED: &str = "SELECT connection, key, message FROM refused";

impl Known {
    /// What is due for a connection, by the position in the database, which counts more than that of the feed: what the feed
    /// does not know to be delivered may be, and the database may be an older copy of itself.
    pub(super) fn due(&self, feed: &dyn Feed, connection: &FeedConnection) -> Due {
        if self.store.as_deref() != Some(feed.store_id()) {
            return Due::Nothing;
        }
        let end = feed.end().get();
        let is_confirmed = !self.unconfirmed || connection.complete_from.is_none();
        let has_revision = self.revision == Some(REVISION);
        match (self.position, feed.start()) {
            _ if feed.is_full() => Due::All,
            (Some(position), _) if !has_revision || position > end => Due::All,
            (Some(position), Start::After(start)) if position < start.get() => Due::All,
            (Some(position), Start::Reset) if position != end => Due::All,
            (Some(_), _) if is_confirmed => Due::Changes,
            (Some(_), _) => Due::ChangesAndAll,
            (None, _) => Due::All,
        }
    }

    /// Notes that the store of the feed owns the connection from now on.
    fn claimed_by(&mut self, feed: &dyn Feed) {
        self.store = Some(feed.store_id().to_owned());
        self.position = None;
        self.unconfirmed = true;
    }

    /// Whether a change was applied before.
    pub(super) fn has(&self, change: Position) -> bool {
        self.position
            .is_some_and(|position| position >= change.get())
    }
}

/// Whether there is nothing to deliver: nothing has changed, and no scan has found anything.
pub(super) async fn has_nothing(feed: &dyn Feed) -> Result<bool, FeedError> {
    if matches!(feed.start(), Start::After(position) if position != feed.end()) {
        return Ok(false);
    }
    for connection in feed.connections() {
        if has_content(feed, connection).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a scan has found something in a connection, or found out that there is nothing.
async fn has_content(feed: &dyn Feed, connection: &FeedConnection) -> Result<bool, FeedError> {
    let code = &connection.code;
    Ok(connection.complete_from.is_some()
        || has_some(feed.items(code, &ItemState::ALL).await?).await?
        || has_some(feed.containers(code, &ItemState::ALL).await?).await?)
}

async fn has_some<T>(mut batches: Box<dyn Batches<T>>) -> Result<bool, FeedError> {
    let first = batches.next().await?;
    Ok(first.is_some_and(|batch| !batch.is_empty()))
}

/// Reads the connections, and makes the store the owner of those that have no owner. A connection that the database does
/// not have yet gets a row with its first content: a scan that failed leaves no trace.
pub(super) async fn claim(database: &Database, feed: &dyn Feed) -> Result<Connections, Failure> {
    database.begin().await?;
    let mut found = match database.tables {
        Tables::Readable => read(database).await?,
        Tables::Missing => Connections::new(),
        Tables::Unknown => assumed(feed),
    };
    let mut new = Vec::new();
    for connection in feed.connections() {
        let is_claimed = match found.get(connection.code.as_str()) {
            Some(known) => known.store.is_none(),
            None => has_content(feed, connection).await?,
        };
        new.extend(is_claimed.then_some(connection));
    }
    for connection in &new {
        let claim = "INSERT INTO connections AS known (code, name, store_id) VALUES ($1, $2, $3)
            ON CONFLICT (code) DO UPDATE SET store_id = excluded.store_id, position = NULL, unconfirmed = true
            WHERE known.store_id IS NULL";
        let (code, store) = (connection.code.as_str(), feed.store_id());
        let values: Values<'_> = &[&code, &connection.name, &store];
        database.write((TABLE, 1), claim, values).await?;
    }
    if !new.is_empty() && !database.is_dry_run() {
        found = read(database).await?;
    } else {
        let new: Vec<_> = new.into_iter().map(|one| one.code.to_string()).collect();
        for code in new {
            found.entry(code).or_default().claimed_by(feed);
        }
    }
    database.commit().await?;
    Ok(found)
}

/// The connections of a database that was not read and has what was delivered.
fn assumed(feed: &dyn Feed) -> Connections {
    let Start::After(position) = feed.start() else {
        return Connections::new();
    };
    let connections = feed.connections().iter().map(|connection| {
        let known = Known {
            name: connection.name.clone(),
            store: Some(feed.store_id().to_owned()),
            position: Some(position.get()),
            revision: Some(REVISION),
            unconfirmed: connection.complete_from.is_none(),
            refused: BTreeMap::new(),
        };
        (connection.code.to_string(), known)
    });
    connections.collect()
}

async fn read(database: &Database) -> Result<Connections, Failure> {
    let mut connections = Connections::new();
    for row in database.query(ALL, &[]).await? {
        let known = Known {
            name: row.get(1),
            store: row.get(2),
            position: row.get(3),
            revision: row.get(4),
            unconfirmed: row.get(5),
            refused: BTreeMap::new(),
        };
        connections.insert(row.get(0), known);
    }
    // The first version of the schema does not have this table.
    let has_refused = database.query(HAS_REFUSED, &[]).await?;
    if has_refused.is_empty() {
        return Ok(connections);
    }
    for row in database.query(REFUSED, &[]).await? {
        if let Some(known) = connections.get_mut(row.get::<_, &str>(0)) {
            known.refused.insert(row.get(1), row.get(2));
        }
    }
    Ok(connections)
}

/// Checks in a transaction that nobody else has delivered to these connections meanwhile, and keeps others from it until
/// its end.
pub(super) async fn hold(
    database: &Database,
    store: &str,
    connections: &[(&str, Option<i64>)],
) -> Result<(), Failure> {
    if database.is_dry_run() {
        return Ok(());
    }
    let hold = "SELECT code, position FROM connections WHERE code = ANY ($1) AND store_id = $2
        ORDER BY code FOR NO KEY UPDATE";
    let codes: Vec<_> = connections.iter().map(|(code, _)| *code).collect();
    let found = database.query(hold, &[&codes, &store]).await?;
    let found: BTreeMap<&str, Option<i64>> =
        found.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (code, position) in connections {
        if found.get(code) != Some(position) {
            let message =
                format!("another delivery of the connection `{code}` went on at the same time");
            return Err(Problem::new(message, "", None).into());
        }
    }
    Ok(())
}

/// Records that connections have everything up to the end of the feed.
pub(super) async fn finish(
    database: &Database,
    feed: &dyn Feed,
    connections: &[(&FeedConnection, &Known)],
) -> Result<(), Failure> {
    // A feed may end before the position: a scan holds back changes whose acknowledgement was lost, or the store is an older
    // copy of itself. The position never goes back, so that no change is applied twice. Since the numbers of an older copy
    // repeat, the next delivery compares everything as well.
    let end = Some(feed.end().get());
    let reached = |known: &Known| known.position.max(end);
    let is_unconfirmed = |connection: &FeedConnection, known: &Known| {
        connection.complete_from.is_none() || known.position > end
    };
    let is_unfinished = |(connection, known): &&(&FeedConnection, &Known)| {
        known.position != reached(known)
            || known.revision != Some(REVISION)
            || known.name != connection.name
            || known.unconfirmed != is_unconfirmed(connection, known)
    };
    let unfinished: Vec<_> = connections.iter().filter(is_unfinished).collect();
    if unfinished.is_empty() {
        return Ok(());
    }
    database.begin().await?;
    let held = unfinished
        .iter()
        .map(|(connection, known)| (connection.code.as_str(), known.position));
    hold(database, feed.store_id(), &held.collect::<Vec<_>>()).await?;
    for (connection, known) in unfinished {
        let finished =
            "UPDATE connections SET name = $2, position = $3, revision = $4, unconfirmed = $5,
            delivered = CASE WHEN position IS NULL THEN now() ELSE delivered END WHERE code = $1";
        let (code, unconfirmed) = (connection.code.as_str(), is_unconfirmed(connection, known));
        let reached = reached(known);
        let values: Values<'_> = &[&code, &connection.name, &reached, &REVISION, &unconfirmed];
        database.write((TABLE, 1), finished, values).await?;
    }
    database.commit().await
}
