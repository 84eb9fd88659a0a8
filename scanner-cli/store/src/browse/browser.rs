//! The reading interface.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use catalog_model::{
    AccountStatus, ChangeKind, Contacts, ContainerKind, PropertyKind, PropertyValue,
    follower::EntityKind,
};

use super::{
    BrowseEntry, BrowseError, BrowseFilter, BrowseSettings, ChangeRow, ChangesRequest, Condition,
    ConnectionOverview, ConnectionRef, ContainerRef, DayChanges, DetailProperty, DuplicateGroup,
    EntityScope, EntryDetail, Facet, FacetValue, Facets, FacetsRequest, FieldChange, FollowerState,
    Highlight, IndexState, KindCounts, OwnerCondition, OwnerRow, OwnerSort, OwnersRequest, Page,
    PageRequest, ScanPoint, ScansRequest, SearchHit, SearchPage, SearchRequest, Sort, Subject,
    Summary, TextPart, cursor,
};
use crate::{
    Catalog, CatalogContainer, CatalogItem, Change, ItemScope, LastScan, StoreError,
    StoredConnection, StoredScan,
};

/// The store, open for requests. Any number of threads can share it.
///
/// A request that needs the store before the first scan has run ends with [`BrowseError::NoStore`].
#[derive(Debug)]
pub struct Browser {
    path: PathBuf,
    settings: BrowseSettings,
}

impl Browser {
    /// Opens the store `path`, which does not have to exist yet.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn open(path: &Path, settings: BrowseSettings) -> Result<Self, BrowseError> {
        Ok(Self {
            path: path.to_path_buf(),
            settings,
        })
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &BrowseSettings {
        &self.settings
    }

    /// Starts to update the index, for example because a scan has ended. Does not wait for it.
    pub fn update_soon(&self) {}

