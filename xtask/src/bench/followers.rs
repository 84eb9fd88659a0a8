//! `cargo xtask bench followers`: delivers a large site for the first time to each kind of follower.
//!
//! The kinds that send requests deliver to a [`Sink`]. The floor of the same run is the same requests, sent with no
//! mapping by the same client. `docs/performance.md` has the figures.

use std::fs;

use xshell::{Shell, cmd};

use self::{
    catalog::Catalog,
    scanned::Scanned,
    sink::{Counts, Sink},
};
use super::{
    large_site::LargeSite,
    measure::{Measure, RUNS, aim, median, middle},
};
use crate::Outcome;

mod catalog;
mod database;
mod scanned;
mod sink;

/// The kinds that write files.
const FILES: [&str; 4] = ["ndjson", "csv", "zeenea-zdf", "datahub-file"];

/// The aims of a first delivery.
const MAX_RATIO: f64 = 3.0;
const MAX_MORE: f64 = 32.0;
const MAX_REQUEST: f64 = 1e6;

/// Runs the benchmark for these kinds, or for all.
#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(crate) fn run(shell: &Shell, sheets: usize, kinds: &[String]) -> Outcome {
    let is_wanted = |kind: &str| kinds.is_empty() || kinds.iter().any(|wanted| wanted == kind);
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    cmd!(
        shell,
        "cargo bench --package outbound-http --bench replay --no-run"
    )
    .run()?;
    let site = LargeSite::serve(shell, sheets)?;
    let scanned = Scanned::new(&site, sheets)?;
    let reading = median(|| scanned.read())?;
    heading("the store");
    line("catalog list", sheets, reading, None);
    for catalog in Catalog::ALL {
        if is_wanted(catalog.kind()) {
            heading(catalog.kind());
            remote(shell, &scanned, catalog, reading)?;
        }
    }
    for kind in FILES {
        if is_wanted(kind) {
            heading(kind);
            let follower = format!("kind = {kind}, path = export");
            let first = median(|| scanned.first_delivery(kind, &follower))?;
            line("first delivery", sheets, first, None);
            let more = first.peak - reading.peak;
            aim("MiB above reading", more, MAX_MORE);
        }
    }
    if is_wanted("postgresql") {
        println!();
        database::run(shell, sheets)?;
    }
    Ok(())
}

/// Measures a kind that sends requests.
fn remote(shell: &Shell, scanned: &Scanned, catalog: Catalog, reading: Measure) -> Outcome {
    let sink = Sink::start(catalog)?;
    let (kind, url) = (catalog.kind(), sink.url());
    let follower = format!("kind = {kind}, url = \"{url}\", token = token");
    let record = scanned.folder().join("requests");
    sink.record(&record)?;
    scanned.first_delivery(kind, &follower)?;
    sink.end_record()?;
    let (mut firsts, mut floors) = (Vec::new(), Vec::new());
    let mut counts = Counts::default();
    for _ in 0..RUNS {
        let parallel = catalog.parallel().to_string();
        floors.push(replay(
            shell,
            &[&url, &parallel, &record.to_string_lossy()],
        )?);
        sink.take();
        firsts.push(scanned.first_delivery(kind, &follower)?);
        counts = sink.take();
    }
    scanned.scan_again(&follower)?;
    let unchanged = sink.take();
    fs::remove_file(record)?;
    let (floor, first) = (middle(floors), middle(firsts));
    line(
        "floor: the same requests",
        scanned.sheets(),
        floor,
        Some(floor),
    );
    line("first delivery", scanned.sheets(), first, Some(floor));
    aims(
        catalog,
        counts,
        (first.seconds / floor.seconds, first.peak - reading.peak),
    );
    aim("writes if nothing changed", unchanged.writes as f64, 0.0);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
fn aims(catalog: Catalog, counts: Counts, (ratio, more): (f64, f64)) {
    let Counts {
        requests, writes, ..
    } = counts;
    let megabytes = counts.bytes as f64 / 1e6;
    println!("{requests} requests, of which {writes} write; {megabytes:.0} MB");
    aim("times floor", ratio, MAX_RATIO);
    aim("MiB above reading", more, MAX_MORE);
    aim("bytes of the largest", counts.largest as f64, MAX_REQUEST);
    let parallel = catalog.parallel() as f64;
    aim("most at the same time", counts.in_flight as f64, parallel);
    // A request that waits for a connection also opens one, and uses the first that is free.
    aim("connections", counts.connections as f64, 2.0 * parallel);
}

/// Sends recorded requests again. Prints its seconds and its peak memory.
fn replay(shell: &Shell, arguments: &[&str]) -> Result<Measure, Box<dyn std::error::Error>> {
    let bench = [
        "bench",
        "--quiet",
        "--package",
        "outbound-http",
        "--bench",
        "replay",
        "--",
    ];
    let replay = cmd!(shell, "cargo {bench...} {arguments...}");
    Measure::printed(&replay.quiet().ignore_stderr().read()?)
}

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
fn heading(name: &str) {
    println!(
        "\n{name:<28} {:>8} {:>10} {:>14} {:>10}",
        "s", "items/s", "times floor", "peak MiB"
    );
}

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
fn line(name: &str, sheets: usize, measure: Measure, floor: Option<Measure>) {
    let Measure { seconds, peak, .. } = measure;
    let rate = sheets as f64 / seconds;
    let ratio = floor.map_or_else(String::new, |floor| {
        format!("{:.2}", seconds / floor.seconds)
    });
    println!("{name:<28} {seconds:>8.2} {rate:>10.0} {ratio:>14} {peak:>10.1}");
}
