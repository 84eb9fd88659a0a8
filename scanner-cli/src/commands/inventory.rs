//! `inventory`: lists the labels and keys of the sheets of the connections on standard output.

use std::{
    cell::RefCell,
    io::{self, BufRead, BufReader, Seek, Write},
    path::Path,
    pin::pin,
};

use crate::records::Record;
use catalog_model::{InventoryEntry, SinkError};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{print::print, selection::select, signals::interrupted};
use crate::{
    arguments::{CatalogFormat, Form, Inventory},
    destination::{Destination, STANDARD_OUTPUT, copy_to_standard_output, unless_broken_pipe},
    exit::Exit,
    field_names::find_field,
    listing::{Fit, ListError, Listing, Row, TableColumn, Take},
    local_time::LocalTime,
    program::Program,
    report::exit,
    scanning::{Job, run_all},
    spool::{Finished, cannot_spool},
    terminal::Screen,
};

pub(crate) async fn run(program: &mut Program, arguments: Inventory) -> Exit {
    let form = arguments.form;
    if let Some(message) = form.contradiction() {
        return program.report_usage(message);
    }
    if form.format == CatalogFormat::Json {
        let message = "`inventory` lists each connection by itself: use `--format ndjson`";
        return program.report_usage(message);
    }
    // Before any request to the site.
    if let Err(error) = check_columns(&form) {
        return program.report_usage(&error.to_string());
    }
    let mut selected = match select(program, &arguments.codes) {
        Ok(selected) => selected,
        Err(exit) => return exit,
    };
    let mut report = program.begin_report(selected.take_problems());
    let jobs = selected.ready.into_iter();
    let jobs = jobs.map(|ready| Job::new(ready, Some(Destination::StandardOutput)));
    let context = program.scan_context(None);
    let mut interrupted = pin!(interrupted(program));
    let ended = run_all::<InventoryEntry>(jobs.collect(), &context, &mut interrupted).await;
    let screen = program.environment.screen;
    let write = move |finished, output: &mut dyn Write| match (form.format, &form.columns) {
        (CatalogFormat::Ndjson, None) => copy_to_standard_output(finished, output),
        _ => write(&form, screen, finished, output),
    };
    print(program, &mut report, ended, &mut interrupted, write).await;
    program.report_scans(&report);
    exit(&report)
}

/// A line of an inventory.
#[derive(Deserialize, Serialize)]
struct InventoryRow {
    key: String,
    label: String,
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    catalog: Option<String>,
}

impl Record for InventoryRow {
    const FIELDS: &'static [&'static str] = &["key", "label", "id", "catalog"];
}

impl Row for InventoryRow {
    const TABLE: &'static [TableColumn] = &[
        ("label", "LABEL", Fit::CutMiddle),
        ("key", "KEY", Fit::CutMiddle),
    ];
    const SPARE: &'static [&'static str] = &[];

    fn cells(&self) -> Vec<String> {
        vec![self.label.clone(), self.key.clone()]
    }
}

fn check_columns(form: &Form) -> Result<(), ListError> {
    let known: Vec<_> = InventoryRow::FIELDS
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let mut names = form.columns.iter().flatten();
    names.try_for_each(|name| Ok(find_field(name, &known).map(drop)?))
}

/// Writes an inventory. Its lines are read once or several times.
fn write(
    form: &Form,
    screen: Option<Screen>,
    finished: Finished,
    output: &mut dyn Write,
) -> Result<(), SinkError> {
    let lines = RefCell::new(finished.lines);
    let each = |take: Take<'_, InventoryRow>| {
        let mut lines = lines.borrow_mut();
        lines.rewind()?;
        for line in BufReader::new(&mut *lines).lines() {
            take(serde_json::from_str(&line?).map_err(io::Error::from)?)?;
        }
        Ok(())
    };
    let listing = Listing {
        form,
        fields: Vec::new(),
        screen,
        // An inventory has no times.
        local: LocalTime(TimeZone::UTC),
    };
    match listing.write(output, &each) {
        Ok(_) => Ok(()),
        Err(ListError::Write(error)) => unless_broken_pipe(Err(error), Path::new(STANDARD_OUTPUT)),
        Err(error) => Err(cannot_spool(io::Error::other(error))),
    }
}