    /// Returns a number that changes whenever an answer may change, together with the id of the store. For `ETag`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn version(&self) -> Result<String, BrowseError> {
        let catalog = self.catalog()?;
        let scans = catalog.last_scans(LastScan::Any)?;
        let last = scans.iter().map(|scan| scan.id).max().unwrap_or_default();
        Ok(format!(
            "{}-{}-{last}",
            catalog.store_id(),
            catalog.settled()?
        ))
    }

    /// Returns the kinds of containers of the store, sorted by id.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn container_kinds(&self) -> Result<Vec<ContainerKind>, BrowseError> {
        Ok(self.catalog()?.container_kinds().collect())
    }

    /// Searches, or lists everything if the text is empty.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchPage, BrowseError> {
        let limit = request.page.checked_limit()?;
        let list = format!(
            "search {request:?}",
            request = (&request.text, &request.filter, request.sort)
        );
        let mut all = self.matching(&request.text, &request.filter)?;
        let order = |entry: &BrowseEntry| match request.sort {
            Some(Sort::Key) => (0, String::new(), entry.key.clone()),
            Some(Sort::Changed) => (-entry.last_read, String::new(), entry.key.clone()),
            Some(Sort::FirstSeen) => (-entry.first_seen, String::new(), entry.key.clone()),
            _ => (0, name_of(entry).to_lowercase(), entry.key.clone()),
        };
        all.sort_by_cached_key(order);
        let total = all.len() as u64;
        if let Some(cursor) = &request.page.cursor {
            let after: (i64, String, String) = cursor::read(&list, cursor)?;
            all.retain(|entry| order(entry) > after);
        }
        let is_last = all.len() <= limit;
        all.truncate(limit);
        let next = all.last().filter(|_| !is_last);
        let next = next.map(|entry| cursor::write(&list, &order(entry)));
        let hits = all.into_iter().map(|entry| SearchHit {
            highlights: highlights(&entry, &request.text),
            entry,
        });
        Ok(SearchPage {
            hits: hits.collect(),
            next,
            total,
            index: IndexState::Current,
        })
    }

    /// Counts the items or containers that match.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn count(&self, text: &str, filter: &BrowseFilter) -> Result<u64, BrowseError> {
        Ok(self.matching(text, filter)?.len() as u64)
    }

    /// Returns the facets of a list.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn facets(&self, request: &FacetsRequest) -> Result<Facets, BrowseError> {
        let all = self.matching(&request.text, &request.filter)?;
        let mut connections = Values::default();
        let mut states = Values::default();
        let mut owners = Values::default();
        let mut tags = Values::default();
        let mut statuses = Values::default();
        let mut containers: BTreeMap<ContainerKind, Values> = BTreeMap::new();
        for entry in &all {
            connections.add(&entry.connection.code, &entry.connection.name);
            states.add(entry.state.word(), entry.state.word());
            for (id, label) in owner_ids(entry) {
                owners.add(&id, &label);
            }
            for tag in self.tags_of(entry) {
                tags.add(&tag, &tag);
            }
            for status in self.status_of(entry) {
                statuses.add(&status, &status);
            }
            for container in &entry.containers {
                containers
                    .entry(container.kind)
                    .or_default()
                    .add(&container.key, &container.name);
            }
        }
        let (filter, max) = (&request.filter, request.max_values);
        let states_selected: Vec<String> = filter
            .states
            .iter()
            .map(|state| state.word().to_owned())
            .collect();
        Ok(Facets {
            total: all.len() as u64,
            connections: connections.facet(&filter.connections, max),
            containers: containers
                .into_iter()
                .map(|(kind, values)| (kind, values.facet(&filter.containers, max)))
                .collect(),
            owners: owners.facet(&filter.owners, max),
            tags: tags.facet(&filter.tags, max),
            statuses: statuses.facet(&filter.statuses, max),
            states: states.facet(&states_selected, max),
            index: IndexState::Current,
        })
    }

    /// Returns everything about the item or container with this key. `None` if there is none.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn entry(&self, key: &str) -> Result<Option<EntryDetail>, BrowseError> {
        let catalog = self.catalog()?;
        let (entry, changes) = if let Some(item) = catalog.item(key)? {
            let changes = catalog.changes_of(&item)?;
            (item_entry(&catalog, item)?, changes)
        } else if let Some(container) = catalog.container(key)? {
            let changes = catalog.changes_of_container(&container)?;
            (container_entry(&catalog, container)?, changes)
        } else {
            return Ok(None);
        };
        let mut history = Vec::new();
        for change in changes.into_iter().rev().take(EntryDetail::MAX_HISTORY) {
            history.push(self.change_row(&catalog, change)?);
        }
        let properties = self.properties(&entry);
        Ok(Some(EntryDetail {
            entry,
            properties,
            followers: Vec::<FollowerState>::new(),
            history,
        }))
    }

    /// Returns everything about the container of a connection with this kind and id. `None` if there is none.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn container(
        &self,
        connection: &str,
        kind: &str,
        id: &str,
    ) -> Result<Option<EntryDetail>, BrowseError> {
        let key = catalog_model::ItemKey::new([connection, &format!("{kind}:{id}")]);
        key.map_or(Ok(None), |key| self.entry(key.as_str()))
    }

    /// Lists owners.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn owners(&self, request: &OwnersRequest) -> Result<Page<OwnerRow>, BrowseError> {
        let filter = BrowseFilter {
            connections: request.connections.clone(),
            ..BrowseFilter::default()
        };
        let mut owners: BTreeMap<String, OwnerRow> = BTreeMap::new();
        for entry in self.matching("", &filter)? {
            for contact in contacts_of(&entry) {
                let id = owner_id(&entry, contact);
                let row = owners.entry(id.clone()).or_insert_with(|| OwnerRow {
                    id,
                    connection: entry.connection.code.clone(),
                    account: contact.account.clone(),
                    name: contact.name.clone(),
                    email: contact.email.clone(),
                    status: contact.status,
                    items: 0,
                });
                row.items += 1;
            }
        }
        let text = request.text.to_lowercase();
        let mut rows: Vec<_> = owners
            .into_values()
            .filter(|row| {
                let texts = [&row.account, &row.name, &row.email];
                let contains = texts
                    .into_iter()
                    .flatten()
                    .any(|one| one.to_lowercase().contains(&text));
                contains
                    && match &request.condition {
                        OwnerCondition::Any => true,
                        OwnerCondition::WithoutAddress => row.email.is_none(),
                        OwnerCondition::Statuses(statuses) => {
                            row.status.is_some_and(|status| statuses.contains(&status))
                        }
                    }
            })
            .collect();
        let order = |row: &OwnerRow| match request.sort {
            OwnerSort::Items => (i64::MAX - row.items as i64, row.id.clone()),
            OwnerSort::Name => (0, format!("{:?}{}", row.name, row.id).to_lowercase()),
        };
        rows.sort_by_cached_key(order);
        let list = format!(
            "owners {:?}",
            (
                &request.connections,
                &request.text,
                &request.condition,
                request.sort
            )
        );
        page(rows, &list, &request.page, order)
    }

    /// Lists changes, the newest first.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn changes(&self, request: &ChangesRequest) -> Result<Page<ChangeRow>, BrowseError> {
        let catalog = self.catalog()?;
        let mut all = Vec::new();
        catalog.each_delivery_with_containers(0, i64::MAX, |change| {
            let wanted = change.kind != ChangeKind::Rewritten
                && (request.connections.is_empty()
                    || request.connections.contains(&change.connection))
                && (request.kinds.is_empty() || request.kinds.contains(&change.kind))
                && request.entities.is_none_or(|entity| {
                    entity == EntityKind::Container || entity == change.entity
                })
                && request.scan.is_none_or(|scan| scan == change.scan)
                && request.since.is_none_or(|since| change.time >= since)
                && request.until.is_none_or(|until| change.time < until);
            if wanted {
                all.push(change);
            }
            Ok::<_, StoreError>(())
        })?;
        all.reverse();
        let list = format!(
            "changes {:?}",
            (
                &request.connections,
                &request.kinds,
                &request.entities,
                request.scan,
                request.since,
                request.until
            )
        );
        let page = page(all, &list, &request.page, |change| -change.seq)?;
        let entries = page
            .entries
            .into_iter()
            .map(|change| self.change_row(&catalog, change));
        Ok(Page {
            entries: entries.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// Counts the changes of items for each day (UTC) and connection, the newest day first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn days(&self, connections: &[String], since: i64) -> Result<Vec<DayChanges>, BrowseError> {
        const DAY: i64 = 24 * 3_600_000;
        let mut days: BTreeMap<(i64, String), KindCounts> = BTreeMap::new();
        self.catalog()?.each_change(|change| {
            if change.time >= since
                && (connections.is_empty() || connections.contains(&change.connection))
            {
                let day = -change.time.div_euclid(DAY) * DAY;
                days.entry((day, change.connection))
                    .or_default()
                    .add(change.kind, 1);
            }
            Ok::<_, StoreError>(())
        })?;
        let days = days
            .into_iter()
            .map(|((day, connection), counts)| DayChanges {
                day: -day,
                connection,
                counts,
            });
        Ok(days.collect())
    }

    /// Lists scans, the newest first.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn scans(&self, request: &ScansRequest) -> Result<Page<StoredScan>, BrowseError> {
        let mut all = Vec::new();
        self.catalog()?.each_scan(None, |scan| {
            let outcome = scan.outcome.as_ref();
            if (request.connections.is_empty() || request.connections.contains(&scan.connection))
                && (request.outcomes.is_empty()
                    || outcome.is_some_and(|outcome| request.outcomes.contains(outcome)))
            {
                all.push(scan);
            }
            Ok::<_, StoreError>(())
        })?;
        all.reverse();
        let list = format!("scans {:?}", (&request.connections, &request.outcomes));
        page(all, &list, &request.page, |scan| -scan.id)
    }

    /// Returns the scans that ended since a time, in order, for charts. If there are more than `max` of a connection, they
    /// are thinned out.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn series(
        &self,
        connection: Option<&str>,
        since: i64,
        max: usize,
    ) -> Result<Vec<ScanPoint>, BrowseError> {
        let mut all = Vec::new();
        self.catalog()?.each_scan(None, |scan| {
            let is_wanted =
                connection.is_none_or(|code| code == scan.connection) && scan.started >= since;
            if let (true, Some(outcome)) = (is_wanted, scan.outcome) {
                all.push(ScanPoint {
                    connection: scan.connection,
                    scan: scan.id,
                    started: scan.started,
                    duration: scan.ended.map(|ended| (ended - scan.started).max(0)),
                    outcome,
                    items: scan.counts.seen,
                });
            }
            Ok::<_, StoreError>(())
        })?;
        let step = all.len().div_ceil(max.max(1)).max(1);
        let last = all.len();
        let thinned = all
            .into_iter()
            .enumerate()
            .filter(|(index, _)| (last - index - 1).is_multiple_of(step));
        Ok(thinned.map(|(_, point)| point).collect())
    }

    /// Lists containers of one kind that may be copies of each other.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn duplicates(
        &self,
        kind: &str,
        request: &PageRequest,
    ) -> Result<Page<DuplicateGroup>, BrowseError> {
        let mut holders: BTreeMap<(String, String), BTreeMap<String, ContainerRef>> =
            BTreeMap::new();
        for entry in self.matching("", &BrowseFilter::default())? {
            let last = entry.key.rsplit('/').next().unwrap_or_default().to_owned();
            if let Some(container) = entry
                .containers
                .iter()
                .find(|container| container.kind.id == kind)
            {
                let holders = holders
                    .entry((entry.connection.code.clone(), last))
                    .or_default();
                holders.insert(container.key.clone(), container.clone());
            }
        }
        let mut groups: BTreeMap<Vec<String>, DuplicateGroup> = BTreeMap::new();
        for containers in holders.into_values().filter(|holders| holders.len() > 1) {
            let keys = containers.keys().cloned().collect();
            let group = groups.entry(keys).or_insert_with(|| DuplicateGroup {
                containers: containers.into_values().collect(),
                shared_items: 0,
            });
            group.shared_items += 1;
        }
        let groups = groups.into_values().collect();
        page(
            groups,
            &format!("duplicates {kind}"),
            request,
            |group: &DuplicateGroup| {
                group
                    .containers
                    .iter()
                    .map(|one| one.key.clone())
                    .collect::<Vec<_>>()
            },
        )
    }

    /// Returns what the first page shows, with the changes since a time.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn summary(&self, since: i64) -> Result<Summary, BrowseError> {
        let catalog = self.catalog()?;
        let days = self.days(&[], since)?;
        let mut changes = KindCounts::default();
        for day in &days {
            add(&mut changes, &day.counts);
        }
        let mut containers = Vec::new();
        for kind in catalog.container_kinds() {
            let scope = EntityScope::Containers(kind.id.to_owned());
            containers.push((
                kind,
                self.count(
                    "",
                    &BrowseFilter {
                        scope,
                        ..BrowseFilter::default()
                    },
                )?,
            ));
        }
        let having = |condition| {
            self.count(
                "",
                &BrowseFilter {
                    conditions: vec![condition],
                    ..BrowseFilter::default()
                },
            )
        };
        let lost = [
            AccountStatus::Inactive,
            AccountStatus::Blocked,
            AccountStatus::Removed,
        ];
        let owners = OwnersRequest {
            condition: OwnerCondition::Statuses(lost.to_vec()),
            page: PageRequest {
                limit: super::MAX_LIMIT,
                cursor: None,
            },
            ..OwnersRequest::default()
        };
        Ok(Summary {
            items: self.count("", &BrowseFilter::default())?,
            containers,
            connections: self.connections(since)?,
            changes,
            followers: Vec::new(),
            last_change: catalog.settled()?,
            without_description: having(Condition::WithoutDescription)?,
            without_address: having(Condition::WithoutAddress)?,
            lost_owners: self.owners(&owners)?.entries.len() as u64,
            index: IndexState::Current,
        })
    }

    /// Returns the connections with their last scans and their changes since a time, sorted by code.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn connections(&self, since: i64) -> Result<Vec<ConnectionOverview>, BrowseError> {
        let catalog = self.catalog()?;
        let last = catalog.last_scans(LastScan::Ended)?;
        let any = catalog.last_scans(LastScan::Any)?;
        let each = catalog.last_scans(LastScan::OfEachOutcome)?;
        let days = self.days(&[], since)?;
        let mut overviews = Vec::new();
        for connection in catalog.connections() {
            let code = &connection.code;
            let mut changes = KindCounts::default();
            for day in days.iter().filter(|day| day.connection == *code) {
                add(&mut changes, &day.counts);
            }
            let filter = BrowseFilter {
                connections: vec![code.clone()],
                ..BrowseFilter::default()
            };
            let complete = each.iter().find(|scan| {
                scan.connection == *code && scan.outcome.as_deref() == Some("complete")
            });
            overviews.push(ConnectionOverview {
                connection: connection_ref(connection),
                last_scan: last.iter().find(|scan| scan.connection == *code).cloned(),
                last_complete: complete.and_then(|scan| scan.ended),
                is_running: any
                    .iter()
                    .any(|scan| scan.connection == *code && scan.outcome.is_none()),
                items: self.count("", &filter)?,
                changes,
            });
        }
        Ok(overviews)
    }

    fn catalog(&self) -> Result<Catalog, BrowseError> {
        Catalog::open(&self.path)?.ok_or(BrowseError::NoStore)
    }

    /// All entries that match, in no order.
    fn matching(&self, text: &str, filter: &BrowseFilter) -> Result<Vec<BrowseEntry>, BrowseError> {
        let catalog = self.catalog()?;
        let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
        let mut all = Vec::new();
        let scope = ItemScope {
            connection: None,
            states: filter.selected_states(),
        };
        let mut keep = |entry: BrowseEntry| {
            let text = self.text_of(&entry);
            if words.iter().all(|word| text.contains(word)) && self.accepts(filter, &entry) {
                all.push(entry);
            }
        };
        if filter.scope != EntityScope::Items {
            catalog.each_container(scope, |container| {
                let of_kind = match &filter.scope {
                    EntityScope::Containers(kind) => container.container.kind.id == kind,
                    _ => true,
                };
                if of_kind {
                    keep(container_entry(&catalog, container)?);
                }
                Ok::<_, StoreError>(())
            })?;
        }
        if !matches!(filter.scope, EntityScope::Containers(_)) {
            catalog.each_item(scope, |item| {
                keep(item_entry(&catalog, item)?);
                Ok::<_, StoreError>(())
            })?;
        }
        Ok(all)
    }

    fn accepts(&self, filter: &BrowseFilter, entry: &BrowseEntry) -> bool {
        let any = |wanted: &[String], has: &[String]| {
            wanted.is_empty() || wanted.iter().any(|one| has.contains(one))
        };
        let owners: Vec<_> = owner_ids(entry).into_iter().map(|(id, _)| id).collect();
        let containers: Vec<_> = entry
            .containers
            .iter()
            .map(|container| container.key.clone())
            .collect();
        any(
            &filter.connections,
            std::slice::from_ref(&entry.connection.code),
        ) && any(&filter.containers, &containers)
            && any(&filter.owners, &owners)
            && any(&filter.tags, &self.tags_of(entry))
            && any(&filter.statuses, &self.status_of(entry))
            && filter
                .conditions
                .iter()
                .all(|condition| self.fulfils(condition, entry))
    }

    fn fulfils(&self, condition: &Condition, entry: &BrowseEntry) -> bool {
        let has = |name: &str| match &entry.subject {
            Subject::Item(item) => item.properties.get(name).is_some(),
            Subject::Container(_) => false,
        };
        match condition {
            Condition::WithoutDescription => description_of(entry).is_none_or(str::is_empty),
            Condition::WithoutAddress => is_without_address(entry),
            Condition::OwnerStatus(status) => contacts_of(entry)
                .iter()
                .any(|contact| contact.status == Some(*status)),
            Condition::WithoutProperty(name) => !has(name),
            Condition::WithProperty(name) => has(name),
            Condition::OutsideOf(kind) => entry
                .containers
                .iter()
                .all(|container| container.kind.id != kind),
            Condition::DateBefore { property, before } => match &entry.subject {
                Subject::Container(container) => {
                    let date = match property.as_str() {
                        "refreshed" => container.refreshed,
                        "modified" => container.modified,
                        "created" => container.created,
                        "published" => container.published,
                        _ => None,
                    };
                    date.is_some_and(|date| date.as_unix_millis() < *before)
                }
                Subject::Item(_) => false,
            },
            Condition::SharesItems => {
                let kind = match &entry.subject {
                    Subject::Container(container) => container.kind.id,
                    Subject::Item(_) => return false,
                };
                let groups = self.duplicates(
                    kind,
                    &PageRequest {
                        limit: super::MAX_LIMIT,
                        cursor: None,
                    },
                );
                groups.is_ok_and(|page| {
                    page.entries
                        .iter()
                        .any(|group| group.containers.iter().any(|one| one.key == entry.key))
                })
            }
        }
    }

    fn text_of(&self, entry: &BrowseEntry) -> String {
        let mut text = format!(
            "{} {}",
            name_of(entry),
            description_of(entry).unwrap_or_default()
        );
        for container in &entry.containers {
            text.push(' ');
            text.push_str(&container.name);
        }
        for contact in contacts_of(entry) {
            for one in [&contact.name, &contact.email, &contact.account]
                .into_iter()
                .flatten()
            {
                text.push(' ');
                text.push_str(one);
            }
        }
        for tag in self.tags_of(entry) {
            text.push(' ');
            text.push_str(&tag);
        }
        text.to_lowercase()
    }

    fn tags_of(&self, entry: &BrowseEntry) -> Vec<String> {
        match &entry.subject {
            Subject::Container(container) => container.tags.clone(),
            Subject::Item(item) => self
                .settings
                .tag_properties
                .iter()
                .filter_map(|name| match item.properties.get(name) {
                    Some(PropertyValue::Tags(tags)) => Some(tags.clone()),
                    _ => None,
                })
                .flatten()
                .collect(),
        }
    }

    fn status_of(&self, entry: &BrowseEntry) -> Vec<String> {
        let name = self.settings.status_property.as_deref().unwrap_or_default();
        match &entry.subject {
            Subject::Item(item) => item
                .properties
                .text(name)
                .map(str::to_owned)
                .into_iter()
                .collect(),
            Subject::Container(_) => Vec::new(),
        }
    }

    fn properties(&self, entry: &BrowseEntry) -> Vec<DetailProperty> {
        let Subject::Item(item) = &entry.subject else {
            return Vec::new();
        };
        let defined = self.settings.properties.iter();
        let mut properties: Vec<_> = defined
            .filter_map(|defined| {
                let value = item.properties.get(defined.name)?;
                Some(detail_property(defined.name, defined.label, value))
            })
            .collect();
        for (name, value) in item.properties.iter() {
            if !properties.iter().any(|known| known.name == name) {
                properties.push(detail_property(name, name, value));
            }
        }
        properties
    }

    fn change_row(&self, catalog: &Catalog, change: Change) -> Result<ChangeRow, BrowseError> {
        let entry = match change.entity {
            EntityKind::Item => catalog
                .item(&change.key)?
                .map(|item| item_entry(catalog, item)),
            EntityKind::Container => catalog
                .container(&change.key)?
                .map(|container| container_entry(catalog, container)),
        };
        let entry = entry.transpose()?;
        let is_rule = change.kind == ChangeKind::Excluded;
        Ok(ChangeRow {
            seq: change.seq,
            id: catalog.global_id(change.seq),
            scan: change.scan,
            time: change.time,
            connection: change.connection,
            key: change.key,
            name: entry
                .as_ref()
                .map(|entry| name_of(entry).to_owned())
                .unwrap_or_default(),
            containers: entry.map(|entry| entry.containers).unwrap_or_default(),
            entity: change.entity,
            kind: change.kind,
            rule: change.fields.first().filter(|_| is_rule).cloned(),
            fields: change
                .fields
                .into_iter()
                .filter(|_| !is_rule)
                .map(|field| FieldChange {
                    label: self.settings.label(&field),
                    field,
                    old: None,
                    new: None,
                    is_known: false,
                })
                .collect(),
        })
    }
}

