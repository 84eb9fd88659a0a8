//! `inventory`: what the connections have, as keys with labels, on standard output.

use std::pin::pin;

use catalog_model::InventoryEntry;

use super::{print::print, selection::select, signals::interrupted};
use crate::{
    arguments::{Inventory, ListFormat},
    destination::{Destination, copy_to_standard_output},
    exit::Exit,
    report::Report,
    run::Program,
    scanning::{Context, Job, read_all},
    table,
};

pub(crate) async fn run(program: &mut Program, arguments: Inventory) -> Exit {
    let mut selected = match select(program, &arguments.codes) {
        Ok(selected) => selected,
        Err(exit) => return exit,
    };
    let mut report = Report::begun(program, selected.take_problems());
    let jobs = selected.ready.into_iter();
    let jobs = jobs.map(|ready| Job::new(ready, Some(Destination::StandardOutput)));
    let context = Context::of(program, None);
    let mut interrupted = pin!(interrupted(program));
    let ended = read_all::<InventoryEntry>(jobs.collect(), &context, &mut interrupted).await;
    let write = match arguments.format {
        ListFormat::Ndjson => copy_to_standard_output,
        ListFormat::Table => table::write_inventory,
    };
    print(program, &mut report, ended, &mut interrupted, write).await;
    program.tell_report(&report);
    report.exit()
}
