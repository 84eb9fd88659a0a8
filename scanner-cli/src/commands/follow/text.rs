//! Deliveries as text.

use catalog_model::{counted, with_causes};

use super::planned::Counts;
use crate::{delivery::DeliveryRun, printable::Page};

/// Maximum number of refused items that are listed for a follower.
const MAX_LISTED_REFUSALS: usize = 20;

/// How deliveries ended.
pub(super) fn deliveries(runs: &[DeliveryRun], is_quiet: bool) -> String {
    let mut text = Page::default();
    for run in runs.iter().filter(|run| !is_quiet || !run.is_complete()) {
        writeln!(text, "follower {}: {}", run.follower, outcome(run));
        write_delivered(&mut text, run, "wrote");
        write_refused(&mut text, run);
        write_notices(&mut text, run);
        write_error(&mut text, run);
        for line in run.unmaintained_files() {
            writeln!(text, "  {line}");
        }
    }
    text.into()
}

/// How dry runs ended, with what was planned for each follower.
pub(super) fn dry_runs(runs: &[DeliveryRun], counts: &[Counts], is_quiet: bool) -> String {
    let mut text = Page::default();
    for (run, counts) in runs.iter().zip(counts) {
        let is_assumed = (run.outcome.iter()).any(|delivery| delivery.assumed_empty.is_some());
        if is_quiet && run.is_complete() && !is_assumed {
            continue;
        }
        let planned = [
            (counts.requests, "request"),
            (counts.files, "file"),
            (counts.statements, "statement"),
        ];
        let planned = planned.iter().filter(|(count, _)| *count > 0);
        let planned: Vec<_> = planned.map(|(count, noun)| counted(*count, noun)).collect();
        let planned = match planned.is_empty() {
            true => "nothing to write".to_owned(),
            false => planned.join(", "),
        };
        writeln!(text, "follower {}: dry run, {planned}", run.follower);
        write_delivered(&mut text, run, "to write");
        write_refused(&mut text, run);
        write_notices(&mut text, run);
        write_assumed(&mut text, run);
        write_error(&mut text, run);
    }
    text.into()
}

fn outcome(run: &DeliveryRun) -> &'static str {
    match &run.outcome {
        Err(error) if error.is_stopped() => "interrupted",
        Err(_) => "failed",
        Ok(_) if !run.is_complete() => "partial",
        Ok(delivery) if delivery.delivered.is_empty() => "complete, nothing to write",
        Ok(_) => "complete",
    }
}

fn write_delivered(text: &mut Page, run: &DeliveryRun, heading: &str) {
    let delivered = run.outcome.iter().flat_map(|delivery| &delivery.delivered);
    for delivered in delivered {
        let items = counted(delivered.items, "item");
        let (code, target) = (&delivered.connection, &delivered.target);
        writeln!(text, "  {heading:9} {items} of {code} to {target}");
    }
}

fn write_refused(text: &mut Page, run: &DeliveryRun) {
    let refused = run.outcome.iter().flat_map(|delivery| &delivery.refused);
    for refusal in refused.clone().take(MAX_LISTED_REFUSALS) {
        writeln!(text, "  refused   `{}`: {}", refusal.key, refusal.message);
    }
    let more = refused.skip(MAX_LISTED_REFUSALS).count();
    if more > 0 {
        writeln!(text, "            and {more} more");
    }
}

fn write_notices(text: &mut Page, run: &DeliveryRun) {
    for notice in run.outcome.iter().flat_map(|delivery| &delivery.notices) {
        writeln!(text, "  note      {notice}");
    }
}

fn write_assumed(text: &mut Page, run: &DeliveryRun) {
    let assumed = run
        .outcome
        .iter()
        .flat_map(|delivery| &delivery.assumed_empty);
    for error in assumed {
        writeln!(
            text,
            "  warning   the catalog did not answer, so it is assumed to be empty: {error}"
        );
    }
}

fn write_error(text: &mut Page, run: &DeliveryRun) {
    let Err(error) = &run.outcome else {
        return;
    };
    if error.is_stopped() {
        return;
    }
    writeln!(text, "  {}", with_causes(error));
    if let Some(hint) = error.hint() {
        text.write_advice("  try: ", hint);
    }
}
