//! Items as records.

use catalog_model::Visualization;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::Record;
use crate::{
    export_line::ExportLine,
    shown_time::instant,
    store::{CatalogItem, ItemState},
};

/// An item: the fields of its export line, and what the store has in addition.
#[derive(Clone)]
pub struct ItemRecord {
    /// The key.
    pub key: String,
    key_parts: Vec<String>,
    /// The item itself.
    pub item: Visualization,
    /// Whether it is present.
    pub state: ItemState,
    first_seen: i64,
    /// When the last scan that saw it began, in milliseconds since 1970.
    pub last_seen: i64,
    gone_since: Option<i64>,
}

impl From<CatalogItem<'_>> for ItemRecord {
    fn from(found: CatalogItem<'_>) -> Self {
        Self {
            key: found.key,
            key_parts: found.connection.key_parts.clone(),
            item: found.item,
            state: found.state,
            first_seen: found.first_seen,
            last_seen: found.last_seen,
            gone_since: found.gone_since,
        }
    }
}

impl Serialize for ItemRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        let export = ExportLine {
            item: &self.item,
            parts: &self.key_parts,
        };
        export.serialize_into(&mut line)?;
        line.serialize_entry("state", self.state.word())?;
        line.serialize_entry("first_seen", &instant(self.first_seen))?;
        line.serialize_entry("last_seen", &instant(self.last_seen))?;
        if let Some(gone) = self.gone_since {
            line.serialize_entry("gone_since", &instant(gone))?;
        }
        line.end()
    }
}

impl Record for ItemRecord {
    const FIELDS: &'static [&'static str] = &[
        "key",
        "state",
        "first_seen",
        "last_seen",
        "gone_since",
        "id",
        "type",
        "label",
        "name",
        "description",
        "contacts",
    ];
}
