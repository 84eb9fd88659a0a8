//! Lists of the store for people and programs: tables, NDJSON, CSV. A list is read twice where its columns have to be
//! known before its first row, so that it is never held.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use catalog_model::printable;
use serde::Serialize;
use serde_json::Value;

use crate::{
    arguments::{CatalogFormat, Form},
    printable::write_json,
    store::StoreError,
};

/// A row of a list. As JSON it is an object.
pub(crate) trait Row: Serialize {
    /// The columns of the table.
    const HEADINGS: &'static [&'static str];
    /// The first columns as CSV; further fields follow in the order of their names.
    const COLUMNS: &'static [&'static str];

    /// The cells of the table, one for each heading.
    fn cells(&self) -> Vec<String>;
}

/// Why a list ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the list cannot be written")]
    Write(#[from] io::Error),
}

/// With these characters, full-width ones included, a cell begins that spreadsheet programs may take for a formula.
const FORMULA_SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Takes the rows of a list, one after the other.
pub(crate) type Take<'a, R> = &'a mut dyn FnMut(R) -> Result<(), ListError>;

/// Writes the list whose rows `each` gives, as often as it is asked.
pub(crate) fn write<R: Row>(
    form: &Form,
    output: &mut dyn Write,
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Result<(), ListError> {
    match form.format {
        CatalogFormat::Table => write_table(output, each),
        CatalogFormat::Ndjson => each(&mut |row| {
            write_json(output, &row)?;
            Ok(writeln!(output)?)
        }),
        CatalogFormat::Csv => write_csv(form, output, each),
    }?;
    Ok(output.flush()?)
}

fn write_table<R: Row>(
    output: &mut dyn Write,
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Result<(), ListError> {
    let mut widths: Vec<_> = R::HEADINGS
        .iter()
        .map(|name| name.chars().count())
        .collect();
    each(&mut |row| {
        for (width, cell) in widths.iter_mut().zip(row.cells()) {
            *width = (*width).max(cell.chars().count());
        }
        Ok(())
    })?;
    let headings = R::HEADINGS.iter().map(|heading| (*heading).to_owned());
    write_cells(output, &widths, headings)?;
    each(&mut |row| Ok(write_cells(output, &widths, row.cells().into_iter())?))
}

fn write_cells(
    output: &mut dyn Write,
    widths: &[usize],
    cells: impl Iterator<Item = String>,
) -> io::Result<()> {
    let mut line = String::new();
    for (cell, width) in cells.zip(widths) {
        line.push_str(&printable(&cell));
        let missing = width.saturating_sub(cell.chars().count());
        line.extend(std::iter::repeat_n(' ', missing + 2));
    }
    writeln!(output, "{}", line.trim_end())
}

fn write_csv<R: Row>(
    form: &Form,
    output: &mut dyn Write,
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Result<(), ListError> {
    let mut others = BTreeSet::new();
    each(&mut |row| {
        if let Value::Object(fields) = json(&row)? {
            others.extend(
                (fields.into_iter().map(|(name, _)| name))
                    .filter(|name| !R::COLUMNS.contains(&name.as_str())),
            );
        }
        Ok(())
    })?;
    let columns: Vec<&str> = (R::COLUMNS.iter().copied())
        .chain(others.iter().map(String::as_str))
        .collect();
    if form.bom {
        output.write_all("\u{feff}".as_bytes())?;
    }
    let mut lines = csv::Writer::from_writer(output);
    // Of csv's error its cause: a reader that has seen enough is told by its kind.
    let failed = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => ListError::Write(error),
        other => ListError::Write(io::Error::other(format!("{other:?}"))),
    };
    let headings = columns.iter().copied().map(str::to_owned);
    let headings = headings.map(|heading| cell(heading, form));
    lines.write_record(headings).map_err(failed)?;
    each(&mut |row| {
        let row = json(&row)?;
        let fields = columns.iter().map(|column| match &row[*column] {
            number @ Value::Number(_) => text(number),
            value => cell(text(value), form),
        });
        lines.write_record(fields).map_err(failed)
    })?;
    Ok(lines.flush()?)
}

/// A text as a cell of CSV: without control characters, which are not part of that format, and with a `'` before what a
/// spreadsheet program would compute.
fn cell(text: String, form: &Form) -> String {
    if form.csv_raw {
        return text;
    }
    let is_control = |char: char| char.is_control() && !matches!(char, '\t' | '\n' | '\r');
    let mut text = match text.contains(is_control) {
        true => text.replace(is_control, "\u{fffd}"),
        false => text,
    };
    if text.starts_with(FORMULA_SIGNS) {
        text.insert(0, '\'');
    }
    text
}

fn json(row: &impl Serialize) -> Result<Value, ListError> {
    Ok(serde_json::to_value(row).map_err(io::Error::from)?)
}

/// A value in one cell: of a list its elements, of a contact its address.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => fields.get("email").map(text).unwrap_or_default(),
        scalar => scalar.to_string(),
    }
}

/// A time in milliseconds as the export writes times.
pub(crate) fn instant(millis: i64) -> String {
    catalog_model::Instant::from_unix_millis(millis)
        .map_or_else(|_| millis.to_string(), |instant| instant.to_string())
}

/// The same for people, to the second.
pub(crate) fn moment(millis: i64) -> String {
    let written = instant(millis);
    match written.split_once('.') {
        Some((second, _)) => format!("{second}Z"),
        None => written,
    }
}
