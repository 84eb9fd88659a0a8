//! `inventory`: what the connections have, as keys with labels, on standard output.

use catalog_model::InventoryEntry;

use super::{selection::select, signals::interrupted};
use crate::{
    arguments::{Inventory, ListFormat},
    destination::{Destination, copy_to_standard_output},
    exit::Exit,
    report::{Outcome, Report, render},
    run::Program,
    scanning::{Context, Job, read_all},
    table,
};

pub(crate) async fn run(program: &mut Program, arguments: Inventory) -> Exit {
    let selected = match select(program, &arguments.codes) {
        Ok(selected) => selected,
        Err(exit) => return exit,
    };
    let mut report = Report::begun(program, selected.problems);
    let jobs = selected.ready.into_iter().map(|ready| Job {
        ready,
        destination: Some(Destination::StandardOutput),
    });
    let context = Context::of(program, None);
    let ended = read_all::<InventoryEntry>(jobs.collect(), &context, interrupted()).await;
    report.interrupted = ended.interrupted;
    for mut scanned in ended.scanned {
        if let Some(lines) = scanned.lines {
            let output = &mut program.environment.output;
            let written = match arguments.format {
                ListFormat::Ndjson => copy_to_standard_output(lines, output),
                ListFormat::Table => table::write_inventory(lines, output),
            };
            if let Err(error) = written {
                scanned.report.outcome = Outcome::Failed(error.into());
            }
        }
        report.connections.push(scanned.report);
    }
    program.tell(&render(&report));
    report.exit()
}
