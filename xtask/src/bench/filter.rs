//! `cargo xtask bench filter`: what a filter of 20 terms costs, as a ratio to a scan without it in the same run. All terms
//! are asked of each sheet, and all sheets stay.
//! What is looked for is smaller than what the machine does besides, which only adds: so the fastest of each counts.

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
    let (without, with) = (fastest(&without)?, fastest(&with)?);
    println!(
        "{:<28} {:>8} {:>14} {:>10}",
        "", "s", "times bare", "peak MiB"
    );
    for (name, measure) in [
        ("scan without a filter", without),
        ("20 terms, all asked", with),
    ] {
        let ratio = measure.seconds / without.seconds;
        println!(
            "{name:<28} {:>8.2} {ratio:>14.2} {:>10.1}",
            measure.seconds, measure.peak
        );
    }
    Ok(())
}

fn fastest(measures: &[Measure]) -> Result<Measure, &'static str> {
    let fastest = measures
        .iter()
        .min_by(|a, b| a.seconds.total_cmp(&b.seconds));
    fastest.copied().ok_or("nothing was measured")
}
