//! `cargo xtask bench incremental`: compares scans that read only changes with scans of everything, of a site that did not
//! change.

use std::fs;

use serde_json::Value;
use xshell::{Shell, cmd};

use super::{
    large_site::LargeSite,
    measure::{Measure, RUNS, measured, middle},
};
use crate::Outcome;

/// The aims, as shares of a scan of everything.
const MAX_BYTES: f64 = 0.10;
const MAX_TIME: f64 = 1.0 / 3.0;

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    let site = LargeSite::serve(shell, sheets)?;
    let file = site.home.path().join("connections/bench.conf");
    let settings = fs::read_to_string(&file)? + "connection.incremental = true\n";
    fs::write(&file, settings)?;
    scan(&site, &["--full"])?;
    let (mut everything, mut changes) = (Vec::new(), Vec::new());
    let (mut all_bytes, mut bytes) = (0.0, 0.0);
    for _ in 0..RUNS {
        let (measure, report) = scan(&site, &["--full"])?;
        all_bytes = bytes_of(&report);
        everything.push(measure);
        let (measure, report) = scan(&site, &[])?;
        let incremental = &report["incremental"];
        if incremental["used"] != true {
            return Err(format!("everything was read: {incremental}").into());
        }
        bytes = bytes_of(&report);
        changes.push(measure);
    }
    let (everything, changes) = (middle(everything), middle(changes));
    println!(
        "{:<28} {:>8} {:>8} {:>10}",
        "nothing changed", "s", "MB", "peak MiB"
    );
    for (name, measure, bytes) in [
        ("scan of everything", everything, all_bytes),
        ("scan for changes", changes, bytes),
    ] {
        let Measure { seconds, peak, .. } = measure;
        let megabytes = bytes / 1e6;
        println!("{name:<28} {seconds:>8.2} {megabytes:>8.1} {peak:>10.1}");
    }
    let time = changes.seconds / everything.seconds;
    for (what, share, most) in [
        ("bytes", bytes / all_bytes, MAX_BYTES),
        ("time", time, MAX_TIME),
    ] {
        let verdict = if share <= most { "pass" } else { "miss" };
        println!(
            "{what:<28} {:>7.1} % of everything, at most {:.1} %: {verdict}",
            100.0 * share,
            100.0 * most
        );
    }
    Ok(())
}

fn scan(site: &LargeSite, more: &[&str]) -> Result<(Measure, Value), Box<dyn std::error::Error>> {
    let path = site.home.path().join("report.json");
    let mut command = site.scanner(&["scan", "--report"]);
    let measure = measured(command.arg(&path).args(more))?;
    let report: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
    Ok((measure, report["connections"][0].clone()))
}

/// Size of all lists that a scan read.
fn bytes_of(report: &Value) -> f64 {
    let lists = report["lists"].as_object();
    let sizes = lists.into_iter().flat_map(|lists| lists.values());
    sizes.filter_map(|list| list["bytes"].as_f64()).sum()
}
