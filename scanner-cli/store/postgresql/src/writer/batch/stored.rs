//! What the store has of the items of a batch.

use std::collections::HashMap;

use catalog_model::{ItemState, Precedence};
use catalog_store::backend::{
    NumberedRecord, NumericCode, SeenEntity, Sighting, StoredItem, places, precedence, put,
};

use super::{super::running::Running, print_of, prints};
use crate::{error::Result, values::sixteen};

/// The narrow row of a stored item.
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) fingerprint: Option<[u8; 16]>,
    pub(super) contacts: Option<i64>,
    pub(super) state: Option<ItemState>,
    pub(super) digest: Option<[u8; 16]>,
}

/// The wide row of a stored item.
pub(super) struct Wide {
    pub(super) source_id: String,
    pub(super) precedence: Precedence,
    /// `None` if it cannot be read.
    pub(super) item: Option<StoredItem<'static>>,
}

impl Stored {
    pub(super) fn record(&self) -> NumberedRecord {
        (self.id, self.digest)
    }

    pub(super) fn is_same(&self, seen: &SeenEntity) -> bool {
        let contacts = seen.contacts.as_ref().map(|contacts| contacts.fingerprint);
        self.fingerprint == Some(seen.fingerprint)
            && (contacts.is_none() || contacts == self.contacts)
    }

    /// Whether the item is as it was, made of the same record.
    pub(super) fn is_unchanged(&self, seen: &SeenEntity) -> bool {
        let is_same_record = seen.digest.is_none() || seen.digest == self.digest;
        is_same_record && self.is_same(seen) && self.state == Some(ItemState::Present)
    }

    /// Whether the item is gone or excluded, so that followers have received its removal.
    pub(super) fn is_removed_from_catalog(&self) -> bool {
        matches!(self.state, Some(ItemState::Gone | ItemState::Excluded))
    }
}

/// Finds the stored items of a batch by their keys.
pub(super) async fn find(
    running: &Running,
    batch: &[Sighting],
) -> Result<HashMap<[u8; 16], Stored>> {
    if running.is_empty {
        return Ok(HashMap::new());
    }
    let prints = prints(batch);
    let prints: Vec<&[u8]> = prints.iter().map(|print| &print[..]).collect();
    let sql = "SELECT key_print, id, fingerprint, contacts_fingerprint, state, digest FROM item \
               WHERE key_print = ANY($1)";
    let mut found = HashMap::with_capacity(prints.len());
    for row in running.db.rows(sql, &[&prints]).await? {
        let Some(print) = sixteen(row.get(0)) else {
            continue;
        };
        let stored = Stored {
            id: row.get(1),
            fingerprint: sixteen(row.get(2)),
            contacts: row.get(3),
            state: ItemState::from_code(i64::from(row.get::<_, i16>(4))),
            digest: sixteen(row.get(5)),
        };
        found.insert(print, stored);
    }
    Ok(found)
}

/// Reads the content of stored items that differ from what the scan saw, or whose record was recognized.
pub(super) async fn read_wide(
    running: &Running,
    batch: &[Sighting],
    stored: &HashMap<[u8; 16], Stored>,
) -> Result<HashMap<i64, Wide>> {
    let wanted = |sighting: &Sighting| {
        let (key, seen) = match sighting {
            Sighting::Item(seen) => (&seen.key, Some(seen)),
            Sighting::Container(seen, _) => (&seen.key, Some(&**seen)),
            Sighting::Withheld(record) => (&record.key, None),
            _ => return None,
        };
        let stored = stored.get(&print_of(key))?;
        let is_wanted = match seen {
            Some(seen) => !stored.is_same(seen) || stored.is_removed_from_catalog(),
            // Its item may be recognized at any time.
            None => stored.state == Some(ItemState::Present),
        };
        (is_wanted || running.known.is_seen(stored.record())).then_some(stored.id)
    };
    let ids: Vec<i64> = batch.iter().filter_map(wanted).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT item, source_id, content, contacts, texts FROM content WHERE item = ANY($1)";
    let rows = running.db.rows(sql, &[&ids]).await?;
    let mut hashes = Vec::new();
    for row in &rows {
        hashes.extend(places(row.get(4)).into_iter().map(|(_, hash)| hash));
    }
    let bodies = long_texts(running, &hashes).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let content: &str = row.get(2);
        let mut item = StoredItem::read(content, row.get(3)).ok();
        for (place, hash) in places(row.get(4)) {
            if let (Some(item), Some(body)) = (&mut item, bodies.get(&hash)) {
                put(item, &place, body.clone());
            }
        }
        let wide = Wide {
            source_id: row.get(1),
            precedence: precedence(content),
            item,
        };
        found.insert(row.get(0), wide);
    }
    Ok(found)
}

async fn long_texts(running: &Running, hashes: &[String]) -> Result<HashMap<String, String>> {
    if hashes.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT hash, body FROM long_text WHERE hash = ANY($1)";
    let rows = running.db.rows(sql, &[&hashes]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
