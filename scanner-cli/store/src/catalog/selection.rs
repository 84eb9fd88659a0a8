//! Which items or containers a query reads, and in which order.

use catalog_model::{ItemKey, ItemState};
use rusqlite::{Connection, ToSql};

use super::{ItemScope, Which, rows::ReadingOrder, sqlite::SqliteReader};
use crate::{change::NumericCode, closing::SCANNED_CONNECTIONS, error::StoreError, key_order};

/// Number of items up to which those that are not present are sorted instead of searched among all others.
const MAX_SORTED: i64 = 20_000;

/// The condition of a query, and the values in it.
pub(super) struct Selection {
    order: ReadingOrder,
    which: String,
    connection: Option<i64>,
    states: i64,
    /// The range of the keys: from the first text up to the second, exclusive.
    keys: [String; 2],
}

impl Selection {
    pub(super) fn new(
        catalog: &SqliteReader,
        scope: ItemScope<'_>,
        which: Which<'_>,
    ) -> Result<Self, StoreError> {
        let states = (scope.states.iter()).fold(0_i64, |set, state| set | 1 << state.code());
        let is_present_wanted = scope.states.contains(&ItemState::Present);
        let is_rare = !is_present_wanted && catalog.read(|db| are_few(db, states))?;
        let (which, is_small) = match which {
            Which::Items if is_rare => (format!("{ITEMS} AND {}", listed(states)), true),
            Which::Items => (ITEMS.to_owned(), false),
            Which::Containers(None) => (CONTAINERS.to_owned(), true),
            Which::Containers(Some(kind)) => {
                let mut kinds = catalog.container_kinds.iter();
                let known = kinds.find(|(_, known)| known.id == kind);
                let id = known.map_or(-1, |(id, _)| *id);
                (format!("{CONTAINERS} AND container_kind = {id}"), true)
            }
        };
        // Without the index, the narrow rows of the wanted items are sorted.
        let is_sorted = is_small || !catalog.read(key_order::exists)?;
        Ok(Self {
            order: match is_sorted {
                true => ReadingOrder::ByItem,
                false => ReadingOrder::ByKey,
            },
            which,
            connection: scope.connection.map(|connection| connection.id),
            states,
            keys: range(scope),
        })
    }

    pub(super) fn order(&self) -> ReadingOrder {
        self.order
    }

    /// The condition, with the parameters 1 to 4.
    pub(super) fn condition(&self) -> String {
        let which = &self.which;
        let common = format!(
            "(?1 IS NULL OR item.connection = ?1) AND ?2 >> item.state & 1 AND {which} \
             AND item.connection IN ({SCANNED_CONNECTIONS}) AND"
        );
        match self.order {
            ReadingOrder::ByKey => format!("{common} content.key >= ?3 AND content.key < ?4"),
            // Without the index, the keys do not limit what is read.
            ReadingOrder::ByItem => format!("{common} ?3 < ?4"),
        }
    }

    pub(super) fn values(&self) -> [&dyn ToSql; 4] {
        let [from, to] = &self.keys;
        [&self.connection, &self.states, from, to]
    }
}

/// Selects items alone.
const ITEMS: &str = "container_kind IS NULL";
/// Selects containers alone.
const CONTAINERS: &str = "container_kind IS NOT NULL";

/// The condition for items alone, or for containers of all kinds.
pub(super) fn which_only(which: Which<'_>) -> &'static str {
    match which {
        Which::Items => ITEMS,
        Which::Containers(_) => CONTAINERS,
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

/// Whether there are few items in states that are not present.
fn are_few(db: &Connection, states: i64) -> rusqlite::Result<bool> {
    let listed = listed(states);
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM item WHERE {listed} LIMIT ?1)");
    let mut found = db.prepare_cached(&sql)?;
    let found: i64 = found.query_row([MAX_SORTED + 1], |row| row.get(0))?;
    Ok(found <= MAX_SORTED)
}

/// The condition for states other than `present`, as the index of these needs it.
fn listed(states: i64) -> String {
    let states = (1..i64::from(u8::BITS)).filter(|state| states >> state & 1 == 1);
    let states: Vec<_> = states.map(|state| state.to_string()).collect();
    format!("state <> 0 AND state IN ({})", states.join(", "))
}
