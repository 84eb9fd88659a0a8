//! Which items or containers a query reads, and in which order.

use catalog_model::{ContainerKind, ItemKey, ItemState};
use catalog_store::{
    ItemScope, StoredConnection,
    backend::{NumericCode, Which},
};
use tokio_postgres::{Row, types::ToSql};

use super::rows::FOUND;
use crate::{connecting::Database, error::Result};

/// Items or containers of a scope.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    condition: String,
    connection: i64,
    states: Vec<i16>,
    /// The range of the keys: from the first text up to the second, exclusive.
    keys: [String; 2],
    is_small: bool,
}

/// The order of keys, as the index has it: it has only their first characters.
const ORDER: &str = "ORDER BY left(key, 500), key";

impl Selection {
    pub(super) fn new(
        kinds: &[(i64, ContainerKind)],
        scope: ItemScope<'_>,
        which: Which<'_>,
    ) -> Self {
        let which = match which {
            Which::Items => "container_kind IS NULL".to_owned(),
            Which::Containers(None) => "container_kind IS NOT NULL".to_owned(),
            Which::Containers(Some(kind)) => {
                let known = kinds.iter().find(|(_, known)| known.id == kind);
                format!("container_kind = {}", known.map_or(-1, |(id, _)| *id))
            }
        };
        let states = scope.states.iter();
        let states = states.filter_map(|state| i16::try_from(state.code()).ok());
        Self {
            is_small: !scope.states.contains(&ItemState::Present)
                || which != "container_kind IS NULL",
            condition: format!(
                "($1 = 0::bigint OR item.connection = $1) AND state = ANY($2) AND {which}"
            ),
            connection: scope.connection.map_or(0, StoredConnection::id),
            states: states.collect(),
            keys: range(scope),
        }
    }

    /// Whether few of the stored items are selected.
    pub(super) fn is_small(&self) -> bool {
        self.is_small
    }

    /// The query of the numbers, sorted by key. `OFFSET 0` keeps the database from reading all keys in their order.
    pub(super) fn ids(&self) -> String {
        let condition = &self.condition;
        format!(
            "SELECT id FROM (SELECT id, key FROM item WHERE {condition} AND $3::text <> $4::text OFFSET 0) AS item \
             {ORDER} LIMIT $5"
        )
    }

    /// The query of a page of rows with keys from `$3` on, or after it, and before `$4`.
    pub(super) fn page(&self, is_after: bool) -> String {
        let condition = &self.condition;
        let from = match is_after {
            true => "(left(key, 500), key) > (left($3, 500) COLLATE \"C\", $3 COLLATE \"C\")",
            false => "left(key, 500) >= left($3, 500) COLLATE \"C\"",
        };
        format!(
            "WITH page AS MATERIALIZED (SELECT id FROM item WHERE {condition} AND {from} \
             AND left(key, 500) < left($4, 500) COLLATE \"C\" {ORDER} LIMIT $5) \
             {FOUND} JOIN page ON page.id = item.id {ORDER}"
        )
    }

    /// Runs one of the queries. Pages begin after the key `after`.
    pub(super) async fn rows(
        &self,
        db: &Database,
        sql: &str,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Row>> {
        let [from, to] = &self.keys;
        let from = after.unwrap_or(from);
        let values: [&(dyn ToSql + Sync); 5] = [&self.connection, &self.states, &from, to, &limit];
        db.rows(sql, &values).await
    }
}

/// The keys of a connection, or all keys.
fn range(scope: ItemScope<'_>) -> [String; 2] {
    let code = scope.connection.map(|connection| connection.code.as_str());
    match code.map(|code| ItemKey::new([code])) {
        // `0` follows `/`.
        Some(Ok(code)) => ["/", "0"].map(|end| format!("{}{end}", code.as_str())),
        // No text is greater than this character.
        _ => [String::new(), char::MAX.to_string()],
    }
}
