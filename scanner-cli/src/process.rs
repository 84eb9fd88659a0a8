//! The process: a runtime for the program, and an end in time once somebody asked for it.

use std::{
    ffi::OsString,
    io::{self, Write},
    num::NonZero,
    panic, thread,
    time::Duration,
};

use catalog_model::printable;
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

use crate::{end::End, environment::Environment, exit::Exit, run::run_until};

/// How long shutdown waits for a file being written. DNS lookups still in flight are abandoned.
const LAST_WAIT: Duration = Duration::from_millis(300);
/// Stack of each thread, in bytes: as much as a process's first thread has.
const STACK: usize = 8 << 20;

/// Runs the program with these arguments, the first of which is its own name, in a process of its own.
///
/// Whatever the program is waiting for or computing, the process ends within five seconds once it was asked to.
pub fn run_process(arguments: Vec<OsString>, environment: Environment) -> Exit {
    log_panics();
    // One thread may be busy with what a site sends.
    let workers = thread::available_parallelism()
        .map_or(2, NonZero::get)
        .max(2);
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_stack_size(STACK)
        .enable_all()
        .build();
    // Waits for the end on a runtime that nothing else can keep busy.
    let waiting = Builder::new_current_thread().enable_time().build();
    let (Ok(runtime), Ok(waiting)) = (runtime, waiting) else {
        return Exit::Failed;
    };
    let end = End::default();
    let asked = end.clone();
    let program = start(runtime.handle().clone(), move || {
        run_until(arguments, environment, asked)
    });
    let exit = waiting.block_on(async {
        tokio::select! {
            // A program that panicked has said so.
            exit = program => exit.unwrap_or(Exit::Failed),
            exit = end.overdue() => exit,
        }
    });
    runtime.shutdown_timeout(LAST_WAIT);
    exit
}

/// Runs the program in a thread of its own, which may be stuck without anybody being stuck with it.
fn start<F: Future<Output = Exit>>(
    handle: Handle,
    program: impl FnOnce() -> F + Send + 'static,
) -> oneshot::Receiver<Exit> {
    let (done, exit) = oneshot::channel();
    let run = move || {
        let _ = done.send(handle.block_on(program()));
    };
    let program = thread::Builder::new()
        .name("scanner".to_owned())
        .stack_size(STACK)
        .spawn(run);
    // Without a thread, the sender is gone, and that is the end.
    drop(program);
    exit
}

/// Lets panics go to the log, where there is one: standard error may be gone, or its reader asleep.
fn log_panics() {
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        let message = panicked.payload_as_str().unwrap_or("no message");
        let text = format!("a thread panicked at {place}: {message}; please report this");
        if tracing::enabled!(tracing::Level::ERROR) {
            tracing::error!("{text}");
        } else {
            // The message may quote what a site sent.
            let _ = writeln!(io::stderr(), "{}", printable(&text));
        }
    }));
}
