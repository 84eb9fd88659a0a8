//! `scan`: every sheet of the connections becomes an item of the export.

use std::{path::Path, pin::pin, sync::Arc};

use catalog_model::{ConnectionCode, Visualization};

use super::{
    delivering::deliver,
    print::print,
    selection::{application, select},
    signals::interrupted,
};
use crate::{
    application_file::Application,
    arguments::Scan,
    connections::Ready,
    destination::{Destination, copy_to_standard_output, folder_of},
    exit::Exit,
    fuse::Removals,
    home::{Home, shown},
    program::Program,
    report::exit,
    report_file::ReportFile,
    scanning::{Context, Job, run_all},
    store::{Store, StoreError},
    store_problem::StoreProblem,
};

pub(crate) async fn run(program: &mut Program, arguments: Scan) -> Exit {
    // A command that cannot begin has told why.
    let scan = scan(program, &arguments).await;
    scan.unwrap_or_else(|exit| exit)
}

async fn scan(program: &mut Program, arguments: &Scan) -> Result<Exit, Exit> {
    let mut selected = select(program, &arguments.codes)?;
    if arguments.output.is_some() && selected.ready.len() > 1 {
        return Err(several_outputs(program, &selected.ready));
    }
    if let Some(clash) = clash(program, arguments) {
        return Err(program.report_usage(&clash));
    }
    let report_file = arguments.report.as_deref().map(ReportFile::open);
    let report_file = report_file.transpose().map_err(|problem| {
        program.report_problem(&problem);
        Exit::Failed
    })?;
    let application = application(program)?;
    // Before the store, which a disk may make wait.
    let mut interrupted = pin!(interrupted(program));
    let store = match selected.ready.len() {
        0 => Ok(None),
        _ => open_store(program, arguments, &application),
    };
    let store = store.map_err(|error| {
        program.report_problem(&error.problem());
        Exit::from(error.operation_kind())
    })?;
    let followers = match store {
        Some(_) => application.followers,
        None => Vec::new(),
    };
    let mut report = program.begin_report(selected.take_problems());
    let jobs = selected.ready.into_iter().map(|ready| {
        let destination = destination(arguments, &program.installation.home, &ready.code);
        Job::new(ready, destination)
    });
    let removals = match arguments.accept_removals {
        true => Removals::Accepted,
        false => Removals::Limited,
    };
    let context = Context {
        removals,
        ..program.scan_context(store)
    };
    let ended = run_all::<Visualization>(jobs.collect(), &context, &mut interrupted).await;
    // The store's own thread ends here: the followers get its memory.
    drop(context);
    let copy = copy_to_standard_output;
    print(program, &mut report, ended, &mut interrupted, copy).await;
    deliver(program, followers, &mut report, &mut interrupted).await;
    program.report_scans(&report);
    if let Some(file) = report_file
        && let Err(problem) = file.write(&report, exit(&report).code())
    {
        program.report_problem(&problem);
        return Err(Exit::Failed);
    }
    Ok(exit(&report))
}

fn several_outputs(program: &mut Program, ready: &[Ready]) -> Exit {
    let codes: Vec<_> = ready.iter().map(|ready| ready.code.as_str()).collect();
    let codes = codes.join(", ");
    program.report_usage(&format!(
        "`--output` writes the items of one connection: name one of {codes}"
    ))
}

/// The store that the scans write to, unless they are to do without.
fn open_store(
    program: &Program,
    arguments: &Scan,
    application: &Application,
) -> Result<Option<Arc<Store>>, StoreError> {
    if arguments.no_store {
        return Ok(None);
    }
    let store = Store::open(
        &program.installation.home.store(),
        application.store.clone(),
    )?;
    Ok(Some(Arc::new(store)))
}

/// Where the lines of a scan go: with a store nowhere, unless somebody asked for them.
fn destination(arguments: &Scan, home: &Home, code: &ConnectionCode) -> Option<Destination> {
    match &arguments.output {
        Some(path) => Some(Destination::from_path(path)),
        None if arguments.no_store => Some(Destination::Export(home.export(code))),
        None => None,
    }
}

/// Why the files that were named cannot be meant: one would overwrite what another is for.
fn clash(program: &Program, arguments: &Scan) -> Option<String> {
    let place = |path: &Path| Some(folder_of(path).canonicalize().ok()?.join(path.file_name()?));
    let output = arguments.output.as_deref().and_then(place);
    let report = arguments.report.as_deref().and_then(place);
    if output.is_some() && output == report {
        return Some("`--output` and `--report` name the same file".to_owned());
    }
    let connections = program
        .installation
        .home
        .connections()
        .canonicalize()
        .ok()?;
    let written = [output, report].into_iter().flatten();
    let among = written
        .into_iter()
        .find(|path| path.starts_with(&connections));
    among.map(|path| {
        format!(
            "`{}` is in the folder of the connection files",
            shown(&path)
        )
    })
}
