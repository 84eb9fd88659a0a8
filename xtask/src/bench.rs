//! `cargo xtask bench`: measures how fast a large site is read, relative to the floor of the same run.
//!
//! The floor is the client alone, which drops the bytes. The other ways are the stream of decoded records and the whole
//! scan. Each figure is the median of three runs. `docs/performance.md` has the figures.

use std::fs;

use xshell::{Shell, cmd};

use self::{
    large_site::LargeSite,
    measure::{Measure, measured, median},
};
use crate::Outcome;

pub(crate) mod filter;
#[cfg(unix)]
pub(crate) mod followers;
pub(crate) mod incremental;
mod large_site;
mod measure;
mod server;
pub(crate) mod service;
mod site;
pub(crate) mod store;

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
    let floor = median(|| client(shell, "floor", url))?;
    let records = median(|| client(shell, "records", url))?;
    let output = folder.join("items.ndjson");
    let arguments = ["scan", "--no-store", "--output"];
    let scan = median(|| measured(site.scanner(&arguments).arg(&output)))?;
    let items = fs::read_to_string(&output)?.lines().count();
    if items != sheets {
        return Err(format!("{items} items were written for {sheets} sheets").into());
    }
    println!(
        "{:<28} {:>8} {:>8} {:>14} {:>10}",
        "", "s", "MB/s", "times floor", "peak MiB"
    );
    for (name, measure) in [
        ("floor: bytes dropped", floor),
        ("stream of records", records),
        ("scan --no-store --output", scan),
    ] {
        let Measure { seconds, peak, .. } = measure;
        let (rate, ratio) = (site.megabytes / seconds, seconds / floor.seconds);
        println!("{name:<28} {seconds:>8.2} {rate:>8.0} {ratio:>14.2} {peak:>10.1}");
    }
    Ok(())
}

/// Runs the client's own benchmark, which prints its seconds and its peak memory.
fn client(shell: &Shell, way: &str, url: &str) -> Result<Measure, Box<dyn std::error::Error>> {
    let bench = cmd!(
        shell,
        "cargo bench --quiet --package qrs-client --bench read -- {way} {url}"
    );
    Measure::printed(&bench.quiet().ignore_stderr().read()?)
}
