//! What the first page shows.

use catalog_model::AccountStatus;

use super::{
    super::{
        BrowseError, BrowseFilter, Condition, ConnectionOverview, EntityScope, KindCounts, Summary,
    },
    Browser, Session,
    entries::connection_ref,
};
use crate::{Cursor, LastScan};

impl Browser {
    /// Returns what the first page shows, with the changes since an hour.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn summary(&self, since: i64) -> Result<Summary, BrowseError> {
        self.shared.read(|session| session.summary(since))
    }

    /// Returns the connections with their last scans and their changes since an hour, sorted by code.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn connections(&self, since: i64) -> Result<Vec<ConnectionOverview>, BrowseError> {
        self.shared.read(|session| session.connections(since))
    }
}

impl Session<'_> {
    fn summary(&self, since: i64) -> Result<Summary, BrowseError> {
        let catalog = self.catalog();
        let mut containers = Vec::new();
        for kind in self.container_kinds() {
            let filter = BrowseFilter {
                scope: EntityScope::Containers(kind.id.to_owned()),
                ..BrowseFilter::default()
            };
            containers.push((kind, self.count("", &filter)?));
        }
        let having = |condition| {
            let filter = BrowseFilter {
                conditions: vec![condition],
                ..BrowseFilter::default()
            };
            self.count("", &filter)
        };
        let connections = self.connections(since)?;
        let mut changes = KindCounts::default();
        for connection in &connections {
            changes.add_all(&connection.changes);
        }
        let lost = [
            AccountStatus::Inactive,
            AccountStatus::Blocked,
            AccountStatus::Removed,
        ];
        Ok(Summary {
            items: self.columns.existing().total,
            containers,
            connections,
            changes,
            followers: self.positions()?,
            last_change: catalog.settled()?,
            without_description: having(Condition::WithoutDescription)?,
            without_address: having(Condition::WithoutAddress)?,
            lost_owners: self.count_once(&lost, || self.owners_with(&lost))?,
            index: self.state,
        })
    }

    fn connections(&self, since: i64) -> Result<Vec<ConnectionOverview>, BrowseError> {
        let catalog = self.catalog();
        let ended = catalog.last_scans(LastScan::Ended)?;
        let any = catalog.last_scans(LastScan::Any)?;
        let each = catalog.last_scans(LastScan::OfEachOutcome)?;
        let days = self.days(&[], since)?;
        let existing = self.columns.existing();
        let mut overviews = Vec::new();
        for connection in catalog.connections() {
            let code = &connection.code;
            let mut changes = KindCounts::default();
            for day in days.iter().filter(|day| day.connection == *code) {
                changes.add_all(&day.counts);
            }
            let mut complete = each
                .iter()
                .filter(|scan| scan.outcome.as_deref() == Some("complete"));
            let complete = complete.find(|scan| scan.connection == *code);
            let mut known = self.columns.connections.iter();
            let position = known.position(|known| *known == connection.id());
            let items = position.and_then(|position| existing.connections.get(position));
            let mut any = any.iter().filter(|scan| scan.connection == *code);
            overviews.push(ConnectionOverview {
                connection: connection_ref(connection),
                last_scan: ended.iter().find(|scan| scan.connection == *code).cloned(),
                last_complete: complete.and_then(|scan| scan.ended),
                is_running: any.any(|scan| scan.outcome.is_none()),
                items: u64::from(items.copied().unwrap_or_default()),
                changes,
            });
        }
        Ok(overviews)
    }

    /// The followers with their positions.
    fn positions(&self) -> Result<Vec<(String, Cursor)>, BrowseError> {
        let followers = self.reader.followers()?.into_iter();
        Ok(followers
            .map(|follower| (follower.name, follower.cursor))
            .collect())
    }
}
