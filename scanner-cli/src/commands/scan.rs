//! `scan`: every sheet of the connections becomes an item of the export.

use std::sync::Arc;

use catalog_model::{ConnectionCode, Visualization};

use super::{
    following::follow,
    report_file::ReportFile,
    selection::{application, select},
    signals::interrupted,
};
use crate::{
    application_file::Application,
    arguments::Scan,
    connections::Ready,
    destination::{Destination, copy_to_standard_output},
    exit::Exit,
    home::Home,
    report::{Outcome, Report, render},
    run::Program,
    scanning::{Context, Job, Keeping, read_all},
    store::{Removals, Store, StoreError},
};

pub(crate) async fn run(program: &mut Program, arguments: Scan) -> Exit {
    // A command that cannot begin has told why.
    let scan = scan(program, &arguments).await;
    scan.unwrap_or_else(|exit| exit)
}

async fn scan(program: &mut Program, arguments: &Scan) -> Result<Exit, Exit> {
    let selected = select(program, &arguments.codes)?;
    if arguments.output.is_some() && selected.ready.len() > 1 {
        return Err(several_outputs(program, &selected.ready));
    }
    let report_file = arguments.report.as_deref().map(ReportFile::open);
    let report_file = report_file.transpose().map_err(|problem| {
        program.tell_problem(&problem);
        Exit::Failed
    })?;
    let application = application(program)?;
    let keeping = keeping(program, arguments, &application).map_err(|error| {
        program.tell_problem(&error.problem());
        error.exit()
    })?;
    let followers = match keeping {
        Some(_) => application.followers,
        None => Vec::new(),
    };
    let mut report = Report::begun(program, selected.problems);
    let jobs = selected.ready.into_iter().map(|ready| Job {
        destination: destination(arguments, &program.home, &ready.code),
        ready,
    });
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
    follow(program, followers, &mut report).await;
    program.tell(&render(&report));
    if let Some(file) = report_file
        && let Err(problem) = file.write(&report)
    {
        program.tell_problem(&problem);
        return Err(Exit::Failed);
    }
    Ok(report.exit())
}

fn several_outputs(program: &mut Program, ready: &[Ready]) -> Exit {
    let codes: Vec<_> = ready.iter().map(|ready| ready.code.as_str()).collect();
    let codes = codes.join(", ");
    program.tell_usage(&format!(
        "`--output` takes the items of one connection: name one of {codes}"
    ))
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
