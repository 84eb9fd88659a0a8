//! Owners, scans, and copies of containers.

use std::{collections::BinaryHeap, ops::ControlFlow};

use catalog_model::{AccountStatus, ItemState};

use super::{
    super::{
        BrowseError, ContainerRef, DuplicateGroup, OwnerCondition, OwnerRow, OwnerSort,
        OwnersRequest, Page, PageRequest, ScanPoint, ScansRequest, columns::SharedItems, cursor,
    },
    Browser, Session,
};
use crate::StoredScan;

impl Browser {
    /// Lists owners.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn owners(&self, request: &OwnersRequest) -> Result<Page<OwnerRow>, BrowseError> {
        self.shared.read(|session| session.owners(request))
    }

    /// Lists scans, the newest first.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn scans(&self, request: &ScansRequest) -> Result<Page<StoredScan>, BrowseError> {
        self.shared.read(|session| {
            let limit = request.page.checked_limit()?;
            let list = format!("scans {:?}", (&request.connections, &request.outcomes));
            let before = request.page.cursor.as_deref();
            let before = before
                .map(|cursor| cursor::read(&list, cursor))
                .transpose()?;
            let before = before.unwrap_or(i64::MAX);
            let of = [&request.connections[..], &request.outcomes[..]];
            let mut entries = session.reader.scans_before(before, of, limit + 1)?;
            let is_last = entries.len() <= limit;
            entries.truncate(limit);
            let next = entries.last().filter(|_| !is_last);
            let next = next.map(|scan| cursor::write(&list, &scan.id));
            Ok(Page { entries, next })
        })
    }

    /// Returns the scans that ended since a time, in order, for charts. If there are more than `max`, they are thinned out.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn series(
        &self,
        connection: Option<&str>,
        since: i64,
        max: usize,
    ) -> Result<Vec<ScanPoint>, BrowseError> {
        self.shared.read(|session| {
            let mut all = Vec::new();
            let catalog = session.catalog();
            let mut connections = catalog.connections().iter();
            let of = match connection {
                None => None,
                Some(code) => match connections.find(|known| known.code == code) {
                    None => return Ok(all),
                    found => found,
                },
            };
            catalog.each_scan(of, &mut |scan| {
                if let (true, Some(outcome)) = (scan.started >= since, scan.outcome) {
                    all.push(ScanPoint {
                        connection: scan.connection,
                        scan: scan.id,
                        started: scan.started,
                        duration: scan.ended.map(|ended| (ended - scan.started).max(0)),
                        outcome,
                        items: scan.counts.seen,
                    });
                }
                ControlFlow::Continue(())
            })?;
            let step = all.len().div_ceil(max.max(1)).max(1);
            let count = all.len();
            let mut index = 0;
            // The last one is always among them.
            all.retain(|_| {
                index += 1;
                (count - index).is_multiple_of(step)
            });
            Ok(all)
        })
    }

    /// Lists containers of one kind that may be copies of each other: they directly hold items whose keys have the same last
    /// part.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn duplicates(
        &self,
        kind: &str,
        request: &PageRequest,
    ) -> Result<Page<DuplicateGroup>, BrowseError> {
        self.shared
            .read(|session| session.duplicates(kind, request))
    }
}

/// The place of an owner in an order: a number, a text, and the id.
type OwnerPlace = (i64, String, i64);

