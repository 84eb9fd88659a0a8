//! Items as rows, and which of them are wanted.

use catalog_model::{Contacts, Visualization};
use serde::{Serialize, Serializer, ser::SerializeMap};

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

/// Which items are wanted. Texts are compared whatever their case.
pub(super) struct Filter {
    app: Option<String>,
    stream: Option<String>,
    owner: Option<String>,
    search: Option<String>,
}

/// The properties by which people ask for items, if a connection has them.
const APP: [&str; 2] = ["application_id", "application_name"];
const STREAM: [&str; 1] = ["stream"];
pub(super) const OWNER: &str = "owner";

impl Filter {
    pub(super) fn of(wanted: &Wanted) -> Self {
        let lower = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
        Self {
            app: lower(&wanted.app),
            stream: lower(&wanted.stream),
            owner: lower(&wanted.owner),
            search: lower(&wanted.search),
        }
    }

    pub(super) fn accepts(&self, found: &CatalogItem<'_>) -> bool {
        let is = |wanted: &Option<String>, properties: &[&str]| {
            wanted.as_ref().is_none_or(|wanted| {
                let mut texts = properties
                    .iter()
                    .filter_map(|name| found.item.properties.text(name));
                texts.any(|text| text.to_lowercase() == *wanted)
            })
        };
        is(&self.app, &APP)
            && is(&self.stream, &STREAM)
            && (is(&self.owner, &[OWNER]) || self.is_contact(&found.item))
            && self
                .search
                .as_ref()
                .is_none_or(|text| contains(found, text))
    }

    fn is_contact(&self, item: &Visualization) -> bool {
        let Contacts::Known(contacts) = &item.contacts else {
            return false;
        };
        let texts = contacts
            .iter()
            .flat_map(|contact| [&contact.email, &contact.name]);
        let mut texts = texts.flatten();
        texts.any(|text| Some(text.to_lowercase()) == self.owner)
    }
}

fn contains(found: &CatalogItem<'_>, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    has(&found.key)
        || has(&label(&found.item.label))
        || has(&found.item.name)
        || found.item.description.as_deref().is_some_and(has)
}
