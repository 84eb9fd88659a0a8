//! Lists of the store for people and programs: tables, NDJSON, CSV. A list is read twice where its columns have to be
//! known before its first row, so that it is never held.

use std::io::{self, Write};

use catalog_model::{is_unprintable, printable};
use serde::Serialize;
use serde_json::Value;

mod columns;
mod fit;
mod table;

use self::{
    columns::{Chosen, Column},
    table::Choice,
};
pub(crate) use self::{
    columns::{TableColumn, find_field},
    fit::Fit,
};
use crate::{
    arguments::{CatalogFormat, Form},
    json_text::write_json,
    store::StoreError,
    terminal::Screen,
};

/// A row of a list. As JSON it is an object.
pub(crate) trait Row: Serialize {
    /// The columns of the table: the label first, the key last.
    const TABLE: &'static [TableColumn];
    /// The fields whose columns are left out where the terminal is too narrow, in this order.
    const SPARE: &'static [&'static str];
    /// The first columns as CSV; further fields follow in the order of their names.
    const COLUMNS: &'static [&'static str];

    /// The cells of the table, one for each of its columns.
    fn cells(&self) -> Vec<String>;
}

/// How a list is written.
pub(crate) struct Listing<'a> {
    pub(crate) form: &'a Form,
    /// Names of fields that rows may have, though none of these may.
    pub(crate) fields: Vec<String>,
    /// The terminal that the list has to fit, if it goes to one.
    pub(crate) screen: Option<Screen>,
}

/// Why a list ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the list cannot be written")]
    Write(#[from] io::Error),
    /// No field has the name of a column that was chosen.
    #[error("{0}")]
    UnknownColumn(String),
    /// No more rows are wanted.
    #[error("there are more rows than are wanted")]
    Enough,
}

/// With these characters, full-width ones included, a cell begins that spreadsheet programs may take for a formula.
const FORMULA_SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Takes the rows of a list, one after the other.
pub(crate) type Take<'a, R> = &'a mut dyn FnMut(R) -> Result<(), ListError>;

impl Listing<'_> {
    /// Writes the list whose rows `each` gives, as often as it is asked. Returns the headings of the table's columns for
    /// which the terminal is too narrow.
    pub(crate) fn write<R: Row>(
        &self,
        output: &mut dyn Write,
        each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
    ) -> Result<Vec<String>, ListError> {
        let chosen = (self.form.columns.as_deref())
            .map(|names| columns::chosen(names, &self.fields, each))
            .transpose()?;
        let mut dropped = Vec::new();
        match (self.form.format, chosen) {
            (CatalogFormat::Table, Some(chosen)) => {
                table::write(output, (&chosen, Choice::Chosen), self.screen, each)?;
            }
            (CatalogFormat::Table, None) => {
                let usual = columns::usual::<R>();
                dropped = table::write(output, (&usual, Choice::Usual), self.screen, each)?;
            }
            (CatalogFormat::Ndjson, chosen) => write_ndjson(output, chosen.as_deref(), each)?,
            (CatalogFormat::Csv, chosen) => write_csv(self, output, chosen, each)?,
        }
        output.flush()?;
        Ok(dropped)
    }

    /// A text as a cell of CSV: without control characters, which are not part of that format, and with a `'` before what
    /// a spreadsheet program would compute. On a terminal it is on one line.
    fn cell(&self, text: String) -> String {
        let mut cell = match self.form.csv_raw {
            true => text,
            false => safe_cell(text),
        };
        if self.screen.is_some() && cell.contains(is_unprintable) {
            cell = printable(&cell).into_owned();
        }
        cell
    }
}

fn safe_cell(text: String) -> String {
    let is_control = |char: char| char.is_control() && !matches!(char, '\t' | '\n' | '\r');
    let mut cell = match text.contains(is_control) {
        true => text.replace(is_control, "\u{fffd}"),
        false => text,
    };
    if cell.starts_with(FORMULA_SIGNS) {
        cell.insert(0, '\'');
    }
    cell
}

fn write_ndjson<R: Row>(
    output: &mut dyn Write,
    chosen: Option<&[Column]>,
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Result<(), ListError> {
    each(&mut |row| {
        match chosen {
            Some(columns) => {
                let fields = json(&row)?;
                write_json(output, &Chosen { fields, columns })?;
            }
            None => write_json(output, &row)?,
        }
        Ok(writeln!(output)?)
    })
}

fn write_csv<R: Row>(
    listing: &Listing<'_>,
    output: &mut dyn Write,
    chosen: Option<Vec<Column>>,
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Result<(), ListError> {
    let columns: Vec<_> = match chosen {
        Some(chosen) => chosen.into_iter().map(|column| column.field).collect(),
        None => {
            let usual = R::COLUMNS.iter().map(|name| (*name).to_owned());
            usual.chain(columns::others(each)?).collect()
        }
    };
    if listing.form.bom {
        output.write_all("\u{feff}".as_bytes())?;
    }
    let mut lines = csv::Writer::from_writer(output);
    // Of csv's error its cause: a reader that has seen enough is told by its kind.
    let failed = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => ListError::Write(error),
        other => ListError::Write(io::Error::other(format!("{other:?}"))),
    };
    let headings = columns.iter().map(|heading| listing.cell(heading.clone()));
    lines.write_record(headings).map_err(failed)?;
    each(&mut |row| {
        let row = json(&row)?;
        let fields = columns.iter().map(|column| match &row[column] {
            number @ Value::Number(_) => text(number),
            value => listing.cell(text(value)),
        });
        lines.write_record(fields).map_err(failed)
    })?;
    Ok(lines.flush()?)
}

/// Gives the first `limit` rows of a list, or all.
pub(crate) fn first<R>(
    limit: Option<u64>,
    take: Take<'_, R>,
    each: impl FnOnce(Take<'_, R>) -> Result<(), ListError>,
) -> Result<(), ListError> {
    let Some(mut left) = limit else {
        return each(take);
    };
    let given = each(&mut |row| {
        take(row)?;
        left = left.saturating_sub(1);
        if left == 0 {
            Err(ListError::Enough)
        } else {
            Ok(())
        }
    });
    match given {
        Err(ListError::Enough) => Ok(()),
        given => given,
    }
}

/// Gives the last `limit` rows of a list, or all.
pub(crate) fn last<R>(
    limit: Option<u64>,
    take: Take<'_, R>,
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Result<(), ListError> {
    let Some(limit) = limit else {
        return each(take);
    };
    let mut count = 0_u64;
    each(&mut |_| {
        count += 1;
        Ok(())
    })?;
    let mut skipped = count.saturating_sub(limit);
    each(&mut |row| {
        if skipped > 0 {
            skipped -= 1;
            return Ok(());
        }
        take(row)
    })
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
