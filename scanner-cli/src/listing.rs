//! Lists as tables, NDJSON and CSV.
//!
//! A list is never in memory as a whole. Its first rows decide about the columns and their widths (`listing/sample.rs`).

use std::{
    io::{self, Write},
    mem,
};

use crate::records::Record;
use catalog_model::{is_unprintable, printable};
use serde::Serialize;
use serde_json::Value;

mod columns;
mod csv;
mod fit;
mod sample;
mod table;

pub(crate) use self::{columns::TableColumn, fit::Fit};
use self::{
    columns::{Chosen, Column},
    table::Choice,
};
use crate::{
    arguments::{CatalogFormat, Form},
    csv_cell::safe_cell,
    field_names::UnknownField,
    json_text::write_json,
    local_time::LocalTime,
    store::StoreError,
    terminal::Screen,
};

/// A record that can be shown in a table.
pub(crate) trait Row: Record {
    /// The columns of the table: the label first, the key last.
    const TABLE: &'static [TableColumn];
    /// The fields whose columns are left out if the terminal is too narrow, in this order.
    const SPARE: &'static [&'static str];
    /// Whether the record may have properties that a connector defines.
    const HAS_PROPERTIES: bool = false;

    /// The cells of the table, one for each of its columns.
    fn cells(&self) -> Vec<String>;
}

/// How a list is written.
pub(crate) struct Listing<'a> {
    pub(crate) form: &'a Form,
    /// Names of columns that are valid even if no row has such a field.
    pub(crate) fields: Vec<String>,
    /// The terminal that the list is written to, if it is one.
    pub(crate) screen: Option<Screen>,
    /// Shows times in tables.
    pub(crate) local: LocalTime,
}

/// Why a list ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the list cannot be written")]
    Write(#[from] io::Error),
    /// `--columns` names a column that does not exist.
    #[error(transparent)]
    UnknownColumn(#[from] UnknownField),
    /// The limit for the number of rows is reached.
    #[error("the limit for the number of rows is reached")]
    LimitReached,
}

/// Receives the rows of a list, one after the other.
pub(crate) type Take<'a, R> = &'a mut dyn FnMut(R) -> Result<(), ListError>;

/// Passes each row of a list to its argument. May be called several times.
pub(crate) type Each<'a, R> = &'a dyn Fn(Take<'_, R>) -> Result<(), ListError>;

impl Listing<'_> {
    /// Writes the list. Returns the headings of the columns that were left out because the terminal is too narrow.
    pub(crate) fn write<R: Row>(
        &self,
        output: &mut dyn Write,
        each: Each<'_, R>,
    ) -> Result<Vec<String>, ListError> {
        let chosen = (self.form.columns.as_deref())
            .map(|names| columns::chosen(names, &self.fields, each))
            .transpose()?;
        let mut dropped = Vec::new();
        match (self.form.format, chosen) {
            (CatalogFormat::Text, Some(chosen)) => {
                let target = (self.screen, &self.local);
                table::write(output, (chosen, Choice::Chosen), target, each)?;
            }
            (CatalogFormat::Text, None) => {
                let usual = (columns::usual::<R>(), Choice::Usual);
                dropped = table::write(output, usual, (self.screen, &self.local), each)?;
            }
            (CatalogFormat::Ndjson, chosen) => {
                write_json_lines(output, chosen.as_deref(), ("", ""), each)?;
            }
            (CatalogFormat::Json, chosen) => {
                output.write_all(b"[")?;
                write_json_lines(output, chosen.as_deref(), ("\n", ","), each)?;
                output.write_all(b"]\n")?;
            }
            (CatalogFormat::Csv, chosen) => csv::write(self, output, chosen, each)?,
        }
        output.flush()?;
        Ok(dropped)
    }

    /// A text as a cell of CSV: without control characters, and with a `'` before what a spreadsheet program would evaluate.
    /// On a terminal it is on one line.
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

/// Writes each row as a JSON object on a line of its own. `first` comes before the first object, `joint` after each but the
/// last one.
fn write_json_lines<R: Row>(
    output: &mut dyn Write,
    chosen: Option<&[Column]>,
    (first, joint): (&str, &str),
    each: Each<'_, R>,
) -> Result<(), ListError> {
    let mut line = Vec::new();
    let mut is_first = true;
    each(&mut |row| {
        line.clear();
        match is_first {
            true => line.extend(first.as_bytes()),
            false if joint.is_empty() => {}
            false => {
                line.extend(joint.as_bytes());
                line.push(b'\n');
            }
        }
        match chosen {
            Some(columns) => {
                let fields = json(&row)?;
                write_json(&mut line, &Chosen { fields, columns })?;
            }
            None => write_json(&mut line, &row)?,
        }
        if joint.is_empty() {
            line.push(b'\n');
        }
        output.write_all(&line)?;
        // If few rows are wanted, the next one may be far away.
        if mem::take(&mut is_first) {
            output.flush()?;
        }
        Ok(())
    })?;
    if !joint.is_empty() && !is_first {
        output.write_all(b"\n")?;
    }
    Ok(())
}

/// Passes the first `limit` rows of a list to `take`, or all.
pub(crate) fn first<R>(
    limit: Option<u64>,
    take: Take<'_, R>,
    each: impl FnOnce(Take<'_, R>) -> Result<(), ListError>,
) -> Result<(), ListError> {
    let Some(mut left) = limit else {
        return each(take);
    };
    let result = each(&mut |row| {
        take(row)?;
        left = left.saturating_sub(1);
        if left == 0 {
            Err(ListError::LimitReached)
        } else {
            Ok(())
        }
    });
    match result {
        Err(ListError::LimitReached) => Ok(()),
        result => result,
    }
}

/// Passes the last `limit` rows of a list to `take`, or all.
pub(crate) fn last<R>(
    limit: Option<u64>,
    take: Take<'_, R>,
    each: Each<'_, R>,
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
