//! `scan`: every sheet of the connections becomes an item of the export.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use catalog_model::{ConnectionCode, Visualization};
use tempfile::NamedTempFile;

use super::{selection::select, signals::interrupted};
use crate::{
    application_file::Application,
    arguments::Scan,
    destination::{Destination, copy_to_standard_output},
    exit::Exit,
    followers::{Delivering, Followed, Follower},
    home::{Home, shown},
    problem::Problem,
    report::{Outcome, Report, render, write_json},
    run::Program,
    scanning::{Context, Job, Keeping, read_all},
    spool::temporary,
    store::{Removals, Store, StoreError},
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
    let application = match Application::read(&program.home, &program.environment.variables) {
        Ok(application) => application,
        Err(problems) => {
            for problem in &problems {
                program.tell_problem(problem);
            }
            return Exit::Configuration;
        }
    };
    let keeping = match keeping(program, &arguments, &application) {
        Ok(keeping) => keeping,
        Err(error) => {
            program.tell_problem(&error.problem());
            return error.exit();
        }
    };
    let mut report = Report::begun(program, selected.problems);
    let jobs = selected.ready.into_iter().map(|ready| Job {
        destination: destination(&arguments, &program.home, &ready.code),
        ready,
    });
    let stores = keeping.is_some();
    let context = Context::of(program, keeping);
    let ended = read_all::<Visualization>(jobs.collect(), &context, interrupted()).await;
    // The store's own thread ends here: the followers get its memory.
    drop(context);
    report.interrupted = ended.interrupted;
    for mut scanned in ended.scanned {
        if let Some(lines) = scanned.lines
            && let Err(error) = copy_to_standard_output(lines, &mut program.environment.output)
        {
            scanned.report.outcome = Outcome::Failed(error.into());
        }
        report.connections.push(scanned.report);
    }
    if stores && !report.interrupted {
        match follow(program, application.followers).await {
            Ok(Some(followed)) => report.follow(followed),
            Ok(None) => report.interrupted = true,
            Err(error) => {
                program.tell_problem(&error.problem());
                return error.exit();
            }
        }
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

/// The store that the scans write to, unless they are to do without.
fn keeping(
    program: &Program,
    arguments: &Scan,
    application: &Application,
) -> Result<Option<Keeping>, StoreError> {
    if arguments.no_store {
        return Ok(None);
    }
    let store = Store::open(&program.home.store(), application.keep_changes)?;
    Ok(Some(Keeping {
        store: Arc::new(store),
        removals: if arguments.accept_removals {
            Removals::Accepted
        } else {
            Removals::Fused
        },
    }))
}

/// Where the lines of a scan go: with a store nowhere, unless somebody asked for them.
fn destination(arguments: &Scan, home: &Home, code: &ConnectionCode) -> Option<Destination> {
    match &arguments.output {
        Some(path) => Some(Destination::of(path)),
        None if arguments.no_store => Some(Destination::export(home.export(code))),
        None => None,
    }
}

/// Gives the followers what is new, in a thread of its own; nothing comes back if somebody ended the run.
async fn follow(
    program: &Program,
    mut followers: Vec<Box<dyn Follower>>,
) -> Result<Option<Vec<Followed>>, StoreError> {
    let (home, clock) = (program.home.clone(), program.environment.clock);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let mut turn = tokio::task::spawn_blocking(move || {
        let delivering = Delivering {
            home: &home,
            clock,
            stop: &stopped,
        };
        delivering.deliver(&mut followers)
    });
    let interrupted = tokio::select! {
        done = &mut turn => return done.unwrap_or_else(|_| Ok(Vec::new())).map(Some),
        () = interrupted() => true,
    };
    stop.store(interrupted, Ordering::Relaxed);
    // Until it has let go of its temporary file.
    let _ = turn.await;
    Ok(None)
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
            aside: aside.map_err(|error| no_report(path, error.kind()))?,
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
