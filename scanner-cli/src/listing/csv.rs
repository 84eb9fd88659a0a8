//! Lists as CSV. Each field of the rows is a column.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use serde_json::Value;

use super::{
    Each, ListError, Listing, Row,
    columns::{Column, others},
    json,
    sample::{self, Sample, SampledList},
};
use crate::csv_cell::cell_text;

/// Writes the list. Without chosen columns, they are the usual fields and those of the first rows. If there are more rows,
/// they are all fields that the records may have.
pub(super) fn write<R: Row>(
    listing: &Listing<'_>,
    output: &mut dyn Write,
    chosen: Option<Vec<Column>>,
    each: Each<'_, R>,
) -> Result<(), ListError> {
    let chosen = chosen.map(|columns| columns.into_iter().map(|column| column.field).collect());
    if listing.form.bom {
        output.write_all("\u{feff}".as_bytes())?;
    }
    let mut list = CsvList {
        listing,
        columns: chosen,
        lines: csv::Writer::from_writer(output),
    };
    sample::write::<R>(&mut list, each)?;
    Ok(list.lines.flush()?)
}

struct CsvList<'a> {
    listing: &'a Listing<'a>,
    /// Not set until the first rows are known.
    columns: Option<Vec<String>>,
    lines: csv::Writer<&'a mut dyn Write>,
}

impl<R: Row> SampledList<R> for CsvList<'_> {
    fn begin(&mut self, rows: &[R], sample: Sample) -> Result<(), ListError> {
        let columns = match self.columns.take() {
            Some(chosen) => chosen,
            None => {
                let mut more = BTreeSet::new();
                rows.iter().try_for_each(|row| others(row, &mut more))?;
                if sample == Sample::Beginning {
                    more.extend(self.listing.fields.iter().cloned());
                }
                let usual = R::FIELDS.iter().map(|name| (*name).to_owned());
                usual.chain(more).collect()
            }
        };
        let headings = columns
            .iter()
            .map(|heading| self.listing.cell(heading.clone()));
        self.lines.write_record(headings).map_err(failed)?;
        self.columns = Some(columns);
        Ok(())
    }

    fn write(&mut self, row: R) -> Result<(), ListError> {
        let row = json(&row)?;
        let columns = self.columns.iter().flatten();
        let fields = columns.map(|column| match &row[column] {
            number @ Value::Number(_) => cell_text(number),
            value => self.listing.cell(cell_text(value)),
        });
        self.lines.write_record(fields).map_err(failed)
    }
}

/// The kind of the inner error shows whether the reader has closed the pipe.
fn failed(error: csv::Error) -> ListError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => ListError::Write(error),
        other => ListError::Write(io::Error::other(format!("{other:?}"))),
    }
}
