//! Lists as tables. On a terminal, a table fits its width; elsewhere, texts are not cut. The first rows decide about the
//! widths.

use std::io::{self, Write};

use catalog_model::printable;
use textwrap::{Options, WordSplitter};

use super::{
    Each, Fit, ListError, Row,
    columns::{Column, cells},
    fit::{GAP, cut, width, widths, widths_of_all},
    sample::{self, Sample, SampledList},
};
use crate::{local_time::LocalTime, terminal::Screen};

/// Maximum width to which the cells of a column are padded if texts are not cut.
const MAX_ALIGNED: usize = 160;

/// Whether columns may be left out if the terminal is too narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The default columns: some may be left out.
    Usual,
    /// The columns of `--columns`: none is left out.
    Chosen,
}

/// A column and its width.
struct Sized {
    fit: Fit,
    width: usize,
    /// Whether longer texts are cut.
    is_limit: bool,
}

/// A table of records.
struct Table<'a> {
    output: &'a mut dyn Write,
    columns: Vec<Column>,
    choice: Choice,
    screen: Option<Screen>,
    local: &'a LocalTime,
    /// The columns with their widths, once the first rows are known. `None` for a column that is left out.
    shown: Vec<Option<Sized>>,
}

/// Writes the table. Returns the headings of the columns that were left out because the terminal is too narrow.
pub(super) fn write<R: Row>(
    output: &mut dyn Write,
    (columns, choice): (Vec<Column>, Choice),
    (screen, local): (Option<Screen>, &LocalTime),
    each: Each<'_, R>,
) -> Result<Vec<String>, ListError> {
    let mut table = Table {
        output,
        columns,
        choice,
        screen,
        local,
        shown: Vec::new(),
    };
    sample::write::<R>(&mut table, each)?;
    let shown = table.columns.iter().zip(&table.shown);
    let dropped = shown.filter(|(_, shown)| shown.is_none());
    Ok(dropped.map(|(column, _)| column.heading.clone()).collect())
}

impl<R: Row> SampledList<R> for Table<'_> {
    fn begin(&mut self, rows: &[R], _sample: Sample) -> Result<(), ListError> {
        let mut natural: Vec<_> = (self.columns.iter())
            .map(|column| (width(&column.heading), column.fit))
            .collect();
        for row in rows {
            for ((natural, _), cell) in
                natural
                    .iter_mut()
                    .zip(cells(row, &self.columns, self.local)?)
            {
                *natural = (*natural).max(width(&printable(&cell)));
            }
        }
        self.shown = self.sized::<R>(&natural);
        let headings = self.columns.iter().map(|column| column.heading.clone());
        Ok(write_line(self.output, &self.shown, headings.collect())?)
    }

    fn write(&mut self, row: R) -> Result<(), ListError> {
        let cells = cells(&row, &self.columns, self.local)?;
        Ok(write_line(self.output, &self.shown, cells)?)
    }
}

impl Table<'_> {
    /// The columns with their widths. `natural` are the widths of the longest texts.
    fn sized<R: Row>(&self, natural: &[(usize, Fit)]) -> Vec<Option<Sized>> {
        let limit = self.screen.and_then(|screen| screen.columns);
        let widths = match (limit, self.choice) {
            (None, _) => natural
                .iter()
                .map(|(natural, _)| Some((*natural).min(MAX_ALIGNED)))
                .collect(),
            (Some(limit), Choice::Usual) => widths(natural, &spare::<R>(&self.columns), limit),
            (Some(limit), Choice::Chosen) => widths_of_all(natural, limit),
        };
        let sized = |(width, (natural, fit)): (Option<usize>, &(usize, Fit))| {
            let width = width?;
            // A number that is wider than those of the first rows is not cut.
            let is_limit = limit.is_some() && (*fit != Fit::Whole || width < *natural);
            Some(Sized {
                fit: *fit,
                width,
                is_limit,
            })
        };
        widths.into_iter().zip(natural).map(sized).collect()
    }
}

/// The columns that may be left out, the first one first.
fn spare<R: Row>(columns: &[Column]) -> Vec<usize> {
    let place = |field: &&str| columns.iter().position(|column| column.field == **field);
    R::SPARE.iter().filter_map(place).collect()
}

fn write_line(
    output: &mut dyn Write,
    columns: &[Option<Sized>],
    cells: Vec<String>,
) -> io::Result<()> {
    let mut line = String::new();
    let mut indent = 0;
    let mut further = Vec::new();
    for (column, cell) in columns.iter().zip(cells) {
        let Some(Sized {
            fit,
            width: limit,
            is_limit,
        }) = column
        else {
            continue;
        };
        let mut cell = printable(&cell).into_owned();
        if *is_limit && *fit == Fit::Wrap {
            // Do not break keys at hyphens.
            let options = Options::new(*limit).word_splitter(WordSplitter::NoHyphenation);
            let wrapped = textwrap::wrap(&cell, options);
            let mut wrapped = wrapped.into_iter().map(|part| part.into_owned());
            let first = wrapped.next().unwrap_or_default();
            further = wrapped.collect();
            cell = first;
        } else if *is_limit {
            cell = cut(&cell, *limit, *fit);
        }
        if !further.is_empty() {
            indent = width(&line);
        }
        line.push_str(&cell);
        let missing = limit.saturating_sub(width(&cell));
        line.extend(std::iter::repeat_n(' ', missing + GAP));
    }
    writeln!(output, "{}", line.trim_end())?;
    for part in further {
        writeln!(output, "{:indent$}{part}", "")?;
    }
    Ok(())
}
