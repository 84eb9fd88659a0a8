//! The columns of a list: its own, or those that `--columns` names.

use std::collections::BTreeSet;

use catalog_model::nearest;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Fit, ListError, Row, Take, json, text};

/// A column of a table: the field that it shows, its heading, and what happens to texts that are too wide.
pub(crate) type TableColumn = (&'static str, &'static str, Fit);

/// A column of a list.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) field: String,
    pub(super) heading: String,
    pub(super) fit: Fit,
    /// Which of the row's own cells it shows; else the field as it is.
    own: Option<usize>,
}

/// The columns of the table where nothing was chosen.
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

/// The columns with these names. A name is that of a field or a heading of the table.
///
/// # Errors
/// If no row has such a field, and no item could have it.
pub(super) fn chosen<R: Row>(
    names: &[String],
    more: &[String],
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Result<Vec<Column>, ListError> {
    let usual = usual::<R>();
    let mut known: Vec<_> = R::COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    let find = |name: &String, known: &[String]| {
        let plain = normalized(name);
        let own = usual.iter().find(|column| {
            normalized(&column.field) == plain || normalized(&column.heading) == plain
        });
        let other = || {
            let field = known.iter().find(|field| normalized(field) == plain)?;
            Some(Column {
                field: field.clone(),
                heading: field.replace('_', " ").to_uppercase(),
                fit: Fit::CutEnd,
                own: None,
            })
        };
        own.cloned().or_else(other)
    };
    // Only other fields are worth reading the whole list for.
    if names.iter().any(|name| find(name, &known).is_none()) {
        known.extend(others(each)?);
        known.extend_from_slice(more);
    }
    let columns = names.iter().map(|name| {
        find(name, &known).ok_or_else(|| ListError::UnknownColumn(unknown(name, &known)))
    });
    columns.collect()
}

/// The field that a name of a column means.
///
/// # Errors
/// If it is not one of those that are known.
pub(crate) fn find_field<'a>(name: &str, known: &'a [String]) -> Result<&'a str, ListError> {
    let found = known
        .iter()
        .find(|field| normalized(field) == normalized(name));
    let found = found.map(String::as_str);
    found.ok_or_else(|| ListError::UnknownColumn(unknown(name, known)))
}

/// The name in the form in which names are compared. A name of an earlier version means its successor.
fn normalized(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    match lower.replace([' ', '_', '-'], "") {
        former if former == "filtered" => "excluded".to_owned(),
        name => name,
    }
}

fn unknown(name: &str, known: &[String]) -> String {
    let near = nearest(name, known.iter().map(String::as_str));
    let near = near
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    let known: BTreeSet<_> = known.iter().map(String::as_str).collect();
    let known = Vec::from_iter(known).join(", ");
    format!("there is no column `{name}`{near}; there are: {known}")
}

/// The fields of the rows that are not among the usual ones.
pub(super) fn others<R: Row>(
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Result<BTreeSet<String>, ListError> {
    let mut others = BTreeSet::new();
    each(&mut |row| {
        if let Value::Object(fields) = json(&row)? {
            let names = fields.into_iter().map(|(name, _)| name);
            others.extend(names.filter(|name| !R::COLUMNS.contains(&name.as_str())));
        }
        Ok(())
    })?;
    Ok(others)
}

/// The cells of a row.
pub(super) fn cells<R: Row>(row: &R, columns: &[Column]) -> Result<Vec<String>, ListError> {
    let own = row.cells();
    let fields = match columns.iter().all(|column| column.own.is_some()) {
        true => Value::Null,
        false => json(row)?,
    };
    let cell = |column: &Column| match column.own.and_then(|index| own.get(index)) {
        Some(cell) => cell.clone(),
        None => text(&fields[&column.field]),
    };
    Ok(columns.iter().map(cell).collect())
}

/// The chosen fields of a row, in the order of the columns. What a row does not have is left out.
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
