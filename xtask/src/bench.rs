//! `cargo xtask bench`: how fast a large site is read, as a ratio to the floor of its bytes in the same run.
//!
//! The floor is the client alone, its bytes dropped; beside it stand the stream of decoded records and the whole scan.
//! Each is the median of three. `docs/performance.md` keeps the figures.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use xshell::{Shell, cmd};

use crate::{Outcome, target};

mod server;
mod site;

/// Each way is measured so often; the median counts.
const RUNS: usize = 3;

/// What one run of one way took.
#[derive(Clone, Copy)]
struct Measure {
    seconds: f64,
    /// Peak resident memory in MiB, where the system tells it.
    peak: f64,
}

#[expect(clippy::print_stdout, reason = "the figures are there to be read")]
pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    cmd!(
        shell,
        "cargo bench --package qrs-client --bench read --no-run"
    )
    .run()?;
    let program = target(shell)?.join("release/scanner-cli");
    let folder = tempfile::tempdir()?;
    let site = site::write(folder.path(), sheets)?;
    let megabytes = site.bytes as f64 / 1e6;
    println!(
        "\n{sheets} sheets of {} apps, {megabytes:.0} MB",
        site::APPS
    );
    let server = server::Server::start(site)?;
    let url = server.url();
    let file = format!(
        "name = Bench\ncode = bench\nconnector_id = qlik-sense\nconnection {{ url = \"{url}\", auth {{ key = X-User, value = x }} }}\n"
    );
    fs::create_dir(folder.path().join("connections"))?;
    fs::write(folder.path().join("connections/bench.conf"), file)?;

    let floor = median(|| client(shell, "floor", &url))?;
    let records = median(|| client(shell, "records", &url))?;
    let output = folder.path().join("items.ndjson");
    let scan = median(|| {
        let mut command = Command::new(&program);
        command
            .arg("--home")
            .arg(folder.path())
            .arg("scan")
            .arg("--output")
            .arg(&output);
        measured(command.stderr(Stdio::null()))
    })?;
    let items = fs::read_to_string(&output)?.lines().count();
    if items != sheets {
        return Err(format!("{items} items were written of {sheets} sheets").into());
    }
    println!(
        "{:<28} {:>8} {:>8} {:>14} {:>10}",
        "", "s", "MB/s", "times floor", "peak MiB"
    );
    for (name, measure) in [
        ("floor: bytes dropped", floor),
        ("stream of records", records),
        ("scan --output", scan),
    ] {
        let Measure { seconds, peak } = measure;
        let (rate, ratio) = (megabytes / seconds, seconds / floor.seconds);
        println!("{name:<28} {seconds:>8.2} {rate:>8.0} {ratio:>14.2} {peak:>10.1}");
    }
    Ok(())
}

fn median(
    mut measure: impl FnMut() -> Result<Measure, Box<dyn std::error::Error>>,
) -> Result<Measure, Box<dyn std::error::Error>> {
    let mut measures = Vec::new();
    for _ in 0..RUNS {
        measures.push(measure()?);
    }
    measures.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Ok(measures[RUNS / 2])
}

/// Runs the client's own bench, which tells its seconds and its peak memory.
fn client(shell: &Shell, way: &str, url: &str) -> Result<Measure, Box<dyn std::error::Error>> {
    let bench = cmd!(
        shell,
        "cargo bench --quiet --package qrs-client --bench read -- {way} {url}"
    );
    let told = bench.quiet().ignore_stderr().read()?;
    let mut figures = told.split_whitespace().map(str::parse::<f64>);
    match (figures.next(), figures.next()) {
        (Some(Ok(seconds)), Some(Ok(peak))) => Ok(Measure { seconds, peak }),
        _ => Err(format!("the client's bench said `{told}`").into()),
    }
}

/// Runs a program to its end and watches its memory.
fn measured(command: &mut Command) -> Result<Measure, Box<dyn std::error::Error>> {
    let started = Instant::now();
    let mut child = command.spawn()?;
    let mut peak = 0.0_f64;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = peak.max(peak_memory(&child));
        thread::sleep(Duration::from_millis(5));
    };
    let seconds = started.elapsed().as_secs_f64();
    if status.success() {
        Ok(Measure { seconds, peak })
    } else {
        Err(format!("ended with {status}").into())
    }
}

/// The most memory that a process ever had resident, in MiB; 0 where the system does not tell.
fn peak_memory(child: &Child) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<f64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}
