//! `hook test`: runs a hook as the service does, with the changes of the last scan.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::task::spawn_blocking;

use super::signals::interrupted;
use crate::{
    arguments::HookTest,
    exit::Exit,
    hooks::{HookError, HookInput, Since},
    problem::Problem,
    program::Program,
};

pub(crate) async fn run(program: &mut Program, arguments: &HookTest) -> Exit {
    match test(program, arguments).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn test(program: &mut Program, arguments: &HookTest) -> Result<Exit, Exit> {
    let found = program.installation.find_hook(&arguments.hook);
    let (hook, warnings) = found.map_err(|error| program.report_error(&error))?;
    program.report_problems(&warnings);
    let last = program
        .installation
        .last_scan(arguments.connection.as_deref());
    let (scan, store_id) = last.map_err(|error| program.report_error(&error))?;
    let context = program.installation.hook_context(&scan.connection);
    let (connector, secrets) = context.map_err(|error| program.report_error(&error))?;
    let home = program.installation.home.clone();
    let (name, number, connection) = (hook.code.clone(), scan.id, scan.connection.clone());
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let mut interrupted = pin!(interrupted(program));
    let mut running = spawn_blocking(move || {
        hook.run(&HookInput {
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
    // A panic has been reported by the panic hook.
    let ended = ended.map_err(|_panicked| Exit::Failed)?;
    Ok(report(
        program,
        &format!("hook `{name}` after scan {number} of `{connection}`"),
        ended,
    ))
}

fn report(program: &mut Program, run: &str, result: Result<i32, HookError>) -> Exit {
    match result {
        Ok(0) => {
            program.report(&format!("{run}: exit code 0\n"));
            return Exit::Complete;
        }
        Ok(code) => {
            let hint = "the output of the program is above".to_owned();
            program.report_problem(&Problem::general(format!("{run}: exit code {code}"), hint));
        }
        Err(error) => program.report_problem(&Problem::general(format!("{run}: {error}"), None)),
    }
    Exit::Failed
}
