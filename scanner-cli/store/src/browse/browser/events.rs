//! Changes and their history.

use std::collections::BTreeMap;

use catalog_model::{ChangeKind, follower::EntityKind};
use rusqlite::{OptionalExtension, params, params_from_iter};

use super::{
    super::{
        BrowseEntry, BrowseError, ChangeRow, ChangesRequest, DayChanges, EntryDetail, FieldChange,
        KindCounts, Page, Subject, cursor, index::update::HOUR_MILLIS,
    },
    Browser, Session,
};
use crate::{change::NumericCode, changed_values, hashes};

/// The length of a day in milliseconds.
const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

/// Kinds of changes that the source made.
const KINDS: [ChangeKind; 5] = [
    ChangeKind::Added,
    ChangeKind::Changed,
    ChangeKind::Removed,
    ChangeKind::Returned,
    ChangeKind::Excluded,
];

impl Browser {
    /// Lists changes, the newest first.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn changes(&self, request: &ChangesRequest) -> Result<Page<ChangeRow>, BrowseError> {
        self.shared.read(|session| session.changes(request))
    }

    /// Counts the changes of items for each day (UTC) and connection since an hour, the newest day first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn days(&self, connections: &[String], since: i64) -> Result<Vec<DayChanges>, BrowseError> {
        self.shared.read(|session| session.days(connections, since))
    }
}