/// Cuts a page out of a sorted list.
fn page<T, K: serde::Serialize + serde::de::DeserializeOwned + Ord>(
    mut all: Vec<T>,
    list: &str,
    request: &PageRequest,
    order: impl Fn(&T) -> K,
) -> Result<Page<T>, BrowseError> {
    let limit = request.checked_limit()?;
    if let Some(cursor) = &request.cursor {
        let after: K = cursor::read(list, cursor)?;
        all.retain(|one| order(one) > after);
    }
    let is_last = all.len() <= limit;
    all.truncate(limit);
    let next = all.last().filter(|_| !is_last);
    let next = next.map(|last| cursor::write(list, &order(last)));
    Ok(Page { entries: all, next })
}

#[derive(Default)]
struct Values(BTreeMap<String, (String, u64)>);

impl Values {
    fn add(&mut self, value: &str, label: &str) {
        let entry = self
            .0
            .entry(value.to_owned())
            .or_insert_with(|| (label.to_owned(), 0));
        entry.1 += 1;
    }

    fn facet(self, selected: &[String], max: usize) -> Facet {
        let values = self
            .0
            .into_iter()
            .map(|(value, (label, count))| FacetValue {
                is_selected: selected.contains(&value),
                value,
                label,
                count,
            });
        let mut values: Vec<_> = values.collect();
        values.sort_by_key(|value| (!value.is_selected, std::cmp::Reverse(value.count)));
        let more = values.len().saturating_sub(max) as u64;
        values.truncate(max);
        Facet { values, more }
    }
}

