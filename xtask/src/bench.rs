//! `cargo xtask bench`: measures how fast a large site is read, relative to the floor of the same run.
//!
//! The floors are curl, and the client alone, which drops the bytes. The other ways are the stream of decoded records, the
//! whole scan, and a script in Python. Each figure is the median of three runs, except Python's, which is one run.
//! `docs/performance.md` has the figures.

use std::fs;

use xshell::{Shell, cmd};

use self::{
    large_site::LargeSite,
    measure::{Measure, aim, measured, median},
};
use crate::Outcome;

pub(crate) mod filter;
#[cfg(unix)]
pub(crate) mod fleet;
#[cfg(unix)]
pub(crate) mod followers;
mod history;
pub(crate) mod idle;
pub(crate) mod incremental;
pub(crate) mod large;
mod large_site;
mod measure;
mod peers;
mod server;
pub(crate) mod service;
mod site;
pub(crate) mod store;
pub(crate) mod web;

/// The aims of a whole scan without a store.
const MAX_CURL: f64 = 3.0;
const MAX_PYTHON: f64 = 10.0;
const MAX_PEAK: f64 = 32.0;

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    cmd!(
        shell,
        "cargo bench --package qrs-client --bench read --no-run"
    )
    .run()?;
    let site = LargeSite::serve(shell, sheets)?;
    let (folder, url) = (site.home.path(), site.url.as_str());
    let list = format!("{url}/qrs/app/object/full");
    let curl = peers::curl(&list)?;
    let floor = median(|| client(shell, "floor", url))?;
    let records = median(|| client(shell, "records", url))?;
    let output = folder.join("items.ndjson");
    let arguments = ["scan", "--no-store", "--output"];
    let scan = median(|| measured(site.scanner(&arguments).arg(&output)))?;
    let items = fs::read_to_string(&output)?.lines().count();
    if items != sheets {
        return Err(format!("{items} items were written for {sheets} sheets").into());
    }
    let python = peers::python(&list, sheets, folder)?;
    println!(
        "{:<28} {:>8} {:>8} {:>14} {:>10}",
        "", "s", "MB/s", "times floor", "peak MiB"
    );
    for (name, measure) in [
        ("floor: curl", curl),
        ("floor: bytes dropped", Some(floor)),
        ("stream of records", Some(records)),
        ("scan --no-store --output", Some(scan)),
        ("Python's json", python),
    ] {
        let Some(Measure { seconds, peak, .. }) = measure else {
            println!("{name:<28}  not run");
            continue;
        };
        let (rate, ratio) = (site.megabytes / seconds, seconds / floor.seconds);
        println!("{name:<28} {seconds:>8.2} {rate:>8.0} {ratio:>14.2} {peak:>10.1}");
    }
    if let Some(curl) = curl {
        aim("scan, times curl", scan.seconds / curl.seconds, MAX_CURL);
    }
    if let Some(python) = python {
        let share = scan.seconds / python.seconds * 100.0;
        aim("scan, % of Python's time", share, MAX_PYTHON);
    }
    aim("scan, peak MiB", scan.peak, MAX_PEAK);
    drop(site);
    large::run(shell, large::SHEETS)
}

/// Runs the client's own benchmark, which prints its seconds and its peak memory.
fn client(shell: &Shell, way: &str, url: &str) -> Result<Measure, Box<dyn std::error::Error>> {
    let bench = cmd!(
        shell,
        "cargo bench --quiet --package qrs-client --bench read -- {way} {url}"
    );
    Measure::printed(&bench.quiet().ignore_stderr().read()?)
}
