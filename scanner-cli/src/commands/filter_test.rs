//! `filter test`: which sheets of the site, or with `--offline` of the store, the filters of a connection keep and exclude.
//!
//! The list goes to standard output. Nothing is stored, except the session.

use std::path::Path;

use catalog_model::{Completeness, counted, with_causes};

use super::{explain::report_unreadable, selection::select, signals::interrupted};
use crate::{
    arguments::FilterTest,
    connections::Ready,
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    exit::Exit,
    filter_trial::{Trial, TrialResult},
    printable::Page,
    problem::Problem,
    program::Program,
    report::filter_line,
};

pub(crate) async fn run(program: &mut Program, arguments: FilterTest) -> Exit {
    let FilterTest { code, offline } = arguments;
    let mut selected = match select(program, &[code]) {
        Ok(selected) => selected,
        Err(exit) => return exit,
    };
    let mut exits = Vec::from_iter(program.report_problems(&selected.take_problems()));
    let ready = selected.ready.iter();
    let held: Vec<_> = ready
        .map(|ready| (ready.connection.hold_session(), ready))
        .collect();
    for (hold, ready) in held {
        if offline {
            exits.push(match program.installation.try_filters_offline(ready) {
                Ok(tried) => report(program, ready, tried),
                Err(error) => program.report_error(&error),
            });
            continue;
        }
        tokio::select! {
            tried = program.installation.try_filters(ready, hold) => exits.push(report(program, ready, tried)),
            () = interrupted(program) => return Exit::Interrupted,
        }
    }
    Exit::worst_of(&exits)
}

fn report(program: &mut Program, ready: &Ready, tried: TrialResult) -> Exit {
    let (mut trial, completeness) = match tried {
        Ok(tried) => tried,
        Err(error) => return report_unreadable(program, ready, &error),
    };
    let written = trial.copy(program.environment.output.as_mut());
    if let Err(error) = unless_broken_pipe(written, Path::new(STANDARD_OUTPUT)) {
        program.report_problem(&Problem::general(with_causes(&error), None));
        return Exit::Failed;
    }
    program.report_note(summary(&trial, &format!("{} ({})", ready.code, ready.name)).as_str());
    match completeness {
        Completeness::Complete => Exit::Complete,
        Completeness::Partial(reasons) => {
            let mut text = Page::default();
            for reason in reasons {
                writeln!(text, "  the result may be incomplete: {reason}");
            }
            program.report(text.as_str());
            Exit::Partial
        }
    }
}

fn summary(trial: &Trial, connection: &str) -> Page {
    let mut text = Page::default();
    writeln!(
        text,
        "{connection}: {} kept, {} excluded, {} undecided",
        counted(trial.kept, "item"),
        trial.excluded,
        trial.undecided
    );
    if trial.rules.is_empty() {
        writeln!(
            text,
            "  no filter is set: set `filter` or `filters` in its file"
        );
    }
    for (rule, count) in &trial.rules {
        writeln!(text, "{}", filter_line(rule, *count));
    }
    for warning in &trial.warnings {
        writeln!(text, "  warning   {}", warning.message);
        if let Some(hint) = &warning.hint {
            text.write_advice("            ", hint);
        }
    }
    text
}
