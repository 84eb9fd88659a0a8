//! What the store has about a subject: the items, apps and streams that it names, or similar items.

use std::collections::BTreeSet;

use catalog_model::follower::EntityKind;

use crate::{
    delivery::Followers,
    export_line::{UNTITLED, label},
    item_filter::STREAM,
    shown_time::second,
    store::{Catalog, CatalogContainer, CatalogItem, Change, ItemScope, ItemState, StoreError},
    subject::Subject,
};

mod catalogs;
mod suggestions;
#[cfg(test)]
mod tests;

pub use self::{catalogs::CatalogState, suggestions::Suggestions};

/// Maximum number of items, apps and streams that are described.
const MAX_DESCRIBED: usize = 10;

/// What the store has about a subject.
#[derive(Default)]
pub struct Explanation {
    /// The items, apps and streams that the subject names; the first ten.
    pub entries: Vec<StoredEntry>,
    /// Number of all of them.
    pub count: usize,
    /// The codes of the connections that they belong to.
    pub connections: BTreeSet<String>,
    /// The id of the only app that the subject names. A source finds an app by its id, not by its key.
    pub app_id: Option<String>,
    /// Similar items, if the subject names nothing.
    pub suggestions: Suggestions,
}

/// An item, an app or a stream of the store.
pub struct StoredEntry {
    /// Its key.
    pub key: String,
    /// Names and values, in their order: what it is, when scans saw it, and its changes.
    pub lines: Vec<(&'static str, String)>,
    /// What the catalogs have.
    pub catalogs: Vec<CatalogState>,
    /// Whether it is a stream. Sources are not asked about streams.
    pub is_stream: bool,
}

/// What an explanation is read from.
struct Context<'a> {
    catalog: &'a Catalog,
    followers: &'a Followers,
}

impl Context<'_> {
    fn catalogs(&self, subject: &catalogs::Subject<'_>) -> Result<Vec<CatalogState>, StoreError> {
        catalogs::states(self.catalog, self.followers, subject)
    }
}

impl Explanation {
    /// Searches the store for what the text names: a key, an id, a link or a name. Each entry says which of the followers
    /// have delivered it.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn find(catalog: &Catalog, followers: &Followers, text: &str) -> Result<Self, StoreError> {
        let context = &Context { catalog, followers };
        let mut found = Self::default();
        if let Some(item) = catalog.item(text)? {
            found.add_item(context, &item)?;
            return Ok(found);
        }
        if let Some(container) = catalog.container(text)? {
            found.add_container(context, &container)?;
            return Ok(found);
        }
        let subject = Subject::new(text);
        let scope = ItemScope {
            connection: None,
            states: &ItemState::ALL,
        };
        catalog.each_item(scope, |item| {
            if subject.is(&item) {
                found.add_item(context, &item)?;
            } else if found.count == 0 {
                found.suggestions.consider(&subject, &item);
            }
            Ok::<_, StoreError>(())
        })?;
        if found.count == 0 {
            catalog.each_container(scope, |container| match subject.is_container(&container) {
                true => found.add_container(context, &container),
                false => Ok(()),
            })?;
        }
        Ok(found)
    }

    /// Whether the subject names nothing but streams.
    #[must_use]
    pub fn is_only_streams(&self) -> bool {
        self.count > 0 && self.entries.iter().all(|entry| entry.is_stream)
    }

    /// Counts an entry. Returns whether it is described.
    fn count(&mut self, connection: &str) -> bool {
        self.count += 1;
        self.connections.insert(connection.to_owned());
        self.count <= MAX_DESCRIBED
    }

    fn add_item(
        &mut self,
        context: &Context<'_>,
        item: &CatalogItem<'_>,
    ) -> Result<(), StoreError> {
        if !self.count(&item.connection.code) {
            return Ok(());
        }
        let seen = [Some(item.first_seen), Some(item.last_seen), item.gone_since];
        let mut lines = vec![
            ("label", label(&item.item.label)),
            ("state", item.state.word().to_owned()),
            ("source id", item.source_id.clone()),
        ];
        let changes = context.catalog.changes_of(item)?;
        lines.extend(history(seen, &changes));
        if item.last_read < item.last_seen && item.state != ItemState::Gone {
            let when = second(item.last_read);
            let unread =
                format!("{when}; later scans read only changes (`connection.incremental`)");
            lines.push(("last read", unread));
        }
        let catalogs = context.catalogs(&catalogs::Subject {
            of: EntityKind::Item,
            key: &item.key,
            connection: &item.connection.code,
            state: item.state,
            changes: &changes,
        })?;
        self.entries.push(StoredEntry {
            key: item.key.clone(),
            lines,
            catalogs,
            is_stream: false,
        });
        Ok(())
    }

    fn add_container(
        &mut self,
        context: &Context<'_>,
        found: &CatalogContainer<'_>,
    ) -> Result<(), StoreError> {
        if !self.count(&found.connection.code) {
            return Ok(());
        }
        let container = &found.container;
        let is_stream = container.kind.id == STREAM;
        // A source finds several apps by the name that they share.
        self.app_id = (self.count == 1 && !is_stream).then(|| container.id.0.clone());
        let name = match container.name.trim() {
            "" => UNTITLED,
            _ => &container.name,
        };
        let seen = [
            Some(found.first_seen),
            Some(found.last_seen),
            found.gone_since,
        ];
        let mut lines = vec![
            ("type", container.kind.id.to_owned()),
            ("name", name.to_owned()),
        ];
        lines.extend((container.parent.as_ref()).map(|parent| ("in", parent.to_string())));
        lines.push(("state", found.state.word().to_owned()));
        lines.push(("source id", container.id.0.clone()));
        let changes = context.catalog.changes_of_container(found)?;
        lines.extend(history(seen, &changes));
        let catalogs = context.catalogs(&catalogs::Subject {
            of: EntityKind::Container,
            key: container.key.as_str(),
            connection: &found.connection.code,
            state: found.state,
            changes: &changes,
        })?;
        self.entries.push(StoredEntry {
            key: container.key.to_string(),
            lines,
            catalogs,
            is_stream,
        });
        Ok(())
    }
}

/// When scans saw something, and its changes.
fn history(seen: [Option<i64>; 3], changes: &[Change]) -> Vec<(&'static str, String)> {
    let names = ["first seen", "last seen", "gone since"];
    let seen = names.into_iter().zip(seen);
    let seen = seen.filter_map(|(name, time)| Some((name, second(time?))));
    let changes = changes.iter().map(|change| {
        let fields = change.fields.join(", ");
        let colon = if fields.is_empty() { "" } else { ": " };
        let (time, scan) = (second(change.time), change.scan);
        let what = format!("{time} by scan {scan}{colon}{fields}");
        (change.kind.word(), what)
    });
    seen.chain(changes).collect()
}