fn add(sum: &mut KindCounts, counts: &KindCounts) {
    sum.added += counts.added;
    sum.changed += counts.changed;
    sum.removed += counts.removed;
    sum.returned += counts.returned;
    sum.excluded += counts.excluded;
}

fn detail_property(name: &str, label: &str, value: &PropertyValue) -> DetailProperty {
    let kind: PropertyKind = value.kind();
    DetailProperty {
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
        value: value.clone(),
    }
}

fn connection_ref(connection: &StoredConnection) -> ConnectionRef {
    ConnectionRef {
        code: connection.code.clone(),
        name: connection.name.clone(),
        key_parts: connection.key_parts.clone(),
    }
}

fn containers(
    catalog: &Catalog,
    mut key: Option<catalog_model::ItemKey>,
) -> Result<Vec<ContainerRef>, StoreError> {
    let mut containers: Vec<ContainerRef> = Vec::new();
    while let Some(next) = key.filter(|_| containers.len() < 8) {
        let Some(found) = catalog.container(next.as_str())? else {
            break;
        };
        key = found.container.parent;
        containers.insert(
            0,
            ContainerRef {
                key: next.to_string(),
                kind: found.container.kind,
                id: found.container.id.0,
                name: found.container.name,
            },
        );
    }
    Ok(containers)
}

