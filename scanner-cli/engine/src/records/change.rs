//! Changes as records.

use serde::Serialize;

use super::Record;
use crate::{
    export_line::label,
    shown_time::{instant, second},
    store::{Catalog, Change, ChangedValue, StoreError},
};

/// A change of an item.
#[derive(Serialize)]
pub struct ChangeRecord {
    /// Unlike `seq`, different in every store.
    id: String,
    seq: i64,
    time: String,
    /// The number of the scan that found the change.
    pub scan: i64,
    connection: String,
    /// What happened.
    pub change: &'static str,
    /// The key of the item.
    pub key: String,
    /// The label that the item has now. The last label of an item that is gone.
    pub label: String,
    /// The fields that changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Their values before and afterwards, as text. Not set for changes that an earlier version recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<ValueRecord>,
    /// When the scan began, to the second.
    #[serde(skip)]
    pub time_second: String,
}

/// The values of a field that changed.
#[derive(Serialize)]
struct ValueRecord {
    field: String,
    /// `null` if the item had no value.
    old: Option<String>,
    new: Option<String>,
}

impl From<ChangedValue> for ValueRecord {
    fn from(ChangedValue { field, old, new }: ChangedValue) -> Self {
        Self { field, old, new }
    }
}

impl ChangeRecord {
    /// The record of a change.
    ///
    /// # Errors
    /// If the label of the item or the values cannot be read.
    pub fn new(change: Change, catalog: &Catalog) -> Result<Self, StoreError> {
        Ok(Self {
            values: (catalog.changed_values(change.seq)?.into_iter())
                .map(ValueRecord::from)
                .collect(),
            label: label(&catalog.label(&change.key)?),
            id: catalog.global_id(change.seq),
            seq: change.seq,
            time: instant(change.time),
            time_second: second(change.time),
            scan: change.scan,
            connection: change.connection,
            change: change.kind.word(),
            key: change.key,
            fields: change.fields,
        })
    }
}

impl Record for ChangeRecord {
    const FIELDS: &'static [&'static str] = &[
        "seq",
        "time",
        "scan",
        "connection",
        "change",
        "key",
        "fields",
        "id",
        "label",
    ];
}