impl Session<'_> {
    fn changes(&self, request: &ChangesRequest) -> Result<Page<ChangeRow>, BrowseError> {
        let limit = request.page.checked_limit()?;
        let ChangesRequest {
            connections,
            kinds,
            entities,
            scan,
            since,
            until,
            page,
        } = request;
        let list = format!(
            "changes {:?}",
            (connections, kinds, entities, scan, since, until)
        );
        let before = page.cursor.as_deref();
        let before = before
            .map(|cursor| cursor::read(&list, cursor))
            .transpose()?;
        let mut seqs = self.seqs(request, before.unwrap_or(i64::MAX), limit + 1)?;
        let is_last = seqs.len() <= limit;
        seqs.truncate(limit);
        let next = seqs.last().filter(|_| !is_last);
        let next = next.map(|seq| cursor::write(&list, seq));
        let mut entries = Vec::with_capacity(seqs.len());
        for seq in seqs {
            entries.extend(self.change(seq)?);
        }
        Ok(Page { entries, next })
    }

    /// The positions of the newest changes before a position.
    fn seqs(
        &self,
        request: &ChangesRequest,
        before: i64,
        limit: usize,
    ) -> Result<Vec<i64>, BrowseError> {
        let kinds = match request.kinds.as_slice() {
            [] => &KINDS,
            kinds => kinds,
        };
        let entities: &[i64] = match request.entities {
            Some(EntityKind::Item) => &[0],
            Some(EntityKind::Container) => &[1],
            _ => &[0, 1],
        };
        let connections = self.connection_ids(&request.connections);
        // One search in the index for each combination, whose results are merged.
        let sql = "SELECT seq FROM event WHERE connection = ?1 AND kind = ?2 AND is_container = ?3 AND seq < ?4 \
             AND (?5 IS NULL OR time >= ?5) AND (?6 IS NULL OR time < ?6) AND (?7 IS NULL OR scan = ?7) \
             AND seq >= coalesce((SELECT min(seq) FROM event WHERE scan = ?7), 0) \
             AND seq <= coalesce((SELECT max(seq) FROM event WHERE scan = ?7), ?4) ORDER BY seq DESC LIMIT ?8";
        let found = self.index(|db| {
            let mut find = db.prepare_cached(sql)?;
            let mut seqs: Vec<i64> = Vec::new();
            for connection in connections {
                for kind in kinds.iter().filter(|kind| **kind != ChangeKind::Rewritten) {
                    for is_container in entities {
                        let rows = find.query_map(
                            params![
                                connection,
                                kind.code(),
                                is_container,
                                before,
                                request.since,
                                request.until,
                                request.scan,
                                i64::try_from(limit).unwrap_or(i64::MAX)
                            ],
                            |row| row.get(0),
                        )?;
                        for seq in rows {
                            seqs.push(seq?);
                        }
                    }
                }
            }
            seqs.sort_unstable_by_key(|seq| std::cmp::Reverse(*seq));
            seqs.dedup();
            seqs.truncate(limit);
            Ok(seqs)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// The ids of the connections with these codes; of all, if no code is given.
    fn connection_ids(&self, codes: &[String]) -> Vec<i64> {
        let all = self.catalog().connections();
        match codes {
            [] => all.iter().map(crate::StoredConnection::id).collect(),
            codes => (codes.iter())
                .filter_map(|code| self.connection_id(code))
                .collect(),
        }
    }

    /// Returns the last changes of an item, the newest first.
    pub(super) fn history(&self, entry: &BrowseEntry) -> Result<Vec<ChangeRow>, BrowseError> {
        let max = i64::try_from(EntryDetail::MAX_HISTORY).unwrap_or(i64::MAX);
        let seqs: Vec<i64> = self.catalog().query(|db| {
            let mut find = db.prepare_cached(
                "SELECT seq FROM change WHERE kind <> 5 AND item = \
                 (SELECT id FROM item JOIN content ON content.item = item.id WHERE key_hash = ?1 AND key = ?2) \
                 ORDER BY seq DESC LIMIT ?3",
            )?;
            let values = params![hashes::hash(&entry.key), entry.key, max];
            find.query_map(values, |row| row.get(0))?.collect()
        })?;
        let mut history = Vec::new();
        for seq in seqs {
            history.extend(self.change(seq)?);
        }
        Ok(history)
    }

    /// Reads a change. `None` if the store has deleted it.
    fn change(&self, seq: i64) -> Result<Option<ChangeRow>, BrowseError> {
        let catalog = self.catalog();
        let found = catalog.query(|db| {
            let mut find = db.prepare_cached(
                "SELECT change.scan, time, kind, fields, change.item, item.connection, container_kind IS NOT NULL \
                 FROM change JOIN item ON item.id = change.item WHERE seq = ?1",
            )?;
            let found = find.query_row([seq], |row| {
                Ok((
                    (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?),
                    row.get::<_, Option<String>>(3)?,
                    (row.get::<_, i64>(4)?, row.get::<_, i64>(5)?, row.get::<_, bool>(6)?),
                ))
            });
            found.optional()
        })?;
        let Some(((scan, time, kind), fields, (item, connection, is_container))) = found else {
            return Ok(None);
        };
        let Some(kind) = ChangeKind::from_code(kind) else {
            return Ok(None);
        };
        let Some((key, name, containers)) = self.named(item, is_container)? else {
            return Ok(None);
        };
        let fields: Vec<String> = fields
            .and_then(|fields| serde_json::from_str(&fields).ok())
            .unwrap_or_default();
        let is_rule = kind == ChangeKind::Excluded;
        let mut codes = catalog.connections().iter();
        let code = codes.find(|known| known.id() == connection);
        Ok(Some(ChangeRow {
            seq,
            id: catalog.global_id(seq),
            scan,
            time,
            connection: code.map(|known| known.code.clone()).unwrap_or_default(),
            key,
            name,
            containers,
            entity: match is_container {
                true => EntityKind::Container,
                false => EntityKind::Item,
            },
            kind,
            rule: fields.first().filter(|_| is_rule).cloned(),
            fields: match is_rule {
                true => Vec::new(),
                false => self.fields(seq, fields)?,
            },
        }))
    }

    /// The key, name and containers that an item has now, or had last.
    fn named(
        &self,
        id: i64,
        is_container: bool,
    ) -> Result<Option<(String, String, Vec<super::super::ContainerRef>)>, BrowseError> {
        for state in catalog_model::ItemState::ALL {
            if let Some(entry) = self.entry_by_id(id, is_container, state)? {
                let name = match entry.subject {
                    Subject::Item(item) => item.name,
                    Subject::Container(container) => container.name,
                };
                return Ok(Some((entry.key, name, entry.containers)));
            }
        }
        Ok(None)
    }

    fn fields(&self, seq: i64, fields: Vec<String>) -> Result<Vec<FieldChange>, BrowseError> {
        let values = self.catalog().query(|db| changed_values::read(db, seq))?;
        let fields = fields.into_iter().map(|field| {
            let value = values.iter().find(|value| value.field == field);
            FieldChange {
                label: self.shared.settings.label(&field),
                old: value.and_then(|value| value.old.clone()),
                new: value.and_then(|value| value.new.clone()),
                is_known: value.is_some(),
                field,
            }
        });
        Ok(fields.collect())
    }

    pub(super) fn days(
        &self,
        connections: &[String],
        since: i64,
    ) -> Result<Vec<DayChanges>, BrowseError> {
        let found = self.index(|db| {
            let mut hours = db.prepare_cached(
                "SELECT hour, connection, kind, changes FROM hour WHERE hour >= ?1",
            )?;
            let mut rows = hours.query(params_from_iter([
                since.div_euclid(HOUR_MILLIS) * HOUR_MILLIS
            ]))?;
            let mut days: BTreeMap<(i64, i64), KindCounts> = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let [hour, connection, kind, changes]: [i64; 4] =
                    [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
                if let Some(kind) = ChangeKind::from_code(kind) {
                    let day = hour.div_euclid(DAY_MILLIS) * DAY_MILLIS;
                    let counts = days.entry((-day, connection)).or_default();
                    counts.add(kind, changes.unsigned_abs());
                }
            }
            Ok(days)
        })?;
        let known = self.catalog().connections();
        let days = found
            .unwrap_or_default()
            .into_iter()
            .filter_map(|((day, id), counts)| {
                let connection = known.iter().find(|known| known.id() == id)?;
                let is_wanted = connections.is_empty() || connections.contains(&connection.code);
                (is_wanted && counts.total() > 0).then(|| DayChanges {
                    day: -day,
                    connection: connection.code.clone(),
                    counts,
                })
            });
        Ok(days.collect())
    }
}
