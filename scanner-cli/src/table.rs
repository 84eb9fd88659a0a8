//! Lists as aligned columns for people.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Seek, Write},
    path::Path,
};

use catalog_model::{SinkError, printable};
use serde::Deserialize;

use crate::{
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    spool::Finished,
};

#[derive(Deserialize)]
struct Row {
    key: String,
    label: String,
}

/// Writes an inventory as a table. The lines are read twice: once for the width of the keys.
pub(crate) fn write_inventory(finished: Finished, output: &mut dyn Write) -> Result<(), SinkError> {
    unless_broken_pipe(write(finished, output), Path::new(STANDARD_OUTPUT))
}

fn write(finished: Finished, output: &mut dyn Write) -> io::Result<()> {
    let mut lines = finished.lines;
    let mut width = "KEY".len();
    for_each_row(&mut lines, |row| {
        width = width.max(row.key.chars().count());
        Ok(())
    })?;
    writeln!(output, "{:width$}  LABEL", "KEY")?;
    for_each_row(&mut lines, |row| {
        let (key, label) = (printable(&row.key), printable(&row.label));
        writeln!(output, "{key:width$}  {label}")
    })?;
    output.flush()
}

fn for_each_row(lines: &mut File, mut take: impl FnMut(Row) -> io::Result<()>) -> io::Result<()> {
    lines.rewind()?;
    for line in BufReader::new(lines).lines() {
        take(serde_json::from_str(&line?)?)?;
    }
    Ok(())
}
