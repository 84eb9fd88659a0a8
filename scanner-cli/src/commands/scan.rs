//! `scan`: every sheet of the connections becomes an item of the export.

use std::{path::Path, pin::pin};

use catalog_model::Visualization;

use super::{print::print, report_file::ReportFile, selection::select, signals::interrupted};
use crate::{
    arguments::Scan,
    destination::{Destination, copy_to_standard_output, folder_of},
    exit::Exit,
    home::shown,
    report::{Report, render},
    run::Program,
    scanning::{Context, Job, read_all},
};

pub(crate) async fn run(program: &mut Program, arguments: Scan) -> Exit {
    let mut selected = match select(program, &arguments.codes) {
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
    if let Some(clash) = clash(program, &arguments) {
        return program.tell_usage(&clash);
    }
    let report_file = match arguments
        .report
        .as_deref()
        .map(ReportFile::open)
        .transpose()
    {
        Ok(file) => file,
        Err(problem) => {
            program.tell_problem(&problem);
            return Exit::Failed;
        }
    };
    let mut report = Report::begun(program, selected.take_problems());
    let jobs = selected.ready.into_iter().map(|ready| Job {
        destination: match &arguments.output {
            Some(path) => Destination::of(path),
            None => Destination::Export(program.home.export(&ready.code)),
        },
        ready,
    });
    let context = Context::of(program);
    let mut interrupted = pin!(interrupted());
    let ended = read_all::<Visualization>(jobs.collect(), &context, &mut interrupted).await;
    let copy = copy_to_standard_output;
    print(program, &mut report, ended, &mut interrupted, copy).await;
    program.tell(&render(&report));
    if let Some(file) = report_file
        && let Err(problem) = file.write(&report)
    {
        program.tell_problem(&problem);
        return Exit::Failed;
    }
    report.exit()
}

/// Why the files that were named cannot be meant: one would overwrite what another is for.
fn clash(program: &Program, arguments: &Scan) -> Option<String> {
    let place = |path: &Path| Some(folder_of(path).canonicalize().ok()?.join(path.file_name()?));
    let output = arguments.output.as_deref().and_then(place);
    let report = arguments.report.as_deref().and_then(place);
    if output.is_some() && output == report {
        return Some("`--output` and `--report` name the same file".to_owned());
    }
    let connections = program.home.connections().canonicalize().ok()?;
    let written = [output, report].into_iter().flatten();
    let among = written
        .into_iter()
        .find(|path| path.starts_with(&connections));
    among.map(|path| format!("`{}` lies among the connection files", shown(&path)))
}
