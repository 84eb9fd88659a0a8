//! What a scan saw: compared with what the store has, and copied to the temporary tables of the scan.
//!
//! Nothing else writes about the connection while the scan has its lease, so what is compared now is still true at the end of
//! the scan. Records with one key are compared with each other at the end (`duplicates.rs`).

use std::collections::HashMap;

use catalog_model::{ChangeKind, ContainerKind, Inclusion, ItemState, Precedence};
use catalog_store::backend::{
    Claim, Difference, NumericCode, RankedRecord, SeenEntity, Sighting, WithheldRecord, references,
};

use super::running::Running;
use crate::{
    error::Result,
    values::{key_print, storable},
};

mod copying;
mod stored;

use stored::{Stored, Wide, find, read_wide};

pub(super) use copying::Row;

/// What becomes of the item of a row.
pub(super) const ADD: i16 = 0;
pub(super) const MARK: i16 = 1;
pub(super) const WRITE: i16 = 2;

/// What a filter decides about the record of a row.
pub(super) const PRESENT: i16 = 0;
pub(super) const EXCLUDED: i16 = 1;
pub(super) const UNDECIDED: i16 = 2;

/// Receives a batch.
pub(super) async fn write(running: &mut Running, batch: Vec<Sighting>) -> Result<()> {
    let stored = find(running, &batch).await?;
    let wide = read_wide(running, &batch, &stored).await?;
    reserve_ids(running, batch.len()).await?;
    add_kinds(running, &batch).await?;
    let mut rows = Vec::with_capacity(batch.len());
    let mut unreadable = Vec::new();
    let mut texts = Vec::new();
    for sighting in batch {
        let compared = Compared {
            running: &mut *running,
            stored: &stored,
            wide: &wide,
        };
        match sighting {
            Sighting::Item(seen) => rows.extend(compared.item(seen, &mut texts)),
            Sighting::Container(seen, inclusion) => {
                rows.extend(compared.container(*seen, inclusion, &mut texts));
            }
            Sighting::Withheld(record) => rows.extend(compared.withheld(record)),
            Sighting::Unreadable(id) => {
                running.attempted.unreadable += 1;
                unreadable.push(storable(&id).into_owned());
            }
            Sighting::Unchanged(rest) => running.attempted.unread = Some(rest),
            Sighting::State(state) => running.attempted.state = Some(state),
            Sighting::HiddenContainers(kind) => {
                running.attempted.hidden_containers.insert(kind);
            }
        }
    }
    running.attempted.has_unreadable |= !unreadable.is_empty();
    copying::copy(running, rows).await?;
    copying::add_unreadable(running, unreadable).await?;
    copying::add_texts(running, texts).await
}

/// The keys of items and containers in a batch.
fn prints(batch: &[Sighting]) -> Vec<[u8; 16]> {
    let key = |sighting: &Sighting| match sighting {
        Sighting::Item(seen) => Some(print_of(&seen.key)),
        Sighting::Container(seen, _) => Some(print_of(&seen.key)),
        Sighting::Withheld(record) => Some(print_of(&record.key)),
        _ => None,
    };
    batch.iter().filter_map(key).collect()
}

/// The identity of a key as it is stored.
fn print_of(key: &str) -> [u8; 16] {
    key_print(&storable(key))
}

/// Makes sure that there are numbers for this many new items.
async fn reserve_ids(running: &mut Running, count: usize) -> Result<()> {
    let missing = count.saturating_sub(running.free_ids.len());
    if missing == 0 {
        return Ok(());
    }
    let blocks = i32::try_from(missing.div_ceil(100)).unwrap_or(i32::MAX);
    let sql = "SELECT nextval('item_block') FROM generate_series(1, $1)";
    for row in running.db.rows(sql, &[&blocks]).await? {
        let first: i64 = row.get(0);
        running.free_ids.extend(first..first + 100);
    }
    // The smallest number is taken from the end.
    running
        .free_ids
        .sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    Ok(())
}

/// Adds the kinds of containers that the store does not know, and those with another label.
async fn add_kinds(running: &mut Running, batch: &[Sighting]) -> Result<()> {
    let kinds = batch.iter().filter_map(|sighting| match sighting {
        Sighting::Container(seen, _) => seen.container_kind,
        _ => None,
    });
    for ContainerKind { id, label } in kinds {
        if running.kinds.contains_key(id) {
            continue;
        }
        let add = "INSERT INTO container_kind AS known (name, label) VALUES ($1, $2) \
                   ON CONFLICT (name) DO UPDATE SET label = $2 WHERE known.label <> $2";
        running.db.run(add, &[&id, &label]).await?;
        let sql = "SELECT id FROM container_kind WHERE name = $1";
        let number = running.db.row(sql, &[&id]).await?.get(0);
        running.kinds.insert(id, number);
    }
    Ok(())
}

