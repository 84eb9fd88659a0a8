//! Changes and their history.

use std::collections::{BTreeMap, HashMap};

use catalog_model::{ChangeKind, follower::EntityKind};

use super::{
    super::{
        BrowseEntry, BrowseError, ChangeRow, ChangesRequest, DayChanges, EntryDetail, FieldChange,
        KindCounts, Page, Subject,
        backend::{EventQuery, HOUR_MILLIS, LoggedChange},
        cursor,
    },
    Browser, Session,
};
use crate::change::NumericCode;

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
        Ok(Page {
            entries: self.logged(&seqs)?,
            next,
        })
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
        let kinds = kinds.iter().filter(|kind| **kind != ChangeKind::Rewritten);
        Ok(self.reader.events(&EventQuery {
            connections: self.connection_ids(&request.connections),
            kinds: kinds.map(|kind| kind.code()).collect(),
            is_container: match request.entities {
                Some(EntityKind::Item) => vec![false],
                Some(EntityKind::Container) => vec![true],
                _ => vec![false, true],
            },
            scan: request.scan,
            since: request.since,
            until: request.until,
            before,
            limit,
        })?)
    }

    /// The ids of the connections with these codes; of all, if no code is given.
    pub(super) fn connection_ids(&self, codes: &[String]) -> Vec<i64> {
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
        let seqs = self.reader.history(&entry.key, EntryDetail::MAX_HISTORY)?;
        self.logged(&seqs)
    }

    /// Reads changes, without those that the store has deleted.
    fn logged(&self, seqs: &[i64]) -> Result<Vec<ChangeRow>, BrowseError> {
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        let changes = self.reader.logged(seqs)?;
        let mut ids: Vec<i64> = changes.iter().map(|change| change.entity).collect();
        ids.sort_unstable();
        ids.dedup();
        let entries: HashMap<i64, BrowseEntry> = self.entries(&ids)?.into_iter().collect();
        let rows = changes.into_iter().filter_map(|change| {
            let entry = entries.get(&change.entity)?;
            self.row(change, entry)
        });
        Ok(rows.collect())
    }

    /// The row of a change of an item with the key, name and containers that it has now, or had last. `None` if the kind of
    /// change is unknown.
    fn row(&self, change: LoggedChange, entry: &BrowseEntry) -> Option<ChangeRow> {
        let kind = ChangeKind::from_code(change.kind)?;
        let is_rule = kind == ChangeKind::Excluded;
        let (name, entity) = match &entry.subject {
            Subject::Item(item) => (&item.name, EntityKind::Item),
            Subject::Container(container) => (&container.name, EntityKind::Container),
        };
        Some(ChangeRow {
            seq: change.seq,
            id: format!("{}-{}", self.catalog().store_id(), change.seq),
            scan: change.scan,
            time: change.time,
            connection: entry.connection.code.clone(),
            key: entry.key.clone(),
            name: name.clone(),
            containers: entry.containers.clone(),
            entity,
            kind,
            rule: change.fields.first().filter(|_| is_rule).cloned(),
            fields: match is_rule {
                true => Vec::new(),
                false => self.fields(change),
            },
        })
    }

    fn fields(&self, change: LoggedChange) -> Vec<FieldChange> {
        let values = change.values;
        let fields = change.fields.into_iter().map(|field| {
            let value = values.iter().find(|value| value.field == field);
            FieldChange {
                label: self.shared.settings.label(&field),
                old: value.and_then(|value| value.old.clone()),
                new: value.and_then(|value| value.new.clone()),
                is_known: value.is_some(),
                field,
            }
        });
        fields.collect()
    }

    pub(super) fn days(
        &self,
        connections: &[String],
        since: i64,
    ) -> Result<Vec<DayChanges>, BrowseError> {
        let hours = self
            .reader
            .hours(since.div_euclid(HOUR_MILLIS) * HOUR_MILLIS)?;
        let mut days: BTreeMap<(i64, i64), KindCounts> = BTreeMap::new();
        for [hour, connection, kind, changes] in hours {
            if let Some(kind) = ChangeKind::from_code(kind) {
                let day = hour.div_euclid(DAY_MILLIS) * DAY_MILLIS;
                let counts = days.entry((-day, connection)).or_default();
                counts.add(kind, changes.unsigned_abs());
            }
        }
        let known = self.catalog().connections();
        let days = days.into_iter().filter_map(|((day, id), counts)| {
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
