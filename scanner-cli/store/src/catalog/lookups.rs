//! What readers ask of the store about single items and their changes.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, params};

use super::{super::sighting, Catalog, CatalogItem, OF_SOURCE, StoredItem, texts};
use crate::StoreError;

/// From where on changes are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangesFrom {
    /// Those of this scan and later ones.
    Scan(i64),
    /// From this time on, in milliseconds since 1970.
    Time(i64),
}

/// Items by their numbers in the store.
pub struct ItemSet(HashSet<i64>);

impl ItemSet {
    /// Whether the item is one of them.
    pub fn has(&self, item: &CatalogItem<'_>) -> bool {
        self.0.contains(&item.id)
    }
}

impl Catalog {
    /// The items that have changed, as far back as the store keeps changes. Takes some ten bytes for each.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changed_items(&self, from: ChangesFrom) -> Result<ItemSet, StoreError> {
        let (column, value) = match from {
            ChangesFrom::Scan(scan) => ("scan", scan),
            ChangesFrom::Time(time) => ("time", time),
        };
        let sql = format!("SELECT DISTINCT item FROM change WHERE {column} >= ?1 {OF_SOURCE}");
        let mut changed = self.prepare(&sql)?;
        let items = self.read(|_| changed.query_map([value], |row| row.get(0))?.collect());
        items.map(ItemSet)
    }

    /// The parts of the label that the item with this key has now, or had last.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn label(&self, key: &str) -> Result<Vec<String>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached(
                "SELECT content, texts FROM content JOIN item ON item.id = content.item \
                 WHERE key_hash = ?1 AND key = ?2",
            )?;
            let label = found.query_row(params![sighting::hash(key), key], |row| {
                let mut item =
                    StoredItem::read(row.get_ref(0)?.as_str()?, None).map_err(|error| {
                        let text = rusqlite::types::Type::Text;
                        rusqlite::Error::FromSqlConversionFailure(0, text, error.into())
                    })?;
                texts::load(&self.db, &mut item, row.get_ref(1)?.as_str_or_null()?)?;
                Ok(item
                    .label
                    .into_iter()
                    .map(|part| part.into_owned())
                    .collect())
            });
            Ok(label.optional()?.unwrap_or_default())
        })
    }
}