impl Session<'_> {
    fn owners(&self, request: &OwnersRequest) -> Result<Page<OwnerRow>, BrowseError> {
        let limit = request.page.checked_limit()?;
        let OwnersRequest {
            connections,
            text,
            condition,
            sort,
            page,
        } = request;
        let list = format!("owners {:?}", (connections, text, condition, sort));
        let after = page.cursor.as_deref();
        let after: Option<OwnerPlace> =
            after.map(|after| cursor::read(&list, after)).transpose()?;
        let mut first = self.first_owners(request, after.as_ref(), limit + 1)?;
        let is_last = first.len() <= limit;
        first.truncate(limit);
        let next = first.last().filter(|_| !is_last);
        let next = next.map(|(place, _)| cursor::write(&list, place));
        Ok(Page {
            entries: first.into_iter().map(|(_, owner)| owner.0).collect(),
            next,
        })
    }

    fn first_owners(
        &self,
        request: &OwnersRequest,
        after: Option<&OwnerPlace>,
        limit: usize,
    ) -> Result<Vec<(OwnerPlace, Unordered)>, BrowseError> {
        let counts = &self.columns.existing().facets;
        let text = request.text.to_lowercase();
        let mut first: BinaryHeap<(OwnerPlace, Unordered)> = BinaryHeap::new();
        self.each_owner(|facet, sort_name, owner| {
            let count = usize::try_from(facet)
                .ok()
                .and_then(|facet| counts.get(facet));
            let owner = OwnerRow {
                items: u64::from(count.copied().unwrap_or_default()),
                ..owner
            };
            if owner.items == 0 || !is_wanted(&owner, request, &text) {
                return;
            }
            let items = i64::try_from(owner.items).unwrap_or(i64::MAX);
            let place = match request.sort {
                OwnerSort::Name => (0, sort_name, facet),
                OwnerSort::Items => (-items, sort_name, facet),
            };
            if after.is_none_or(|after| place > *after) {
                first.push((place, Unordered(owner)));
                if first.len() > limit {
                    first.pop();
                }
            }
        })?;
        Ok(first.into_sorted_vec())
    }

    fn each_owner(&self, mut each: impl FnMut(i64, String, OwnerRow)) -> Result<(), BrowseError> {
        let connections = self.catalog().connections();
        Ok(self.reader.each_owner(&mut |owner| {
            let mut known = connections.iter();
            let Some(known) = known.find(|known| known.id() == owner.connection) else {
                return;
            };
            let row = OwnerRow {
                id: owner.value,
                connection: known.code.clone(),
                account: owner.account,
                name: owner.name,
                email: owner.email,
                status: owner.status.as_deref().and_then(AccountStatus::from_word),
                items: 0,
            };
            each(owner.facet, owner.sort_name, row);
        })?)
    }

    /// The number of owners with existing items whose accounts have one of these statuses.
    pub(super) fn owners_with(&self, statuses: &[AccountStatus]) -> Result<u64, BrowseError> {
        let counts = &self.columns.existing().facets;
        let mut number = 0;
        self.each_owner(|facet, _, owner| {
            let count = usize::try_from(facet)
                .ok()
                .and_then(|facet| counts.get(facet));
            let is_lost = owner
                .status
                .is_some_and(|status| statuses.contains(&status));
            number += u64::from(is_lost && count.is_some_and(|count| *count > 0));
        })?;
        Ok(number)
    }

    fn duplicates(
        &self,
        kind: &str,
        request: &PageRequest,
    ) -> Result<Page<DuplicateGroup>, BrowseError> {
        let limit = request.checked_limit()?;
        let list = format!("duplicates {kind}");
        let after = request.cursor.as_deref();
        let after: Option<Vec<i64>> = after.map(|after| cursor::read(&list, after)).transpose()?;
        let copies = self.columns.copies(self.reader)?;
        let is_next =
            |copy: &&SharedItems| (after.as_ref()).is_none_or(|after| copy.containers > *after);
        let mut groups: Vec<(&SharedItems, DuplicateGroup)> = Vec::new();
        let mut next = None;
        for copy in copies.iter().filter(is_next) {
            let containers = self.existing_containers(&copy.containers, kind)?;
            if containers.len() < 2 {
                continue;
            }
            if groups.len() == limit {
                let last = groups.last();
                next = last.map(|(copy, _)| cursor::write(&list, &copy.containers));
                break;
            }
            let group = DuplicateGroup {
                containers,
                shared_items: copy.items,
            };
            groups.push((copy, group));
        }
        Ok(Page {
            entries: groups.into_iter().map(|(_, group)| group).collect(),
            next,
        })
    }

    fn existing_containers(
        &self,
        ids: &[i64],
        kind: &str,
    ) -> Result<Vec<ContainerRef>, BrowseError> {
        let found = self.catalog().found_by_id(ids, ItemState::EXISTING)?;
        let mut containers = Vec::with_capacity(ids.len());
        for found in found {
            if let Some(found) = found.into_container()?
                && found.container.kind.id == kind
            {
                let container = found.container;
                containers.push(ContainerRef {
                    key: container.key.to_string(),
                    kind: container.kind,
                    id: container.id.0,
                    name: container.name,
                });
            }
        }
        Ok(containers)
    }
}

fn is_wanted(owner: &OwnerRow, request: &OwnersRequest, text: &str) -> bool {
    let connections = &request.connections;
    let texts = [&owner.account, &owner.name, &owner.email];
    let mut texts = texts.into_iter().flatten();
    (connections.is_empty() || connections.contains(&owner.connection))
        && (text.is_empty() || texts.any(|one| one.to_lowercase().contains(text)))
        && match &request.condition {
            OwnerCondition::Any => true,
            OwnerCondition::WithoutAddress => owner.email.is_none(),
            OwnerCondition::Statuses(statuses) => owner
                .status
                .is_some_and(|status| statuses.contains(&status)),
        }
}

/// An owner beside its place, which alone decides the order.
struct Unordered(OwnerRow);

impl PartialEq for Unordered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Unordered {}

impl PartialOrd for Unordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Unordered {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}
