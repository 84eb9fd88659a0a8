//! Checks all files of a home without connecting to any site.

use std::{path::Path, time::Duration};

use catalog_model::{Stage, Verdict, counted};
use jiff::{Timestamp, tz::TimeZone};

use super::{CONNECTION_FILE, CheckReport, with_place};
use crate::{
    automation::Automation,
    connections::Ready,
    home::shown,
    hooks,
    installation::Installation,
    operation_error::{OperationError, OperationErrorKind},
    problem::Problem,
    schedule::{Preview, Schedule},
};

/// The stage of `conf/application.conf`.
const SETTINGS: &str = "settings";
/// The stage of a hook file.
const HOOK: &str = "hook";
/// The stage of the schedule of a connection.
const SCHEDULE: &str = "schedule";

/// The results of an offline check.
#[derive(Default)]
pub struct OfflineCheck {
    /// Where the catalog is in a browser, and who may see it.
    pub catalog: Option<String>,
    /// The connection files.
    pub connections: Vec<CheckReport>,
    /// The followers.
    pub followers: Vec<CheckReport>,
    /// The other files.
    pub others: Vec<CheckReport>,
    /// All errors and warnings, in the order in which they were found.
    pub problems: Vec<Problem>,
}

impl Installation {
    /// Checks all files of the home. Of the connection files, it checks those with these codes, or all if `codes` is
    /// empty.
    ///
    /// # Errors
    /// If no file has one of the codes. Invalid files are not an error; they are in the result.
    pub fn check_offline(&self, codes: &[String]) -> Result<OfflineCheck, OperationError> {
        let mut check = OfflineCheck::default();
        let automation = check.settings(self);
        for file in hooks::files(&self.home, &self.variables) {
            check.file(HOOK, &file.path, file.problems);
        }
        match check.connections(self, codes, &automation) {
            // An unknown code is an error of the caller, whatever is wrong with other files.
            Err(mut error) if error.kind == OperationErrorKind::UnknownName => {
                error.problems.splice(0..0, check.problems);
                return Err(error);
            }
            Err(error) => check.problems.extend(error.problems),
            Ok(()) => {}
        }
        Ok(check)
    }
}

impl OfflineCheck {
    /// Checks `conf/application.conf`. Its schedule applies to connections without their own.
    fn settings(&mut self, installation: &Installation) -> Automation {
        let path = installation.home.settings();
        let (automation, problems) = match installation.application() {
            Ok(application) => {
                self.followers = (application.followers.iter())
                    .map(|follower| installation.follower_settings(follower))
                    .chain(installation.disabled_followers(&application))
                    .collect();
                self.catalog = application.http.and_then(|http| http.catalog());
                (application.automation, application.warnings)
            }
            Err(error) => (Automation::default(), error.problems),
        };
        if path.exists() || !problems.is_empty() {
            self.file(SETTINGS, &path, problems);
        }
        automation
    }

    /// Adds the result for a file that is not a connection file.
    fn file(&mut self, stage: &'static str, path: &Path, found: Vec<Problem>) {
        self.others.push(CheckReport {
            code: None,
            name: None,
            file: shown(path),
            stages: vec![file_stage(stage, path, &found)],
            summary: summary(path, &found),
        });
        self.problems.extend(found);
    }

    fn connections(
        &mut self,
        installation: &Installation,
        codes: &[String],
        automation: &Automation,
    ) -> Result<(), OperationError> {
        // The errors in it were already reported by `settings`.
        if installation.restrictions().is_err() {
            let message =
                "the connection files were not checked, because `conf/application.conf` has errors";
            let hint = "fix the errors in `conf/application.conf` first".to_owned();
            let problem = Problem::general(message, hint);
            return Err(OperationError::configuration(vec![problem]));
        }
        let mut selected = installation.select(codes)?;
        for file in std::mem::take(&mut selected.invalid) {
            self.problems.extend(file.problems.iter().cloned());
            let summary = summary(&file.path, &file.problems);
            let mut checked = CheckReport::invalid(file, &installation.connectors);
            checked
                .stages
                .retain(|stage| stage.verdict != Verdict::NotReached);
            checked.summary = summary;
            self.connections.push(checked);
        }
        self.problems.append(&mut selected.problems);
        let now = (installation.clock)();
        for ready in &selected.ready {
            self.connections.push(check_ready(ready, automation, now));
        }
        for (code, path) in selected.disabled {
            let seen = format!(
                "{}, disabled: the settings of its source were not validated",
                shown(&path)
            );
            self.connections.push(CheckReport {
                code: Some(code.to_string()),
                name: None,
                file: shown(&path),
                stages: vec![Stage::ok(CONNECTION_FILE, seen, Duration::ZERO)],
                summary: None,
            });
        }
        Ok(())
    }
}

/// The number of errors and warnings in a file; `None` for a file without problems.
fn summary(path: &Path, problems: &[Problem]) -> Option<String> {
    let errors = problems.iter().filter(|one| one.is_error()).count();
    let counts = [(errors, "error"), (problems.len() - errors, "warning")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(count, word)| counted(count as u64, word))
        .collect();
    (!counts.is_empty()).then(|| format!("{}: {}", shown(path), counts.join(", ")))
}

/// The problems of a file, as one stage.
fn file_stage(stage: &'static str, path: &Path, problems: &[Problem]) -> Stage {
    let error = problems.iter().find(|problem| problem.is_error());
    let Some(worst) = error.or(problems.first()) else {
        return Stage::ok(stage, shown(path), Duration::ZERO);
    };
    let more = match problems.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let verdict = match error {
        Some(_) => Verdict::Failed,
        None => Verdict::Warning,
    };
    let hint = worst.hint().map(str::to_owned);
    Stage::ok(stage, with_place(worst) + &more, Duration::ZERO).but(verdict, hint)
}

fn check_ready(ready: &Ready, automation: &Automation, now: Timestamp) -> CheckReport {
    let file = shown(&ready.path);
    let mut stages = vec![Stage::ok(CONNECTION_FILE, file.clone(), Duration::ZERO)];
    stages.extend(ready.connection.check_offline());
    stages.push(schedule(ready, automation, now));
    CheckReport {
        code: Some(ready.code.to_string()),
        name: Some(ready.name.clone()),
        file,
        stages,
        summary: None,
    }
}

fn schedule(ready: &Ready, automation: &Automation, now: Timestamp) -> Stage {
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
