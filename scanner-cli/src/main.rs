//! Scans Qlik Sense sites into a data catalog.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use scanner_cli::{Environment, run};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    run(std::env::args_os(), Environment::of_process())
        .await
        .into()
}
