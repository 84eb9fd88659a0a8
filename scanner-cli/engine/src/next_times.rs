//! The next scan times of a shown settings file.

use std::path::Path;

use catalog_model::Place;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::{
    hocon::{Node, Object, Severity, SourceDiagnostic, Value},
    installation::Installation,
    problem::Problem,
    schedule::Preview,
};

/// The next scan times, from the schedule of the shown file or of `conf/application.conf`.
pub struct NextTimes {
    preview: Preview,
    /// The setting, and its file if it is not the shown one.
    source: String,
}

/// The schedule setting of a connection file.
const OWN: &str = "schedule";

impl NextTimes {
    /// The times as a line of text.
    pub fn as_text(&self) -> String {
        let Self { preview, source } = self;
        let (times, zone) = (preview.local_times(), preview.zone());
        format!("next times by {source}: {times} ({zone})")
    }

    /// Adds the times to the JSON of the settings.
    pub fn add_to(&self, settings: &mut Json) {
        if let Json::Object(settings) = settings {
            settings.insert("next_times".to_owned(), json!(self.preview.times()));
        }
    }
}

impl Installation {
    /// The next scan times of a file with these settings, if it is a connection file or `conf/application.conf`, and a
    /// schedule is set. Errors are added to `problems`.
    pub fn next_times(
        &self,
        path: &Path,
        root: &Object,
        problems: &mut Vec<Problem>,
    ) -> Option<NextTimes> {
        let own = text(root, OWN);
        let is_connection = root.get("connector_id").is_some();
        let is_application = same_file(path, &self.home.settings());
        if !(own.is_some() || is_connection || is_application) {
            return None;
        }
        let (schedule, zone) = match self.application() {
            Ok(application) => {
                let schedule = application.automation.schedule.expression();
                (schedule.map(str::to_owned), application.automation.zone)
            }
            Err(error) => {
                problems.extend(error.problems);
                (None, TimeZone::system())
            }
        };
        let (expression, source, place) = match (own, schedule) {
            (Some((own, place)), _) if !is_application => (own, format!("`{OWN}`"), Some(place)),
            (_, schedule) => (
                schedule?,
                "`automation` of `conf/application.conf`".to_owned(),
                None,
            ),
        };
        match Preview::new(&expression, (self.clock)(), &zone) {
            Ok(preview) => Some(NextTimes { preview, source }),
            Err(error) => {
                let message = format!("{source} is not a valid schedule: {error}");
                let hint = error.hint().map(str::to_owned);
                problems.push(problem(place, message, hint));
                None
            }
        }
    }
}

/// An error, at its place in the shown file if it has one.
fn problem(place: Option<Place>, message: String, hint: Option<String>) -> Problem {
    match place {
        None => Problem::general(message, hint),
        Some(place) => Problem::InFile(SourceDiagnostic {
            severity: Severity::Error,
            place,
            length: 1,
            message,
            hint,
            line: None,
            unresolved: None,
        }),
    }
}

/// The text of a setting, and its place.
fn text(root: &Object, key: &str) -> Option<(String, Place)> {
    let Node { value, place, .. } = root.get(key)?;
    match value {
        Value::String(text) | Value::Number(text) if !text.trim().is_empty() => {
            Some((text.clone(), place.clone()))
        }
        _ => None,
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    let full = |path: &Path| path.canonicalize().ok();
    full(one).is_some() && full(one) == full(other)
}
