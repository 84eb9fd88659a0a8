//! Scans Qlik Sense sites into a data catalog.

use std::{process::ExitCode, time::Duration};

use mimalloc::MiMalloc;
use scanner_cli::{Environment, Exit, run};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// So long the end waits for a file that is being finished; a name that is still being resolved it does not wait for.
const LAST_WAIT: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let Ok(runtime) = tokio::runtime::Runtime::new() else {
        return Exit::Failed.into();
    };
    let exit = runtime.block_on(run(std::env::args_os(), Environment::of_process()));
    runtime.shutdown_timeout(LAST_WAIT);
    exit.into()
}