fn item_entry(catalog: &Catalog, item: CatalogItem<'_>) -> Result<BrowseEntry, StoreError> {
    Ok(BrowseEntry {
        containers: containers(catalog, item.item.container.clone())?,
        key: item.key,
        connection: connection_ref(item.connection),
        state: item.state,
        first_seen: item.first_seen,
        last_seen: item.last_seen,
        last_read: item.last_read,
        gone_since: item.gone_since,
        source_id: item.source_id,
        subject: Subject::Item(Box::new(item.item)),
    })
}

fn container_entry(
    catalog: &Catalog,
    container: CatalogContainer<'_>,
) -> Result<BrowseEntry, StoreError> {
    Ok(BrowseEntry {
        key: container.container.key.to_string(),
        containers: containers(catalog, container.container.parent.clone())?,
        connection: connection_ref(container.connection),
        state: container.state,
        first_seen: container.first_seen,
        last_seen: container.last_seen,
        last_read: container.last_seen,
        gone_since: container.gone_since,
        source_id: container.container.id.0.clone(),
        subject: Subject::Container(Box::new(container.container)),
    })
}

fn name_of(entry: &BrowseEntry) -> &str {
    match &entry.subject {
        Subject::Item(item) => &item.name,
        Subject::Container(container) => &container.name,
    }
}

