//! The columns of the two tables of entities, and the statements that follow from them.

use std::collections::BTreeSet;

use catalog_model::PropertyKind;

use postgresql_client::quoted;

/// A table with a row for each item or container.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// What `changes.kind` is for a row: an expression.
    kind: &'static str,
    columns: Vec<Column>,
    /// The names of columns that a dry run would add.
    planned: BTreeSet<String>,
}

/// A column that is written from an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: ColumnKind,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnKind {
    Text,
    Texts,
    Number,
    Instant,
    Json,
}

/// Who writes which part of the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// The differences between rows are logged.
    Differences,
    /// Nothing: the feed's own changes are logged.
    Nothing,
}

/// The columns of items before their properties, with those that are not in the export.
const OF_ITEMS: [(&str, ColumnKind); 13] = [
    ("id", ColumnKind::Text),
    ("key", ColumnKind::Text),
    ("type", ColumnKind::Text),
    ("label", ColumnKind::Text),
    ("name", ColumnKind::Text),
    ("description", ColumnKind::Text),
    ("catalog", ColumnKind::Text),
    ("contacts", ColumnKind::Json),
    ("connection", ColumnKind::Text),
    ("container", ColumnKind::Text),
    ("state", ColumnKind::Text),
    ("first_seen", ColumnKind::Instant),
    ("gone_since", ColumnKind::Instant),
];

const OF_CONTAINERS: [(&str, ColumnKind); 18] = [
    ("key", ColumnKind::Text),
    ("kind", ColumnKind::Text),
    ("id", ColumnKind::Text),
    ("name", ColumnKind::Text),
    ("parent", ColumnKind::Text),
    ("description", ColumnKind::Text),
    ("link", ColumnKind::Text),
    ("created", ColumnKind::Instant),
    ("modified", ColumnKind::Instant),
    ("published", ColumnKind::Instant),
    ("refreshed", ColumnKind::Instant),
    ("tags", ColumnKind::Texts),
    ("custom_properties", ColumnKind::Json),
    ("contacts", ColumnKind::Json),
    ("connection", ColumnKind::Text),
    ("state", ColumnKind::Text),
    ("first_seen", ColumnKind::Instant),
    ("gone_since", ColumnKind::Instant),
];

/// The columns of properties that a new table has.
const PROPERTIES: [(&str, ColumnKind); 15] = [
    ("application_name", ColumnKind::Text),
    ("sheet_url", ColumnKind::Text),
    ("creation_date", ColumnKind::Instant),
    ("modification_date", ColumnKind::Instant),
    ("publish_date", ColumnKind::Instant),
    ("stream", ColumnKind::Text),
    ("owner", ColumnKind::Text),
    ("owner_status", ColumnKind::Text),
    ("sheet_status", ColumnKind::Text),
    ("tags", ColumnKind::Texts),
    ("application_id", ColumnKind::Text),
    ("application_description", ColumnKind::Text),
    ("application_tags", ColumnKind::Texts),
    ("application_reload_date", ColumnKind::Instant),
    ("application_custom_properties", ColumnKind::Texts),
];

/// The columns that say whether and since when an entity exists. They are no fields of a change.
const OF_EXISTENCE: [&str; 3] = ["state", "first_seen", "gone_since"];

/// In a row of JSON, the columns whose values are unknown.
pub(super) const UNKNOWN: &str = "unknown";

impl ColumnKind {
    /// The kind of the column of a property.
    pub(super) fn from_property(kind: PropertyKind) -> Self {
        match kind {
            PropertyKind::Text | PropertyKind::LongText | PropertyKind::Url => Self::Text,
            PropertyKind::Number => Self::Number,
            PropertyKind::Instant => Self::Instant,
            PropertyKind::Tags => Self::Texts,
        }
    }

