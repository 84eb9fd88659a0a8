//! Scans Qlik Sense sites into a data catalog.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use scanner_cli::{Environment, run_process};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    run_process(std::env::args_os().collect(), Environment::from_process()).into()
}
