//! `scan`: every sheet of the connections becomes an item of the export.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use catalog_model::Visualization;
use tempfile::NamedTempFile;

use super::{selection::select, signals::interrupted};
use crate::{
    arguments::Scan,
    destination::{Destination, copy_to_standard_output, plain},
    exit::Exit,
    home::shown,
    problem::Problem,
    report::{Outcome, Report, render, write_json},
    run::Program,
    scanning::{Context, Job, read_all},
    spool::temporary,
};

pub(crate) async fn run(program: &mut Program, arguments: Scan) -> Exit {
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
    let mut report = Report::begun(program, selected.problems);
    let jobs = selected.ready.into_iter().map(|ready| Job {
        destination: match &arguments.output {
            Some(path) => Destination::of(path),
            None => Destination::Export(program.home.export(&ready.code)),
        },
        ready,
    });
    let context = Context::of(program);
    let ended = read_all::<Visualization>(jobs.collect(), &context, interrupted()).await;
    report.interrupted = ended.interrupted;
    for mut scanned in ended.scanned {
        if let Some(lines) = scanned.lines
            && let Err(error) = copy_to_standard_output(lines, &mut program.environment.output)
        {
            scanned.report.outcome = Outcome::Failed(error.into());
        }
        report.connections.push(scanned.report);
    }
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
    let place = |path: &Path| {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
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

/// The file of `--report`, opened before the long work so that nothing is read in vain.
struct ReportFile {
    aside: NamedTempFile,
    path: PathBuf,
}

impl ReportFile {
    fn open(path: &Path) -> Result<Self, Problem> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let aside = temporary(folder.unwrap_or(Path::new(".")));
        if path.is_dir() {
            return Err(no_report(path, "it is a folder"));
        }
        Ok(Self {
            aside: aside.map_err(|error| no_report(path, plain(&error)))?,
            path: path.to_path_buf(),
        })
    }

    fn write(mut self, report: &Report) -> Result<(), Problem> {
        let written = write_json(report, &mut self.aside).and_then(|()| self.aside.flush());
        written.map_err(|error| no_report(&self.path, error))?;
        let persisted = self.aside.persist(&self.path);
        persisted.map_err(|error| no_report(&self.path, error.error))?;
        Ok(())
    }
}

fn no_report(path: &Path, why: impl std::fmt::Display) -> Problem {
    let message = format!("the report cannot be written to `{}`: {why}", shown(path));
    Problem::general(message, None)
}