    /// The type, as `format_type` names it.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Texts => "text[]",
            Self::Number => "double precision",
            Self::Instant => "timestamp with time zone",
            Self::Json => "jsonb",
        }
    }

    pub(super) fn from_sql(sql: &str) -> Option<Self> {
        let all = [
            Self::Text,
            Self::Texts,
            Self::Number,
            Self::Instant,
            Self::Json,
        ];
        all.into_iter().find(|kind| kind.sql() == sql)
    }
}

impl Table {
    /// The table of items with these properties.
    pub(super) fn items(properties: impl IntoIterator<Item = Column>) -> Self {
        let mut columns = columns(&OF_ITEMS);
        columns.extend(properties);
        Self {
            name: "items",
            kind: "'item'",
            columns,
            planned: BTreeSet::new(),
        }
    }

    pub(super) fn containers() -> Self {
        Self {
            name: "containers",
            kind: "merged.kind",
            columns: columns(&OF_CONTAINERS),
            planned: BTreeSet::new(),
        }
    }

    /// The column of the property with this name. A property that is called like another column gets a longer name.
    pub(super) fn property_column(name: &str) -> String {
        let is_taken = OF_ITEMS.iter().any(|(taken, _)| *taken == name) || name == UNKNOWN;
        match is_taken {
            true => format!("property_{name}"),
            false => name.to_owned(),
        }
    }

    /// The table of items as the migrations make it.
    pub(super) fn new_items() -> Self {
        Self::items(columns(&PROPERTIES))
    }