/// A batch with what the store has of its items.
struct Compared<'a> {
    running: &'a mut Running,
    stored: &'a HashMap<[u8; 16], Stored>,
    wide: &'a HashMap<i64, Wide>,
}

/// The long texts of a batch: hash and text.
type Texts = Vec<(String, String)>;

impl Compared<'_> {
    fn item(self, seen: SeenEntity, texts: &mut Texts) -> Option<Row> {
        let print = print_of(&seen.key);
        let Some(stored) = self.stored.get(&print) else {
            return Some(self.add(print, seen, texts));
        };
        match self.running.known.claim(stored.record()) {
            Claim::Recognized => {
                let rank = (seen.precedence, &*seen.source_id);
                if !displace(self.running, (stored.id, self.wide), rank) {
                    let kept = self.wide.get(&stored.id);
                    let kept = kept.map_or(&seen.source_id, |wide| &wide.source_id);
                    self.running.attempted.duplicates.add(kept, &seen.source_id);
                    return None;
                }
            }
            Claim::First if stored.is_unchanged(&seen) => {
                self.running.known.see(stored.record());
                self.running.attempted.seen += 1;
                return None;
            }
            Claim::First | Claim::Again | Claim::Unknown => {}
        }
        Some(self.merge(print, stored, seen, texts))
    }

    fn container(self, seen: SeenEntity, inclusion: Inclusion, texts: &mut Texts) -> Option<Row> {
        let print = print_of(&seen.key);
        let stored = self.stored.get(&print);
        match (stored, inclusion) {
            (None, Inclusion::Included) => Some(self.add(print, seen, texts)),
            (None, Inclusion::Excluded | Inclusion::Undecided) => None,
            (Some(stored), Inclusion::Excluded) => {
                let kind = self.kind(&seen);
                Some(Row {
                    container_kind: kind,
                    ..excluded(self.running, print, stored, None)
                })
            }
            (Some(stored), Inclusion::Undecided) if stored.is_removed_from_catalog() => {
                let kind = self.kind(&seen);
                let state = stored.state.unwrap_or(ItemState::Gone);
                Some(Row {
                    container_kind: kind,
                    ..marked(self.running, print, stored, (PRESENT, state))
                })
            }
            (Some(stored), Inclusion::Included | Inclusion::Undecided) => {
                Some(self.merge(print, stored, seen, texts))
            }
        }
    }

    /// A record that a filter excludes or cannot decide about.
    fn withheld(self, withheld: WithheldRecord) -> Option<Row> {
        let WithheldRecord { key, record, rule } = withheld;
        let print = print_of(&key);
        self.running.attempted.unreadable += i64::from(rule.is_none());
        let row = match self.stored.get(&print) {
            Some(stored) => {
                let claim = self.running.known.claim(stored.record());
                if claim == Claim::Recognized
                    && !displace(self.running, (stored.id, self.wide), record.rank())
                {
                    return None;
                }
                match &rule {
                    Some(rule) => excluded(self.running, print, stored, Some(rule)),
                    None => undecided(self.running, print, stored),
                }
            }
            // It may outrank a new item with the same key.
            None => {
                let decision = rule.as_ref().map_or(UNDECIDED, |_| EXCLUDED);
                let id = 0;
                Row::new(self.running, print, (id, true), decision)
            }
        };
        Some(row.ranked(&record))
    }

    fn kind(&self, seen: &SeenEntity) -> Option<i32> {
        let kind = seen.container_kind?;
        self.running.kinds.get(kind.id).copied()
    }

    fn add(self, print: [u8; 16], seen: SeenEntity, texts: &mut Texts) -> Row {
        let kind = self.kind(&seen);
        let id = self.running.free_ids.pop().unwrap_or_default();
        Row {
            container_kind: kind,
            action: ADD,
            change_kind: Some(code(ChangeKind::Added)),
            ..Row::new(self.running, print, (id, true), PRESENT)
        }
        .with(seen, texts)
    }

    /// Compares an entity with the stored one. Unknown fields keep their stored values.
    fn merge(
        self,
        print: [u8; 16],
        stored: &Stored,
        mut seen: SeenEntity,
        texts: &mut Texts,
    ) -> Row {
        let former = self
            .wide
            .get(&stored.id)
            .and_then(|wide| wide.item.as_ref());
        if !stored.is_same(&seen)
            && !seen.unknown.is_empty()
            && let Some(former) = former
        {
            seen = seen.completed(former);
        }
        let kind = self.kind(&seen);
        if stored.is_same(&seen) && !stored.is_removed_from_catalog() {
            let row = marked(self.running, print, stored, (PRESENT, ItemState::Present));
            let row = Row {
                container_kind: kind,
                digest: seen.digest,
                ..row
            };
            return row.ranked_as(seen.precedence, &seen.source_id);
        }
        let difference = seen.difference(former);
        let change = match &difference {
            _ if stored.is_removed_from_catalog() => Some(ChangeKind::Returned),
            Difference::Revisions => Some(ChangeKind::Rewritten),
            // Only the source's id may differ, for example after an app was exported and imported again.
            Difference::Fields(fields, _) => (!fields.is_empty()).then_some(ChangeKind::Changed),
        };
        let (fields, values) = match difference {
            Difference::Fields(fields, values) => (fields, values),
            Difference::Revisions => (Vec::new(), None),
        };
        Row {
            container_kind: kind,
            action: WRITE,
            change_kind: change.map(code),
            fields: (!fields.is_empty()).then(|| crate::values::list(&fields)),
            change_values: values.map(|values| storable(&values).into_owned()),
            ..Row::new(self.running, print, (stored.id, false), PRESENT)
        }
        .with(seen, texts)
    }
}

