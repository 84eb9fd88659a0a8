//! Items as rows, and which of them are wanted.

use catalog_model::Visualization;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{containers::owners, wanted_texts::WantedTexts};
use crate::{
    arguments::Wanted,
    export_line::{ExportLine, label},
    listing::{Fit, Row, TableColumn, instant, moment},
    store::{CatalogItem, ItemState},
};

/// An item as a row: the fields of its export line, and what the store knows besides.
#[derive(Clone)]
pub(crate) struct ItemRow {
    pub(crate) key: String,
    key_parts: Vec<String>,
    pub(crate) item: Visualization,
    pub(crate) state: ItemState,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    pub(crate) gone_since: Option<i64>,
}

impl ItemRow {
    pub(crate) fn of(found: CatalogItem<'_>) -> Self {
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

impl Serialize for ItemRow {
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

impl Row for ItemRow {
    const TABLE: &'static [TableColumn] = &[
        ("label", "LABEL", Fit::CutMiddle),
        ("state", "STATE", Fit::Whole),
        ("last_seen", "LAST SEEN", Fit::Whole),
        ("key", "KEY", Fit::CutMiddle),
    ];
    const SPARE: &'static [&'static str] = &["last_seen", "state"];
    const COLUMNS: &'static [&'static str] = &[
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

    fn cells(&self) -> Vec<String> {
        vec![
            label(&self.item.label),
            self.state.word().to_owned(),
            moment(self.last_seen),
            self.key.clone(),
        ]
    }
}

/// Which items are wanted.
pub(super) struct ItemFilter(WantedTexts);

/// The properties by which people ask for items, if a connection has them.
const APP: [&str; 2] = ["application_id", "application_name"];
const STREAM: &str = "stream";
pub(super) const OWNER: &str = "owner";

impl ItemFilter {
    pub(super) fn new(wanted: &Wanted) -> Self {
        Self(WantedTexts::new(wanted))
    }

    pub(super) fn accepts(&self, found: &CatalogItem<'_>) -> bool {
        let Self(texts) = self;
        let item = &found.item;
        let property = |name: &str| item.properties.text(name);
        let label = label(&item.label);
        let described = [
            Some(found.key.as_str()),
            Some(&*label),
            Some(&*item.name),
            item.description.as_deref(),
        ];
        texts.app.is_one_of(APP.map(property))
            && texts.stream.is_one_of([property(STREAM)])
            && texts
                .owner
                .is_one_of(owners(&item.contacts).chain([property(OWNER)]))
            && texts.search.is_in(described)
    }
}