fn description_of(entry: &BrowseEntry) -> Option<&str> {
    match &entry.subject {
        Subject::Item(item) => item.description.as_deref(),
        Subject::Container(container) => container.description.as_deref(),
    }
}

fn contacts(entry: &BrowseEntry) -> &Contacts {
    match &entry.subject {
        Subject::Item(item) => &item.contacts,
        Subject::Container(container) => &container.contacts,
    }
}

fn contacts_of(entry: &BrowseEntry) -> &[catalog_model::Contact] {
    match contacts(entry) {
        Contacts::Known(contacts) => contacts,
        Contacts::Unknown => &[],
    }
}

fn is_without_address(entry: &BrowseEntry) -> bool {
    *contacts(entry) != Contacts::Unknown
        && contacts_of(entry)
            .iter()
            .all(|contact| contact.email.is_none())
}

fn owner_id(entry: &BrowseEntry, contact: &catalog_model::Contact) -> String {
    let id = [&contact.account, &contact.email, &contact.name]
        .into_iter()
        .flatten()
        .next();
    format!(
        "{}/{}",
        entry.connection.code,
        id.map(String::as_str).unwrap_or_default()
    )
}

fn owner_ids(entry: &BrowseEntry) -> Vec<(String, String)> {
    contacts_of(entry)
        .iter()
        .map(|contact| {
            let label = [&contact.name, &contact.account, &contact.email]
                .into_iter()
                .flatten()
                .next();
            (owner_id(entry, contact), label.cloned().unwrap_or_default())
        })
        .collect()
}

fn highlights(entry: &BrowseEntry, text: &str) -> Vec<Highlight> {
    let word = text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let texts = [
        ("name", name_of(entry)),
        ("description", description_of(entry).unwrap_or_default()),
    ];
    texts
        .into_iter()
        .filter(|_| !word.is_empty())
        .filter_map(|(field, value)| {
            let at = value.find(&word)?;
            let (before, rest) = value.split_at(at);
            let (hit, after) = rest.split_at(word.len());
            let part = |text: &str, is_hit| TextPart {
                text: text.to_owned(),
                is_hit,
            };
            Some(Highlight {
                field,
                parts: vec![part(before, false), part(hit, true), part(after, false)],
            })
        })
        .collect()
}
