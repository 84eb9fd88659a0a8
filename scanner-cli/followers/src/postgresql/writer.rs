//! Writes items, containers and changes: a transaction for each batch, with the position in it.

use std::collections::BTreeMap;

use catalog_model::follower::{Entity, EntityKind, Feed, FeedEntry};

use postgresql_client::{Failure, Problem, Session, Values, quoted, text_literal};

use super::{
    batch::{Content, Unit, changes_json, rows_json},
    columns::{Column, ColumnKind, Log, NOTIFIED, Table},
    connections::{Connections, hold},
    database::{Database, Tables},
    row::columns_of,
};

/// Maximum number of items and containers that may be refused in one delivery while no item is accepted. The database
/// refuses everything then.
const MAX_REFUSED_ONLY: usize = 1_000;

/// Writes to the tables.
pub(super) struct Writer<'a> {
    pub(super) database: &'a Database,
    pub(super) feed: &'a dyn Feed,
    pub(super) connections: Connections,
    pub(super) items: Table,
    containers: Table,
    /// Number of items that were written, by connection.
    pub(super) written: BTreeMap<String, u64>,
    refused: usize,
    has_accepted: bool,
}

impl<'a> Writer<'a> {
    pub(super) async fn new(
        database: &'a Database,
        feed: &'a dyn Feed,
        connections: Connections,
    ) -> Result<Self, Failure> {
        Ok(Self {
            database,
            feed,
            connections,
            items: match database.tables {
                Tables::Readable => items_table(database.session()?, &database.schema).await?,
                Tables::Missing | Tables::Unknown => Table::new_items(),
            },
            containers: Table::containers(),
            written: BTreeMap::new(),
            refused: 0,
            has_accepted: false,
        })
    }

