//! `check --offline`: validates all files of a home. No site is asked.

use std::{path::Path, time::Duration};

use catalog_model::{Stage, Verdict};
use jiff::tz::TimeZone;

use super::{CONNECTION_FILE, Checked, of_invalid, show};
use crate::{
    application_file::{Application, ApplicationReading},
    arguments::{Check, ShowFormat},
    automation::Automation,
    connections::Ready,
    exit::Exit,
    home::shown,
    hooks,
    problem::Problem,
    program::Program,
    restrictions::Restrictions,
    schedule::{Preview, Schedule},
};

use super::super::selection::select;

/// The stage of `conf/application.conf`.
const SETTINGS: &str = "settings";
/// The stage of a hook file.
const HOOK: &str = "hook";
/// The stage of the times at which a connection is scanned.
const SCHEDULE: &str = "schedule";

/// All that was validated, and the exits that follow.
#[derive(Default)]
struct Validated {
    connections: Vec<Checked>,
    others: Vec<Checked>,
    outcomes: Vec<Exit>,
}

pub(super) fn run(program: &mut Program, arguments: &Check) -> Exit {
    let mut validated = Validated::default();
    let automation = validated.settings(program);
    validated.hooks(program);
    if let Err(exit) = validated.connections(program, &arguments.codes, &automation) {
        // A code that no connection has is a mistake of the command line, whatever the other files say.
        if exit == Exit::Usage {
            return exit;
        }
        validated.outcomes.push(exit);
    }
    let Validated {
        connections,
        others,
        outcomes,
    } = validated;
    let text = match arguments.format {
        ShowFormat::Text => show::as_text(others.iter().chain(&connections)),
        ShowFormat::Json => show::as_json(&connections, &others),
    };
    program.print(&text, Exit::of(&outcomes))
}

impl Validated {
    /// `conf/application.conf`; its schedule and time zone hold for connections without their own.
    fn settings(&mut self, program: &mut Program) -> Automation {
        let path = program.home.settings();
        let read = Application::read(&ApplicationReading {
            home: &program.home,
            variables: &program.environment.variables,
            now: (program.environment.clock)(),
        });
        let (automation, problems) = match read {
            Ok(application) => (application.automation, application.warnings),
            Err(problems) => (Automation::default(), problems),
        };
        if path.exists() || !problems.is_empty() {
            self.file(program, SETTINGS, &path, &problems);
        }
        automation
    }

    fn hooks(&mut self, program: &mut Program) {
        for file in hooks::files(&program.home, &program.environment.variables) {
            self.file(program, HOOK, &file.path, &file.problems);
        }
    }

    /// One file that is not a connection file.
    fn file(&mut self, program: &mut Program, stage: &'static str, path: &Path, found: &[Problem]) {
        self.outcomes.extend(program.report_problems(found));
        self.others.push(Checked {
            code: None,
            name: None,
            file: shown(path),
            stages: vec![of_problems(stage, path, found)],
        });
    }

    fn connections(
        &mut self,
        program: &mut Program,
        codes: &[String],
        automation: &Automation,
    ) -> Result<(), Exit> {
        // What is wrong there was shown with the settings.
        if Restrictions::read(&program.home, &program.environment.variables).is_err() {
            let message = "the connection files were not validated: `conf/application.conf` says what they may use, and \
                           cannot be read";
            let hint = "fix the errors in `conf/application.conf` first".to_owned();
            program.report_problem(&Problem::general(message, hint));
            return Err(Exit::Configuration);
        }
        let mut selected = select(program, codes)?;
        let invalid = std::mem::take(&mut selected.invalid);
        for file in invalid {
            self.outcomes.push(Exit::Configuration);
            let _ = program.report_problems(&file.problems);
            let mut checked = of_invalid(program, file);
            checked
                .stages
                .retain(|stage| stage.verdict != Verdict::NotReached);
            self.connections.push(checked);
        }
        self.outcomes
            .extend(program.report_problems(&selected.problems));
        for ready in &selected.ready {
            self.connections.push(of_ready(program, ready, automation));
        }
        for (code, path) in selected.disabled {
            let seen = format!(
                "{}, disabled: the settings of its source are not read",
                shown(&path)
            );
            self.connections.push(Checked {
                code: Some(code.to_string()),
                name: None,
                file: shown(&path),
                stages: vec![Stage::ok(CONNECTION_FILE, seen, Duration::ZERO)],
            });
        }
        Ok(())
    }
}

/// What was found in a file, as one stage.
fn of_problems(stage: &'static str, path: &Path, problems: &[Problem]) -> Stage {
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let worst = problems
        .iter()
        .find(|problem| problem.is_error())
        .or(problems.first());
    let Some(worst) = worst else {
        return Stage::ok(stage, shown(path), Duration::ZERO);
    };
    let seen = match worst.place() {
        Some(place) => format!("{place}: {}", worst.message()),
        None => worst.message().to_owned(),
    };
    let more = match problems.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more, shown above)"),
    };
    let verdict = if errors > 0 {
        Verdict::Failed
    } else {
        Verdict::Warning
    };
    let hint = worst.hint().map(str::to_owned);
    Stage::ok(stage, seen + &more, Duration::ZERO).but(verdict, hint)
}

fn of_ready(program: &Program, ready: &Ready, automation: &Automation) -> Checked {
    let file = shown(&ready.path);
    let mut stages = vec![Stage::ok(CONNECTION_FILE, file.clone(), Duration::ZERO)];
    stages.extend(ready.connection.check_offline());
    let now = (program.environment.clock)();
    stages.push(schedule(ready, automation, now));
    Checked {
        code: Some(ready.code.to_string()),
        name: Some(ready.name.clone()),
        file,
        stages,
    }
}

fn schedule(ready: &Ready, automation: &Automation, now: jiff::Timestamp) -> Stage {
    let zone: &TimeZone = &automation.zone;
    let own = ready.schedule.as_ref().and_then(Schedule::expression);
    let (expression, source) = match own {
        Some(own) => (Some(own), ""),
        None => (
            automation.schedule.expression(),
            " of `conf/application.conf`",
        ),
    };
    let seen = match expression.map(|text| Preview::new(text, now, zone)) {
        Some(Ok(preview)) => format!(
            "`{}`{source}, next times {} ({})",
            preview.expression(),
            preview.local_times(),
            preview.zone()
        ),
        _ => "every 24 hours".to_owned(),
    };
    Stage::ok(SCHEDULE, seen, Duration::ZERO)
}
