//! `cargo xtask bench store`: compares scans with the store with a scan without it in the same run. The ways take turns.

use std::fs;

use xshell::{Shell, cmd};

use super::{
    large_site::LargeSite,
    measure::{Measure, RUNS, aim, measured, middle},
};
use crate::Outcome;

/// The aims, as multiples of a scan without a store, and the peak memory in MiB.
const MAX_FIRST: f64 = 2.0;
const MAX_UNCHANGED: f64 = 1.2;
const MAX_PEAK: f64 = 64.0;

/// The export.
const EXPORT: &str = "export/bench.visualization.ndjson";

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    let site = LargeSite::serve(shell, sheets)?;
    let export = site.home.path().join(EXPORT);
    let output = site.home.path().join("items.ndjson");
    let [mut bare, mut first, mut unchanged, mut lines] = [const { Vec::new() }; 4];
    for _ in 0..RUNS {
        let command = ["scan", "--no-store", "--output"];
        bare.push(measured(site.scanner(&command).arg(&output))?);
        // Before the first round, neither exists.
        let _ = fs::remove_file(&export);
        let _ = fs::remove_dir_all(site.home.path().join("data"));
        first.push(measured(&mut site.scanner(&["scan"]))?);
        let items = fs::read_to_string(&export)?.lines().count();
        if items != sheets {
            return Err(format!("{items} items were exported for {sheets} sheets").into());
        }
        unchanged.push(measured(&mut site.scanner(&["scan"]))?);
        lines.push(measured(site.scanner(&["scan", "--output"]).arg(&output))?);
    }
    let bare = middle(bare);
    let [first, unchanged, lines] = [first, unchanged, lines].map(middle);
    println!(
        "{:<28} {:>8} {:>11} {:>8} {:>11} {:>10}",
        "", "s", "times bare", "CPU s", "times bare", "peak MiB"
    );
    for (name, measure) in [
        ("scan --no-store --output", bare),
        ("first scan, with export", first),
        ("unchanged", unchanged),
        ("unchanged, with --output", lines),
    ] {
        let Measure { seconds, cpu, peak } = measure;
        println!(
            "{name:<28} {seconds:>8.2} {:>11.2} {cpu:>8.2} {:>11.2} {peak:>10.1}",
            seconds / bare.seconds,
            cpu / bare.cpu,
        );
    }
    let times = |measure: Measure| measure.seconds / bare.seconds;
    aim("first scan", times(first), MAX_FIRST);
    aim("unchanged", times(unchanged), MAX_UNCHANGED);
    aim("unchanged, with --output", times(lines), MAX_UNCHANGED);
    let peaks = [first, unchanged, lines].map(|measure| measure.peak);
    aim("peak MiB", peaks.into_iter().fold(0.0, f64::max), MAX_PEAK);
    let store = fs::metadata(site.home.path().join("data/catalog.db"))?.len();
    println!("the store is {:.0} MB", store as f64 / 1e6);
    Ok(())
}
