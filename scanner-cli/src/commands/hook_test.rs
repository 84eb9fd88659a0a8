//! `hook test`: runs a hook as the service does, with the changes of the last scan.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::task::spawn_blocking;

use super::{catalog, selection::restrictions, signals::interrupted};
use crate::{
    arguments::HookTest,
    connection_file::Reading,
    connections::{Connections, Ready},
    exit::Exit,
    home::shown_absolute,
    hooks::{self, After, Hook, HookError, Since},
    near_code::did_you_mean,
    problem::Problem,
    program::Program,
    secrets::Given,
    store::{LastScan, StoredScan},
    store_problem::StoreProblem,
};

/// The kind of source of a connection whose file cannot be used.
const CONNECTOR: &str = "qlik-sense";

pub(crate) async fn run(program: &mut Program, arguments: &HookTest) -> Exit {
    match test(program, arguments).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn test(program: &mut Program, arguments: &HookTest) -> Result<Exit, Exit> {
    let hook = hook(program, &arguments.hook)?;
    let (scan, store_id) = last_scan(program, arguments.connection.as_deref())?;
    let ready = ready(program, &scan.connection)?;
    let connector = ready.as_ref().map_or(CONNECTOR, |ready| &ready.connector);
    let (connector, home) = (connector.to_owned(), program.home.clone());
    let secrets = ready.map_or_else(|| Arc::new(Given::default()), |ready| ready.secrets);
    let (name, number, connection) = (hook.code.clone(), scan.id, scan.connection.clone());
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let mut interrupted = pin!(interrupted(program));
    let mut running = spawn_blocking(move || {
        hook.run(&After {
            home: &home,
            connector: &connector,
            scan: &scan,
            store_id: &store_id,
            since: Since::Scan,
            secrets,
            stop: &stopped,
        })
    });
    let ended = tokio::select! {
        ended = &mut running => ended,
        () = &mut interrupted => {
            stop.store(true, Ordering::Relaxed);
            let _ = running.await;
            return Err(Exit::Interrupted);
        }
    };
    // One that panicked has said so.
    let ended = ended.map_err(|_panicked| Exit::Failed)?;
    Ok(report(
        program,
        &format!("hook `{name}` after scan {number} of `{connection}`"),
        ended,
    ))
}

fn report(program: &mut Program, what: &str, ended: Result<i32, HookError>) -> Exit {
    match ended {
        Ok(0) => {
            program.report(&format!("{what}: exit code 0\n"));
            return Exit::Complete;
        }
        Ok(code) => {
            let hint = "what the program wrote is above".to_owned();
            program.report_problem(&Problem::general(format!("{what}: exit code {code}"), hint));
        }
        Err(error) => program.report_problem(&Problem::general(format!("{what}: {error}"), None)),
    }
    Exit::Failed
}

/// The hook with this code, whether it is enabled or not.
fn hook(program: &mut Program, code: &str) -> Result<Hook, Exit> {
    let files = hooks::files(&program.home, &program.environment.variables);
    let mut known = Vec::new();
    for file in &files {
        if file.code() == Some(code) {
            program.report_problems(&file.problems);
            if let Some(hook) = &file.hook {
                return Ok(hook.clone());
            }
        }
        known.extend(file.code().map(str::to_owned));
    }
    // The code may be that of a file that is wrong.
    let wrong = files.iter().filter(|file| file.hook.is_none());
    let problems: Vec<_> = wrong.flat_map(|file| file.problems.clone()).collect();
    let failed = program.report_problems(&problems);
    let names: Vec<_> = known.iter().map(String::as_str).collect();
    let hint = match names.is_empty() {
        true => format!(
            "there is no valid hook file (`*.conf`) in `{}`",
            shown_absolute(&program.home.path("hooks"))
        ),
        false => format!(
            "{}the hooks are: {}",
            did_you_mean(code, &names),
            names.join(", ")
        ),
    };
    let Some(failed) = failed else {
        return Err(program.report_usage(&format!("no hook has the code `{code}`; {hint}")));
    };
    let message = format!("no valid hook file has the code `{code}`");
    let hint = format!("fix the errors above first; {hint}");
    program.report_problem(&Problem::general(message, hint));
    Err(failed)
}

/// The last scan that ended, of the connection or of all, and the id of the store.
fn last_scan(program: &mut Program, code: Option<&str>) -> Result<(StoredScan, String), Exit> {
    let catalog = catalog::open(program)?;
    let scans = catalog.last_scans(LastScan::Ended).map_err(|error| {
        program.report_problem(&error.problem());
        Exit::from(error.operation_kind())
    })?;
    let connections: Vec<_> = scans.iter().map(|scan| scan.connection.clone()).collect();
    let known: Vec<_> = connections.iter().map(String::as_str).collect();
    let wanted = |scan: &StoredScan| code.is_none_or(|code| scan.connection == code);
    let last = scans.into_iter().filter(wanted).max_by_key(|scan| scan.id);
    let Some(last) = last else {
        let message = match code {
            Some(code) => format!(
                "the store has no scan of a connection `{code}`; {}it has scans of: {}",
                did_you_mean(code, &known),
                known.join(", ")
            ),
            None => "the store has no scan yet; run `scan` first".to_owned(),
        };
        return Err(program.report_usage(&message));
    };
    Ok((last, catalog.store_id().to_owned()))
}

/// The connection with this code, whose secrets are kept out of what the hook writes.
fn ready(program: &mut Program, code: &str) -> Result<Option<Ready>, Exit> {
    let restrictions = Arc::new(restrictions(program)?);
    let connections = Connections::load(&Reading {
        restrictions: &restrictions,
        home: &program.home,
        variables: &program.environment.variables,
        connectors: &program.connectors,
        now: (program.environment.clock)(),
    });
    let selected = connections.map(|connections| connections.select(&[code.to_owned()]));
    // Without the file its secrets are unknown, and so is what the hook could learn of them.
    let ready = selected
        .ok()
        .and_then(Result::ok)
        .map(|selected| selected.ready);
    Ok(ready.unwrap_or_default().into_iter().next())
}
