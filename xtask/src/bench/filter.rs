//! `cargo xtask bench filter`: compares a scan with a filter of 20 terms with a scan without it. All terms are evaluated
//! for each sheet, and no sheet is excluded.
//! The difference is smaller than the noise of the machine, which can only slow a run down. So the benchmark compares the
//! minimum of each, and processor time rather than elapsed time.

use std::fs;

use xshell::{Shell, cmd};

use super::{
    large_site::LargeSite,
    measure::{Measure, measured},
};
use crate::Outcome;

/// Number of runs of each way; the ways alternate.
const ROUNDS: usize = 9;

/// Conditions that no sheet of the site meets, so that no `or` ends early.
const TERMS: [&str; 10] = [
    "stream = 'None'",
    "app starts with 'Test'",
    "sheet contains 'draft'",
    "owner ~ 'TEMP*'",
    "sheet_status in ('a', 'b', 'c')",
    "modified starts with '1999'",
    "(any t in tag match t = 'secret')",
    "(any t in app_tag match t ~ 'old*')",
    "app_id = 'x'",
    "owner_directory = 'TEMP'",
];

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    let site = LargeSite::serve(shell, sheets)?;
    let output = site.home.path().join("items.ndjson");
    let file = site.home.path().join("connections/bench.conf");
    let bare = fs::read_to_string(&file)?;
    let terms = [TERMS, TERMS].concat().join(" or ");
    let filtered = format!("{bare}filter = \"not ({terms})\"\n");
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (settings, measures) in [(&bare, &mut without), (&filtered, &mut with)] {
            fs::write(&file, settings)?;
            let arguments = ["scan", "--no-store", "--output"];
            measures.push(measured(site.scanner(&arguments).arg(&output))?);
            let items = fs::read_to_string(&output)?.lines().count();
            if items != sheets {
                return Err(format!("{items} items were written for {sheets} sheets").into());
            }
        }
    }
    println!(
        "{:<28} {:>8} {:>12} {:>8} {:>12} {:>10}",
        "", "CPU s", "times bare", "s", "times bare", "peak MiB"
    );
    let (cpu, seconds) = (
        least(&without, |one| one.cpu),
        least(&without, |one| one.seconds),
    );
    for (name, measures) in [
        ("scan without a filter", &without),
        ("20 terms, all evaluated", &with),
    ] {
        let (own_cpu, own) = (
            least(measures, |one| one.cpu),
            least(measures, |one| one.seconds),
        );
        println!(
            "{name:<28} {own_cpu:>8.2} {:>12.2} {own:>8.2} {:>12.2} {:>10.1}",
            own_cpu / cpu,
            own / seconds,
            least(measures, |one| one.peak)
        );
    }
    Ok(())
}

fn least(measures: &[Measure], of: impl Fn(&Measure) -> f64) -> f64 {
    measures.iter().map(of).fold(f64::INFINITY, f64::min)
}
