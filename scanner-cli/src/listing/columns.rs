//! The columns of a list: its own, or those that `--columns` names.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Each, Fit, ListError, Row, json};
use crate::{
    csv_cell::cell_text,
    field_names::{UnknownField, find_field, is_same_field},
    local_time::LocalTime,
};

/// A column of a table: the field that it shows, its heading, and what happens to texts that are too wide.
pub(crate) type TableColumn = (&'static str, &'static str, Fit);

/// A column of a list.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) field: String,
    pub(super) heading: String,
    pub(super) fit: Fit,
    /// The number of the cell of [`Row::cells`] that it shows. If not set, it shows the field.
    own: Option<usize>,
}

/// The columns of the table if `--columns` is not set.
pub(super) fn usual<R: Row>() -> Vec<Column> {
    let usual = R::TABLE.iter().enumerate();
    usual
        .map(|(index, (field, heading, fit))| Column {
            field: (*field).to_owned(),
            heading: (*heading).to_owned(),
            fit: *fit,
            own: Some(index),
        })
        .collect()
}

/// The columns with these names: names of fields, or headings of the table. The names in `more` are valid, too.
///
/// # Errors
/// If no row has such a field, and it is not one of `more`.
pub(super) fn chosen<R: Row>(
    names: &[String],
    more: &[String],
    each: Each<'_, R>,
) -> Result<Vec<Column>, ListError> {
    let usual = usual::<R>();
    let mut known: Vec<_> = R::FIELDS.iter().map(|name| (*name).to_owned()).collect();
    let find = |name: &String, known: &[String]| {
        let own = usual.iter().find(|column| {
            is_same_field(&column.field, name) || is_same_field(&column.heading, name)
        });
        let other = || {
            let field = find_field(name, known)?;
            Ok(Column {
                field: field.to_owned(),
                heading: field.replace('_', " ").to_uppercase(),
                fit: Fit::CutEnd,
                own: None,
            })
        };
        own.cloned().map_or_else(other, Ok)
    };
    let is_unknown = |known: &[String]| names.iter().any(|name| find(name, known).is_err());
    if is_unknown(&known) {
        known.extend_from_slice(more);
    }
    // The whole list is read only if a name is not among the fields that records usually have.
    if is_unknown(&known) {
        let mut others = BTreeSet::new();
        each(&mut |row| self::others(&row, &mut others))?;
        known.extend(others);
    }
    let columns = names.iter().map(|name| find(name, &known));
    Ok(columns.collect::<Result<_, UnknownField>>()?)
}

/// Adds the fields of a row that are not in [`Record::FIELDS`](crate::records::Record::FIELDS).
pub(super) fn others<R: Row>(row: &R, others: &mut BTreeSet<String>) -> Result<(), ListError> {
    if let Value::Object(fields) = json(row)? {
        let names = fields.into_iter().map(|(name, _)| name);
        others.extend(names.filter(|name| !R::FIELDS.contains(&name.as_str())));
    }
    Ok(())
}

/// The cells of a row, with times in the local zone.
pub(super) fn cells<R: Row>(
    row: &R,
    columns: &[Column],
    local: &LocalTime,
) -> Result<Vec<String>, ListError> {
    let own = row.cells();
    let fields = match columns.iter().all(|column| column.own.is_some()) {
        true => Value::Null,
        false => json(row)?,
    };
    let cell = |column: &Column| {
        let cell = match column.own.and_then(|index| own.get(index)) {
            Some(cell) => cell.clone(),
            None => cell_text(&fields[&column.field]),
        };
        match column.fit {
            // A label or a key is never a time.
            Fit::CutMiddle => cell,
            _ => local.of(&cell).into_owned(),
        }
    };
    Ok(columns.iter().map(cell).collect())
}

/// The chosen fields of a row, in the order of the columns. Fields that the row does not have are left out.
pub(super) struct Chosen<'a> {
    pub(super) fields: Value,
    pub(super) columns: &'a [Column],
}

impl Serialize for Chosen<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.columns.iter().map(|column| &column.field);
        serializer.collect_map(fields.filter_map(|field| Some((field, self.fields.get(field)?))))
    }
}
