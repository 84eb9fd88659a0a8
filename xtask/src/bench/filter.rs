//! `cargo xtask bench filter`: what a filter of 20 terms costs, as a ratio to a scan without it in the same run. All terms
//! are asked of each sheet, and all sheets stay.
//! What is looked for is smaller than what the machine does besides, which only adds: so the least of each counts, and
//! what the threads took of the processors before what the clock says.

use std::fs;

use xshell::{Shell, cmd};

use super::{
    large_site::LargeSite,
    measure::{Measure, measured},
};
use crate::Outcome;

/// Each way is measured so often, in turn.
const ROUNDS: usize = 9;

/// What no sheet of the site has, so that no `or` ends early.
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

#[expect(clippy::print_stdout, reason = "the figures are there to be read")]
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
                return Err(format!("{items} items were written of {sheets} sheets").into());
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
        ("20 terms, all asked", &with),
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
