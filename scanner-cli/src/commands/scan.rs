//! `scan`: every sheet of the connections becomes an item of the export.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use catalog_model::Visualization;

use super::{selection::select, signals::interrupted};
use crate::{
    arguments::Scan,
    destination::{Destination, copy_to_standard_output},
    exit::Exit,
    home::shown,
    problem::Problem,
    report::{Outcome, Report, render, write_json},
    run::Program,
    scanning::{Context, Job, read_all},
};

pub(crate) async fn run(program: &mut Program, arguments: Scan) -> Exit {
    if arguments.report.as_deref() == Some(Path::new("-")) {
        return program.tell_usage("`--report` takes a file: standard output is for items alone");
    }
    let selected = match select(program, &arguments.codes) {
        Ok(selected) => selected,
        Err(exit) => return exit,
    };
    if arguments.output.is_some() && selected.ready.len() > 1 {
        let codes: Vec<_> = selected
            .ready
            .iter()
            .map(|ready| ready.code.as_str())
            .collect();
        let codes = codes.join(", ");
        return program.tell_usage(&format!(
            "`--output` takes the items of one connection: name one of {codes}"
        ));
    }
    let mut report = Report {
        started: (program.environment.clock)(),
        connections: Vec::new(),
        problems: selected.problems,
    };
    let jobs = selected.ready.into_iter().map(|ready| Job {
        destination: match &arguments.output {
            Some(path) => Destination::of(path),
            None => Destination::export(program.home.export(&ready.code)),
        },
        ready,
    });
    let context = Context::of(program);
    let Some(scanned) = read_all::<Visualization>(jobs.collect(), &context, interrupted()).await
    else {
        program.tell("interrupted: nothing was written of scans that had not ended\n");
        return Exit::Interrupted;
    };
    for mut scanned in scanned {
        if let Some(lines) = scanned.lines
            && let Err(error) = copy_to_standard_output(lines, &mut program.environment.output)
        {
            scanned.report.outcome = Outcome::Failed(error.into());
        }
        report.connections.push(scanned.report);
    }
    finish(program, &report, arguments.report)
}

/// Tells the report, and writes it where it was asked for.
fn finish(program: &mut Program, report: &Report, file: Option<PathBuf>) -> Exit {
    let text = render(report, program.colors());
    program.tell(&text);
    if let Some(path) = file
        && let Err(error) = write_report(report, &path)
    {
        let message = format!(
            "the report cannot be written to `{}`: {error}",
            shown(&path)
        );
        program.tell_problem(&Problem::general(message, None));
        return Exit::Failed;
    }
    report.exit()
}

fn write_report(report: &Report, path: &Path) -> io::Result<()> {
    let mut file = io::BufWriter::new(fs::File::create(path)?);
    write_json(report, &mut file)?;
    io::Write::flush(&mut file)
}
