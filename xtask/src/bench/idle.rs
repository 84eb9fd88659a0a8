//! The service with 50 connections that have nothing to do: its processor time and its memory.

use std::{fs, thread, time::Duration};

use xshell::Shell;

use super::{
    history::Service,
    large_site::LargeSite,
    measure::{aim, cpu_seconds, memory},
};
use crate::Outcome;

/// Number of connections.
const CONNECTIONS: usize = 50;
/// Number of sheets of their site.
const SHEETS: usize = 1_000;
/// How long the service gets for its first scans.
const SCANS: Duration = Duration::from_secs(300);
/// How long the idle service is observed.
const OBSERVED: Duration = Duration::from_secs(60);

/// The aims: processor time in percent of one processor, and memory in MiB.
const MAX_CPU: f64 = 0.5;
const MAX_MEMORY: f64 = 64.0;

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(super) fn run(shell: &Shell) -> Outcome {
    let site = LargeSite::serve(shell, SHEETS)?;
    let folder = site.home.path().join("connections");
    let file = fs::read_to_string(folder.join("bench.conf"))?;
    for number in 0..CONNECTIONS {
        let file = file.replace("code = bench", &format!("code = bench-{number}"));
        fs::write(
            folder.join(format!("bench-{number}.conf")),
            format!("{file}schedule = \"0 0 0 1 1 ? 2099\"\n"),
        )?;
    }
    fs::remove_file(folder.join("bench.conf"))?;
    let service = Service::start(site.scanner(&["run"]))?;
    settle(&service);
    let before = cpu_seconds(&service.0);
    thread::sleep(OBSERVED);
    let used = cpu_seconds(&service.0) - before;
    println!("  run with {CONNECTIONS} connections that are not due:");
    aim(
        "processor time, %",
        used / OBSERVED.as_secs_f64() * 100.0,
        MAX_CPU,
    );
    aim("memory, MiB", memory(&service.0, "VmRSS:"), MAX_MEMORY);
    Ok(())
}

/// Waits until the service has used almost no processor time for some seconds.
fn settle(service: &Service) {
    const STEP: Duration = Duration::from_secs(5);
    for _ in 0..SCANS.as_secs() / STEP.as_secs() {
        let before = cpu_seconds(&service.0);
        thread::sleep(STEP);
        if before > 0.0 && cpu_seconds(&service.0) - before <= 0.1 {
            return;
        }
    }
}
