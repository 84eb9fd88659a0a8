//! `cargo xtask bench store`: compares scans with the store with a scan without it in the same run.

use std::fs;

use xshell::{Shell, cmd};

use super::{
    large_site::LargeSite,
    measure::{RUNS, measured, median, middle},
};
use crate::Outcome;

/// The export.
const EXPORT: &str = "export/bench.visualization.ndjson";

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    let site = LargeSite::serve(shell, sheets)?;
    let export = site.home.path().join(EXPORT);
    let bare = median(|| measured(&mut site.scanner(&["scan", "--no-store"])))?;
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        fs::remove_file(&export)?;
        // Before the first round, the folder does not exist.
        let _ = fs::remove_dir_all(site.home.path().join("data"));
        firsts.push(measured(&mut site.scanner(&["scan"]))?);
        let items = fs::read_to_string(&export)?.lines().count();
        if items != sheets {
            return Err(format!("{items} items were exported for {sheets} sheets").into());
        }
        seconds.push(measured(&mut site.scanner(&["scan"]))?);
    }
    println!(
        "{:<28} {:>8} {:>14} {:>10}",
        "", "s", "times bare", "peak MiB"
    );
    for (name, measure) in [
        ("scan --no-store", bare),
        ("first scan, with export", middle(firsts)),
        ("scan, nothing changed", middle(seconds)),
    ] {
        let ratio = measure.seconds / bare.seconds;
        println!(
            "{name:<28} {:>8.2} {ratio:>14.2} {:>10.1}",
            measure.seconds, measure.peak
        );
    }
    let store = fs::metadata(site.home.path().join("data/catalog.db"))?.len();
    println!("the store is {:.0} MB", store as f64 / 1e6);
    Ok(())
}
