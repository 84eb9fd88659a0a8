//! Owners, scans, and copies of containers.

use std::{collections::BinaryHeap, ops::ControlFlow};

use catalog_model::{AccountStatus, ItemState};

use super::{
    super::{
        BrowseError, ContainerRef, DuplicateGroup, OwnerCondition, OwnerRow, OwnerSort,
        OwnersRequest, Page, PageRequest, ScanPoint, ScansRequest, backend::IndexedOwner,
        columns::SharedItems, cursor,
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
            entries: first.into_iter().map(|(_, owner)| owner).collect(),
            next,
        })
    }

    fn first_owners(
        &self,
        request: &OwnersRequest,
        after: Option<&OwnerPlace>,
        limit: usize,
    ) -> Result<Vec<(OwnerPlace, OwnerRow)>, BrowseError> {
        let owners = self.columns.owners(self.reader)?;
        let connections = self.connection_ids(&request.connections);
        let text = request.text.to_lowercase();
        let after = after.map(|(number, name, facet)| (*number, name.as_str(), *facet));
        let mut first: BinaryHeap<((i64, &str, i64), usize)> = BinaryHeap::new();
        for (position, owner) in owners.iter().enumerate() {
            let items = self.items_of(owner);
            if items == 0
                || !connections.contains(&owner.connection)
                || !is_wanted(owner, request, &text)
            {
                continue;
            }
            let number = match request.sort {
                OwnerSort::Name => 0,
                OwnerSort::Items => -i64::from(items),
            };
            let place = (number, owner.sort_name.as_str(), owner.facet);
            if after.is_none_or(|after| place > after) {
                first.push((place, position));
                if first.len() > limit {
                    first.pop();
                }
            }
        }
        let first = first.into_sorted_vec().into_iter();
        Ok(first
            .filter_map(|((number, name, facet), position)| {
                let row = self.owner_row(owners.get(position)?)?;
                Some(((number, name.to_owned(), facet), row))
            })
            .collect())
    }

    /// The number of existing items of an owner.
    fn items_of(&self, owner: &IndexedOwner) -> u32 {
        let facet = usize::try_from(owner.facet).ok();
        let count = facet.and_then(|facet| self.columns.existing().facets.get(facet));
        count.copied().unwrap_or_default()
    }

    fn owner_row(&self, owner: &IndexedOwner) -> Option<OwnerRow> {
        let mut known = self.catalog().connections().iter();
        let connection = known.find(|known| known.id() == owner.connection)?;
        Some(OwnerRow {
            id: owner.value.clone(),
            connection: connection.code.clone(),
            account: owner.account.clone(),
            name: owner.name.clone(),
            email: owner.email.clone(),
            status: status(owner),
            items: self.items_of(owner).into(),
        })
    }

    /// The number of owners with existing items whose accounts have one of these statuses.
    pub(super) fn owners_with(&self, statuses: &[AccountStatus]) -> Result<u64, BrowseError> {
        let owners = self.columns.owners(self.reader)?;
        let is_one =
            |owner: &IndexedOwner| status(owner).is_some_and(|status| statuses.contains(&status));
        let found = owners
            .iter()
            .filter(|owner| is_one(owner) && self.items_of(owner) > 0);
        Ok(found.count() as u64)
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

fn is_wanted(owner: &IndexedOwner, request: &OwnersRequest, text: &str) -> bool {
    let texts = [&owner.account, &owner.name, &owner.email];
    let mut texts = texts.into_iter().flatten();
    (text.is_empty() || texts.any(|one| one.to_lowercase().contains(text)))
        && match &request.condition {
            OwnerCondition::Any => true,
            OwnerCondition::WithoutAddress => owner.email.is_none(),
            OwnerCondition::Statuses(statuses) => {
                status(owner).is_some_and(|status| statuses.contains(&status))
            }
        }
}

/// The status of an owner's account.
fn status(owner: &IndexedOwner) -> Option<AccountStatus> {
    let word = owner.status.as_deref()?;
    AccountStatus::from_word(word)
}
