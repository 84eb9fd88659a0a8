//! Changes as records.

use serde::Serialize;

use super::Record;
use crate::{
    export_line::label,
    shown_time::{instant, second},
    store::{Catalog, Change, StoreError},
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
    /// When the scan began, to the second.
    #[serde(skip)]
    pub time_second: String,
}

impl ChangeRecord {
    /// The record of a change.
    ///
    /// # Errors
    /// If the label of the item cannot be read.
    pub fn new(change: Change, catalog: &Catalog) -> Result<Self, StoreError> {
        Ok(Self {
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