impl Row {
    /// The row with the content of an entity.
    fn with(self, seen: SeenEntity, texts: &mut Texts) -> Self {
        let references = references(&seen.texts);
        let long = seen.texts.iter();
        texts.extend(long.map(|text| (text.hash().to_owned(), storable(text.body()).into_owned())));
        let (fingerprint, json) = match seen.contacts {
            Some(contacts) => (Some(contacts.fingerprint), Some(contacts.json)),
            None => (None, None),
        };
        let row = Self {
            key: Some(storable(&seen.key).into_owned()),
            fingerprint: Some(seen.fingerprint),
            contacts_fingerprint: fingerprint,
            contacts: json,
            content: Some(seen.content),
            texts: references,
            digest: seen.digest,
            ..self
        };
        row.ranked_as(seen.precedence, &seen.source_id)
    }

    fn ranked(self, record: &RankedRecord) -> Self {
        self.ranked_as(record.precedence, &record.source_id)
    }

    fn ranked_as(self, precedence: Precedence, source_id: &str) -> Self {
        Self {
            standing: i16::from(precedence.standing),
            modified: precedence
                .modified
                .map(catalog_model::Instant::as_unix_millis),
            source_id: storable(source_id).into_owned(),
            ..self
        }
    }
}

/// Whether a record outranks the one with the same key that was recognized. If so, the latter does not count any more.
fn displace(
    running: &mut Running,
    (item, wide): (i64, &HashMap<i64, Wide>),
    (precedence, id): (Precedence, &str),
) -> bool {
    let Some(wide) = wide.get(&item) else {
        // The same record, or one that is not in the catalog.
        return false;
    };
    let dropped = &wide.source_id;
    if !precedence.beats(id, (wide.precedence, dropped)) {
        return false;
    }
    if running.attempted.displaced.insert(item) {
        running.attempted.duplicates.add(id, dropped);
    }
    true
}

fn marked(
    running: &mut Running,
    print: [u8; 16],
    stored: &Stored,
    (decision, state): (i16, ItemState),
) -> Row {
    Row {
        action: MARK,
        new_state: code(state),
        ..Row::new(running, print, (stored.id, false), decision)
    }
}

fn excluded(running: &mut Running, print: [u8; 16], stored: &Stored, rule: Option<&str>) -> Row {
    let row = marked(running, print, stored, (EXCLUDED, ItemState::Excluded));
    let newly = stored.state != Some(ItemState::Excluded);
    Row {
        change_kind: newly.then(|| code(ChangeKind::Excluded)),
        fields: rule
            .filter(|_| newly)
            .map(|rule| crate::values::list(&[rule.to_owned()])),
        ..row
    }
}

/// An item about which a filter cannot decide. It exists, and its content does not change. One that is gone stays as it is.
fn undecided(running: &mut Running, print: [u8; 16], stored: &Stored) -> Row {
    match stored.state {
        Some(ItemState::Gone) => Row {
            new_state: -1,
            ..marked(running, print, stored, (UNDECIDED, ItemState::Gone))
        },
        Some(ItemState::Excluded) => {
            marked(running, print, stored, (UNDECIDED, ItemState::Excluded))
        }
        _ => marked(running, print, stored, (UNDECIDED, ItemState::Unreadable)),
    }
}

/// The number of a state or a kind of changes. There are few.
fn code(of: impl NumericCode) -> i16 {
    i16::try_from(of.code()).unwrap_or(-1)
}
