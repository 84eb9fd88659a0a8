//! The end of a scan for containers, and the kinds of containers that the store holds.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use catalog_model::{ChangeKind, ContainerKind, ItemState};
use rusqlite::{Connection, params};

use super::{change::NumericCode, running::Running};

/// Marks the containers that a complete scan did not see as gone. The fuse counts items only: it does not limit the
/// removal of containers.
pub(super) fn remove(db: &Connection, running: &Running) -> rusqlite::Result<()> {
    let Running {
        scan,
        attempt,
        connection,
        time,
        ..
    } = *running;
    let hidden = serde_json::json!(running.hidden_containers).to_string();
    db.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS unseen_container (item INTEGER PRIMARY KEY); \
         DELETE FROM unseen_container",
    )?;
    db.execute(
        "INSERT INTO unseen_container SELECT item.id FROM item \
         JOIN container_kind ON container_kind.id = item.container_kind \
         WHERE connection = ?1 AND state <> ?2 AND NOT (scan = ?3 AND attempt = ?4) \
         AND name NOT IN (SELECT value FROM json_each(?5))",
        params![connection, ItemState::Gone.code(), scan, attempt, hidden],
    )?;
    db.execute(
        "UPDATE item SET state = ?1, gone_since = ?2 WHERE id IN (SELECT item FROM unseen_container)",
        [ItemState::Gone.code(), time],
    )?;
    db.execute(
        "INSERT INTO change (scan, item, kind, time) SELECT ?1, item, ?2, ?3 FROM unseen_container ORDER BY item",
        [scan, ChangeKind::Removed.code(), time],
    )?;
    db.execute(
        "UPDATE content SET changed_by = ?1 WHERE item IN (SELECT item FROM unseen_container)",
        [scan],
    )
    .map(drop)
}

/// Reads the kinds of containers that the store holds, with their ids.
pub(super) fn kinds(db: &Connection) -> rusqlite::Result<Vec<(i64, ContainerKind)>> {
    let mut kinds = db.prepare("SELECT id, name, label FROM container_kind ORDER BY name")?;
    let kinds = kinds.query_map([], |row| {
        let kind = stored_kind(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
        Ok((row.get(0)?, kind))
    })?;
    kinds.collect()
}

/// A kind that a store has, for as long as the program runs.
#[must_use]
pub fn stored_kind(id: &str, label: &str) -> ContainerKind {
    ContainerKind {
        id: interned(id),
        label: interned(label),
    }
}

/// Returns a copy of the text that lives as long as the program. Connectors declare their kinds as constants, so there
/// are only a few.
fn interned(text: &str) -> &'static str {
    static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text) {
        return known;
    }
    let interned: &'static str = Box::leak(text.to_owned().into_boxed_str());
    texts.insert(interned);
    interned
}
