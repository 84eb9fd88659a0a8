//! `scan`: reads all sheets of the connections and stores them as items.

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
    scanning::{Context, Job, ScanExtent, run_all},
    store::{Store, StoreError},
    store_problem::StoreProblem,
};

pub(crate) async fn run(program: &mut Program, arguments: Scan) -> Exit {
    match scan(program, &arguments).await {
        Ok(exit) | Err(exit) => exit,
    }
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
    // Before the store is opened, which may wait for a disk.
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
    let extent = match arguments.full {
        true => ScanExtent::Everything,
        false => ScanExtent::Changes,
    };
    let context = Context {
        removals,
        extent,
        ..program.scan_context(store)
    };
    let ended = run_all::<Visualization>(jobs.collect(), &context, &mut interrupted).await;
    // Ends the store's thread, so that its memory is free for the followers.
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

/// Opens the store, unless `--no-store` is set.
fn open_store(
    program: &Program,
    arguments: &Scan,
    application: &Application,
) -> Result<Option<Arc<Store>>, StoreError> {
    if arguments.no_store {
        return Ok(None);
    }
    let store = Store::open(program.installation.home.store(), application.store.clone())?;
    Ok(Some(Arc::new(store)))
}

/// The file or stream for the items of a scan. With a store, there is one only if `--output` is set.
fn destination(arguments: &Scan, home: &Home, code: &ConnectionCode) -> Option<Destination> {
    match &arguments.output {
        Some(path) => Some(Destination::from_path(path)),
        None if arguments.no_store => Some(Destination::Export(home.export(code))),
        None => None,
    }
}

/// Why `--output` or `--report` cannot be used: it would overwrite another file.
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
    let overwritten = written
        .into_iter()
        .find(|path| path.starts_with(&connections));
    overwritten.map(|path| {
        format!(
            "`{}` is in the folder of the connection files",
            shown(&path)
        )
    })
}
