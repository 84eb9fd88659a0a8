//! Lists as tables. On a terminal, a table fits its width; elsewhere, texts are not cut.

use std::io::{self, Write};

use catalog_model::printable;
use textwrap::{Options, WordSplitter};

use super::{
    Each, Fit, ListError, Row,
    columns::{Column, cells},
    fit::{GAP, cut, width, widths, widths_of_all},
};
use crate::terminal::Screen;

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
struct Sized<'a> {
    column: &'a Column,
    width: usize,
    /// Whether longer texts are cut.
    is_limit: bool,
}

/// Writes the table. Returns the headings of the columns that were left out because the terminal is too narrow.
pub(super) fn write<R: Row>(
    output: &mut dyn Write,
    (columns, choice): (&[Column], Choice),
    screen: Option<Screen>,
    each: Each<'_, R>,
) -> Result<Vec<String>, ListError> {
    let mut natural: Vec<_> = (columns.iter())
        .map(|column| (width(&column.heading), column.fit))
        .collect();
    each(&mut |row| {
        for ((natural, _), cell) in natural.iter_mut().zip(cells(&row, columns)?) {
            *natural = (*natural).max(width(&printable(&cell)));
        }
        Ok(())
    })?;
    let limit = screen.and_then(|screen| screen.columns);
    let widths = match (limit, choice) {
        (None, _) => natural
            .iter()
            .map(|(natural, _)| Some((*natural).min(MAX_ALIGNED)))
            .collect(),
        (Some(limit), Choice::Usual) => widths(&natural, &spare::<R>(columns), limit),
        (Some(limit), Choice::Chosen) => widths_of_all(&natural, limit),
    };
    let sized = |(column, width): (_, Option<usize>)| {
        let is_limit = limit.is_some();
        width.map(|width| Sized {
            column,
            width,
            is_limit,
        })
    };
    let shown: Vec<_> = columns
        .iter()
        .zip(&widths)
        .map(|(column, width)| sized((column, *width)))
        .collect();
    let headings = columns.iter().map(|column| column.heading.clone());
    write_line(output, &shown, headings.collect())?;
    each(&mut |row| Ok(write_line(output, &shown, cells(&row, columns)?)?))?;
    let dropped = columns
        .iter()
        .zip(&shown)
        .filter(|(_, shown)| shown.is_none());
    Ok(dropped.map(|(column, _)| column.heading.clone()).collect())
}

/// The columns that may be left out, the first one first.
fn spare<R: Row>(columns: &[Column]) -> Vec<usize> {
    let place = |field: &&str| columns.iter().position(|column| column.field == **field);
    R::SPARE.iter().filter_map(place).collect()
}

fn write_line(
    output: &mut dyn Write,
    columns: &[Option<Sized<'_>>],
    cells: Vec<String>,
) -> io::Result<()> {
    let mut line = String::new();
    let mut indent = 0;
    let mut further = Vec::new();
    for (column, cell) in columns.iter().zip(cells) {
        let Some(Sized {
            column,
            width: limit,
            is_limit,
        }) = column
        else {
            continue;
        };
        let mut cell = printable(&cell).into_owned();
        if *is_limit && column.fit == Fit::Wrap {
            // Do not break keys at hyphens.
            let options = Options::new(*limit).word_splitter(WordSplitter::NoHyphenation);
            let wrapped = textwrap::wrap(&cell, options);
            let mut wrapped = wrapped.into_iter().map(|part| part.into_owned());
            let first = wrapped.next().unwrap_or_default();
            further = wrapped.collect();
            cell = first;
        } else if *is_limit {
            cell = cut(&cell, *limit, column.fit);
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