    /// Adds the columns that these entities need.
    pub(super) async fn add_columns<'e>(
        &mut self,
        entries: impl IntoIterator<Item = &'e FeedEntry<Entity>>,
    ) -> Result<(), Failure> {
        let mut missing: BTreeMap<String, ColumnKind> = BTreeMap::new();
        for entry in entries {
            if let Entity::Item(item) = &entry.entity {
                let columns = columns_of(item);
                let new = columns.filter(|column| self.items.column(&column.name).is_none());
                missing.extend(new.map(|column| (column.name, column.kind)));
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.database.begin().await?;
        for (name, kind) in &missing {
            let column = quoted(name);
            let add = format!(
                "ALTER TABLE items ADD COLUMN IF NOT EXISTS {column} {}",
                kind.sql()
            );
            self.database.write(("items", 0), &add, &[]).await?;
            let comment = text_literal(&format!("The property {name}"));
            let comment = format!("COMMENT ON COLUMN items.{column} IS {comment}");
            self.database.write(("items", 0), &comment, &[]).await?;
            let note = "INSERT INTO properties (name) VALUES ($1) ON CONFLICT DO NOTHING";
            (self.database.write(("properties", 1), note, &[name])).await?;
        }
        self.database.commit().await?;
        match self.database.is_dry_run() {
            true => {
                for (name, kind) in missing {
                    self.items.plan_column(&name, kind);
                }
            }
            false => {
                let session = self.database.session()?;
                self.items = items_table(session, &self.database.schema).await?;
            }
        }
        Ok(())
    }

    /// Writes a batch. What the database refuses is found by halving the batch, and everything else is written.
    pub(super) async fn write(&mut self, batch: Vec<Unit>, log: Log) -> Result<(), Failure> {
        let mut due = vec![batch];
        while let Some(mut units) = due.pop() {
            if units.is_empty() {
                continue;
            }
            match self.try_write(&units, log).await {
                Ok(()) => self.has_accepted |= units.iter().any(Unit::is_written_item),
                Err(Failure::Data(_)) if units.len() > 1 => {
                    self.database.roll_back().await?;
                    let rest = units.split_off(units.len() / 2);
                    due.push(rest);
                    due.push(units);
                }
                Err(Failure::Data(message)) => {
                    self.database.roll_back().await?;
                    let refused = units.into_iter().map(|unit| unit.refused(&message));
                    self.try_write(&refused.collect::<Vec<_>>(), log).await?;
                    self.count_refused(&message)?;
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    fn count_refused(&mut self, message: &str) -> Result<(), Failure> {
        self.refused += 1;
        match self.refused > MAX_REFUSED_ONLY && !self.has_accepted {
            true => {
                let text = format!(
                    "the database refuses more than {MAX_REFUSED_ONLY} items and accepts none"
                );
                Err(Problem::new(text, message, None).into())
            }
            false => Ok(()),
        }
    }

    async fn try_write(&mut self, units: &[Unit], log: Log) -> Result<(), Failure> {
        let mut reached: BTreeMap<&str, Option<i64>> = BTreeMap::new();
        for unit in units {
            let position = reached.entry(&unit.connection).or_default();
            *position = unit.position.or(*position);
        }
        self.database.begin().await?;
        let held: Vec<_> = (reached.keys())
            .map(|code| {
                (
                    *code,
                    self.connections.get(*code).and_then(|known| known.position),
                )
            })
            .collect();
        hold(self.database, self.feed.store_id(), &held).await?;
        let written = self.write_rows(units, log).await?;
        self.write_refusals(units).await?;
        self.move_positions(&reached).await?;
        self.database.commit().await?;
        self.note(units, &reached);
        for (code, count) in written {
            *self.written.entry(code).or_default() += count;
        }
        Ok(())
    }

    /// Writes rows, states and changes. Returns the number of written items by connection.
    async fn write_rows(&self, units: &[Unit], log: Log) -> Result<BTreeMap<String, u64>, Failure> {
        let containers = self.upsert(&self.containers, (units, EntityKind::Container), log);
        containers.await?;
        let items = self.upsert(&self.items, (units, EntityKind::Item), log);
        let rows = items.await?;
        self.write_states(units).await?;
        self.log_changes(units).await?;
        let mut written = BTreeMap::new();
        match (log, units.first()) {
            // All units are of one connection then.
            (Log::Differences, Some(first)) => {
                written.insert(first.connection.clone(), rows);
            }
            _ => {
                for unit in units.iter().filter(|unit| unit.is_written_item()) {
                    *written.entry(unit.connection.clone()).or_default() += 1;
                }
            }
        }
        Ok(written)
    }

    async fn upsert(
        &self,
        table: &Table,
        (units, of): (&[Unit], EntityKind),
        log: Log,
    ) -> Result<u64, Failure> {
        let Some((rows, count)) = rows_json(units, of) else {
            return Ok(0);
        };
        let values: Values<'_> = &[&rows, &self.database.schema];
        let count = async {
            match self.database.tables {
                Tables::Readable => {
                    let count = table.count_differing();
                    self.database.count(&count, &[&rows]).await
                }
                Tables::Missing | Tables::Unknown => Ok(count as u64),
            }
        };
        let upsert = (&*table.upsert(log), values);
        self.database.write_counted(table.name, upsert, count).await
    }

    async fn write_states(&self, units: &[Unit]) -> Result<(), Failure> {
        for unit in units {
            let Content::State { state, since } = &unit.content else {
                continue;
            };
            let table = match unit.of {
                EntityKind::Container => "containers",
                EntityKind::Item => "items",
            };
            let end = format!(
                "UPDATE {table} SET state = $2, gone_since = $3::text::timestamptz WHERE key = $1 AND state <> $2"
            );
            let values: Values<'_> = &[&unit.key, state, since];
            self.database.write((table, 1), &end, values).await?;
        }
        Ok(())
    }

    async fn log_changes(&self, units: &[Unit]) -> Result<(), Failure> {
        let Some((changes, count)) = changes_json(units) else {
            return Ok(());
        };
        let insert = format!(
            "WITH logged AS (
                INSERT INTO changes (connection, key, kind, change, time, fields, rule)
                SELECT connection, key, kind, change, time, coalesce(fields, '{{}}'), rule
                FROM json_to_recordset($1::text::json) AS given (connection text, key text, kind text, change text,
                    time timestamptz, fields text[], rule text)
                RETURNING connection, number
            ), {NOTIFIED}
            SELECT count(notified) FROM notified"
        );
        let values: Values<'_> = &[&changes, &self.database.schema];
        self.database
            .write(("changes", count), &insert, values)
            .await
    }

    /// Records what is refused, and forgets what was and is not any more.
    async fn write_refusals(&self, units: &[Unit]) -> Result<(), Failure> {
        for unit in units {
            let known = self.connections.get(&unit.connection);
            let former = known.and_then(|known| known.refused.get(&unit.key));
            let now = unit.refusal();
            if former.map(String::as_str) == now {
                continue;
            }
            let (code, key) = (&unit.connection, &unit.key);
            let forget = "DELETE FROM refused WHERE connection = $1 AND key = $2";
            let table = ("refused", 1);
            if former.is_some() {
                self.database.write(table, forget, &[code, key]).await?;
            }
            if let Some(message) = now {
                let note = "INSERT INTO refused (connection, key, message) VALUES ($1, $2, $3)";
                let values: Values<'_> = &[code, key, &message];
                self.database.write(table, note, values).await?;
            }
        }
        Ok(())
    }

    async fn move_positions(&self, reached: &BTreeMap<&str, Option<i64>>) -> Result<(), Failure> {
        let (codes, positions): (Vec<_>, Vec<_>) = (reached.iter())
            .filter_map(|(code, position)| Some((*code, (*position)?)))
            .unzip();
        if codes.is_empty() {
            return Ok(());
        }
        let moved = "UPDATE connections AS known SET position = reached.position, delivered = now()
            FROM unnest($1::text[], $2::bigint[]) AS reached (code, position) WHERE known.code = reached.code";
        let table = ("connections", codes.len());
        self.database
            .write(table, moved, &[&codes, &positions])
            .await
    }

    /// Notes what a committed transaction has changed.
    fn note(&mut self, units: &[Unit], reached: &BTreeMap<&str, Option<i64>>) {
        for unit in units {
            let Some(known) = self.connections.get_mut(&unit.connection) else {
                continue;
            };
            match unit.refusal() {
                Some(message) => known.refused.insert(unit.key.clone(), message.to_owned()),
                None => known.refused.remove(&unit.key),
            };
        }
        for (code, position) in reached {
            if let (Some(known), Some(position)) = (self.connections.get_mut(*code), position) {
                known.position = Some(*position);
            }
        }
    }
}

/// The table of items with the properties that it has.
pub(super) async fn items_table(session: &Session, schema: &str) -> Result<Table, Failure> {
    let name = quoted(schema);
    let properties = format!(
        "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod) FROM {name}.properties p
         JOIN pg_attribute a ON a.attrelid = '{}.items'::regclass AND a.attname = p.name AND NOT a.attisdropped
         ORDER BY a.attnum",
        name.replace('\'', "''")
    );
    let rows = session.query(&properties, &[]).await?;
    let columns = rows.iter().filter_map(|row| {
        Some(Column {
            name: row.get(0),
            kind: ColumnKind::from_sql(row.get(1))?,
        })
    });
    Ok(Table::items(columns))
}