    /// Adds a column that the table in the database does not have yet.
    pub(super) fn plan_column(&mut self, name: &str, kind: ColumnKind) {
        let name = name.to_owned();
        self.planned.insert(name.clone());
        self.columns.push(Column { name, kind });
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The statement that writes rows of JSON (`$1`), those that differ alone. A column that is unknown keeps its value. It
    /// notifies the channel `$2` of the differences that it logs, and returns the number of rows that were written.
    pub(super) fn upsert(&self, log: Log) -> String {
        let table = self.name;
        let merging = self.merging(|name, _| format!("old.{name}"));
        let names = self.list(|name, _| name.to_owned());
        let new = self.list(|name, _| format!("merged.{name}"));
        let old = self.list(|name, _| format!("old.{name}"));
        let set = self.list(|name, _| format!("{name} = merged.{name}"));
        let (logged, notified) = match log {
            Log::Nothing => (String::new(), "0"),
            Log::Differences => (self.differences(), "(SELECT count(notified) FROM notified)"),
        };
        format!(
            "WITH {merging}, changed AS (
                UPDATE {table} AS old SET {set} FROM merged
                WHERE old.key = merged.key AND NOT merged.is_new AND ({old}) IS DISTINCT FROM ({new})
                RETURNING 1
            ), added AS (
                INSERT INTO {table} ({names}) SELECT {names} FROM merged WHERE is_new RETURNING 1
            ){logged}
            SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM added), {notified}, $2::text"
        )
    }

    /// The statement that returns how many rows [`upsert`](Self::upsert) would write, and does not write them.
    pub(super) fn count_differing(&self) -> String {
        let table = self.name;
        let existing = |name: &str, column: &Column| match self.planned.contains(&column.name) {
            true => format!("NULL::{}", column.kind.sql()),
            false => format!("old.{name}"),
        };
        let merging = self.merging(existing);
        let new = self.list(|name, _| format!("merged.{name}"));
        let old = self.list(existing);
        format!(
            "WITH {merging}
            SELECT count(*) FROM merged LEFT JOIN {table} AS old ON old.key = merged.key
            WHERE merged.is_new OR ({old}) IS DISTINCT FROM ({new})"
        )
    }

    /// The parts of a statement that read rows of JSON (`$1`) and complete them with what is known.
    fn merging(&self, old: impl Fn(&str, &Column) -> String) -> String {
        let table = self.name;
        let given = self.list(|name, column| format!("{name} {}", column.kind.sql()));
        let merged = self.list(|name, column| merged(name, column, &old(name, column)));
        format!(
            "given AS MATERIALIZED (
                SELECT * FROM json_to_recordset($1::text::json) AS given ({given}, {UNKNOWN} text[])
            ), merged AS MATERIALIZED (
                SELECT old.key IS NULL AS is_new, {merged}
                FROM given LEFT JOIN {table} AS old ON old.key = given.key
            )"
        )
    }

    /// A text for each column, separated by commas.
    fn list(&self, text: impl Fn(&str, &Column) -> String) -> String {
        let all: Vec<_> = (self.columns.iter())
            .map(|column| text(&quoted(&column.name), column))
            .collect();
        all.join(", ")
    }

    /// The parts of a statement that log the differences between `merged` and the table.
    fn differences(&self) -> String {
        let (table, kind) = (self.name, self.kind);
        let content = (self.columns.iter())
            .filter(|column| !OF_EXISTENCE.contains(&column.name.as_str()))
            .map(|column| {
                let name = quoted(&column.name);
                let text = column.name.replace('\'', "''");
                format!("CASE WHEN old.{name} IS DISTINCT FROM merged.{name} THEN '{text}' END")
            });
        let fields = content.collect::<Vec<_>>().join(", ");
        format!(
            ", compared AS MATERIALIZED (
                SELECT merged.connection, merged.key, {kind} AS kind, merged.is_new, merged.state, merged.first_seen,
                    merged.gone_since, old.state AS old_state, CASE WHEN NOT merged.is_new
                    THEN array_remove(ARRAY[{fields}], NULL) END AS fields
                FROM merged LEFT JOIN {table} AS old ON old.key = merged.key
            ), found AS MATERIALIZED (
                SELECT connection, key, kind, 'added' AS change, first_seen AS time, '{{}}'::text[] AS fields
                FROM compared WHERE is_new
                UNION ALL
                SELECT connection, key, kind, CASE state WHEN 'gone' THEN 'removed' WHEN 'excluded' THEN 'excluded'
                    ELSE 'returned' END, gone_since, '{{}}'
                FROM compared
                WHERE CASE WHEN state IN ('gone', 'excluded') THEN old_state IS DISTINCT FROM state
                    ELSE old_state IN ('gone', 'excluded') END
                UNION ALL
                SELECT connection, key, kind, 'changed', NULL, fields
                FROM compared WHERE NOT is_new AND state IN ('present', 'unreadable')
                    AND old_state NOT IN ('gone', 'excluded') AND fields <> '{{}}'
            ), logged AS (
                INSERT INTO changes (connection, key, kind, change, time, fields)
                SELECT connection, key, kind, change, time, fields FROM found
                RETURNING connection, number
            ), {NOTIFIED}"
        )
    }
}

/// The part of a statement that notifies the channel `$2` of what `logged` returns, once for each connection.
pub(super) const NOTIFIED: &str = "notified AS MATERIALIZED (
                SELECT pg_notify($2, json_build_object('connection', connection, 'changes', count(*),
                    'last', max(number))::text)::text AS notified
                FROM logged GROUP BY connection
            )";

/// The new value of a column that has an old value.
fn merged(name: &str, column: &Column, old: &str) -> String {
    match column.name.as_str() {
        "key" | "connection" | "kind" | "id" | "type" | "state" | "gone_since" => {
            format!("given.{name}")
        }
        "first_seen" => "LEAST(old.first_seen, given.first_seen) AS first_seen".to_owned(),
        text => {
            let text = text.replace('\'', "''");
            format!(
                "CASE WHEN '{text}' = ANY (given.{UNKNOWN}) THEN {old} ELSE given.{name} END AS {name}"
            )
        }
    }
}

fn columns(of: &[(&str, ColumnKind)]) -> Vec<Column> {
    let columns = of.iter().map(|(name, kind)| Column {
        name: (*name).to_owned(),
        kind: *kind,
    });
    columns.collect()
}
