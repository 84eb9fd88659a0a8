//! The schedule of the scanner or of a connection, with its next three times.

use serde::Serialize;

use crate::schedule::Preview;

/// A schedule with its next times; without an expression, it is 24 hours after the last scan.
#[derive(Default, Serialize)]
pub(super) struct ShownSchedule {
    schedule: Option<String>,
    next_times: Vec<String>,
    /// What people see of it.
    #[serde(skip)]
    lines: Option<[(&'static str, String); 2]>,
}

impl ShownSchedule {
    pub(super) fn new(preview: &Preview) -> Self {
        let expression = format!("{} ({})", preview.expression(), preview.zone());
        Self {
            schedule: Some(preview.expression().to_owned()),
            next_times: preview.times(),
            lines: Some([
                ("schedule", expression),
                ("next times", preview.local_times()),
            ]),
        }
    }

    /// The same without lines for people, who see it elsewhere.
    pub(super) fn without_lines(self) -> Self {
        Self {
            lines: None,
            ..self
        }
    }

    /// Headings and contents for people.
    pub(super) fn lines(&self) -> &[(&'static str, String)] {
        self.lines.as_ref().map_or(&[], |lines| lines)
    }
}
