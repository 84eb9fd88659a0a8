//! The process: the runtime of the program, and its end within five seconds after a signal.

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
const RUNTIME_SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(300);
/// Stack size of each thread, in bytes: that of the first thread of a process.
const STACK_SIZE: usize = 8 << 20;

/// Runs the program as a process. The first argument is its name.
///
/// After a signal that stops it, the process ends within five seconds, even if the program is busy or waiting.
pub fn run_process(arguments: Vec<OsString>, environment: Environment) -> Exit {
    log_panics();
    // At least two: one thread may be busy with data from a site.
    let workers = thread::available_parallelism()
        .map_or(2, NonZero::get)
        .max(2);
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_stack_size(STACK_SIZE)
        .enable_all()
        .build();
    // Nothing else runs on this runtime, so it is never busy.
    let waiting = Builder::new_current_thread().enable_time().build();
    let (Ok(runtime), Ok(waiting)) = (runtime, waiting) else {
        return Exit::Failed;
    };
    let end = End::default();
    let requested = end.clone();
    let program = start(runtime.handle().clone(), move || {
        run_until(arguments, environment, requested)
    });
    let exit = waiting.block_on(async {
        tokio::select! {
            // A panic has been reported by the panic hook.
            exit = program => exit.unwrap_or(Exit::Failed),
            exit = end.overdue() => exit,
        }
    });
    runtime.shutdown_timeout(RUNTIME_SHUTDOWN_TIMEOUT);
    exit
}

/// Runs the program in a thread, so that the process can end even if the program does not.
fn start<F: Future<Output = Exit>>(
    handle: Handle,
    program: impl FnOnce() -> F + Send + 'static,
) -> oneshot::Receiver<Exit> {
    let (sender, exit) = oneshot::channel();
    let run = move || {
        let _ = sender.send(handle.block_on(program()));
    };
    let program = thread::Builder::new()
        .name("scanner".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(run);
    // If the thread cannot be started, the sender is dropped, and the receiver returns an error.
    drop(program);
    exit
}

/// Writes panics to the log if there is one, because writing to standard error may fail or block.
fn log_panics() {
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        let message = panicked.payload_as_str().unwrap_or("no message");
        let text = format!("a thread panicked at {place}: {message}; please report this");
        if tracing::enabled!(tracing::Level::ERROR) {
            tracing::error!("{text}");
        } else {
            // The message may contain text from a site.
            let _ = writeln!(io::stderr(), "{}", printable(&text));
        }
    }));
}
