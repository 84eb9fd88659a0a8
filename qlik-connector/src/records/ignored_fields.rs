//! Counts fields with an unexpected type. Only the field is ignored, not the record.

use std::collections::BTreeMap;

use catalog_model::{Diagnostic, counted};

use crate::records::Identified;

/// Maximum number of fields that are counted separately. Records have fewer, but a site with a bug may send more.
const MAX_FIELDS: usize = 50;

/// The ignored fields of one list, by their paths.
#[derive(Debug, Default)]
pub(crate) struct IgnoredFieldCounts(BTreeMap<String, IgnoredField>);

/// A field that was ignored in some records.
#[derive(Debug)]
struct IgnoredField {
    records: u64,
    /// The type of the first value, and its record.
    first: String,
}

impl IgnoredFieldCounts {
    /// Counts the ignored fields of a record.
    pub(crate) fn add(&mut self, record: &impl Identified) {
        for (path, found) in record.odd().iter() {
            let path = format!("{path:.60}");
            if self.0.len() >= MAX_FIELDS && !self.0.contains_key(&path) {
                return;
            }
            let odd = self.0.entry(path).or_insert_with(|| {
                let id = record.identity();
                let id = id.as_deref().unwrap_or("without an id");
                IgnoredField {
                    records: 0,
                    first: format!("{found:.20} in the record {id:.100}"),
                }
            });
            odd.records += 1;
        }
    }

    /// Returns a warning for each field.
    pub(crate) fn warnings(&self, list: &str) -> impl Iterator<Item = Diagnostic> {
        let one = list.strip_suffix('s').unwrap_or(list);
        self.0.iter().map(move |(path, IgnoredField { records, first })| Diagnostic::warning(format!(
                "the field `{path}` of {} has an unexpected type and was ignored; first: {first}",
                counted(*records, one)
            ), None))
    }
}
