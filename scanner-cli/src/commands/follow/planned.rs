//! Writes what a dry run plans to standard output, while it is planned.

use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use catalog_model::{
    FollowerName,
    follower::{Plan, Planned},
    with_causes,
};
use serde::Serialize;

use super::indented_json::indented;
use crate::{
    arguments::FollowFormat,
    delivery::{Deliverer, DeliveryRecord, DeliveryRun, PlannedRecord},
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    environment::Environment,
    exit::Exit,
    json_text::{escape_json, write_json},
    printable,
    problem::Problem,
    program::Program,
};

/// Standard output during dry runs. Clones share it.
#[derive(Clone)]
pub(super) struct Output(Arc<Mutex<State>>);

struct State {
    output: Box<dyn Write + Send>,
    format: FollowFormat,
    /// Stops the dry run if standard output is closed.
    deliverer: Deliverer,
    follower: String,
    /// What was planned for each follower so far.
    counts: Vec<Counts>,
    error: Option<io::Error>,
}

/// What was planned for a follower.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) files: u64,
    pub(super) statements: u64,
}

impl Output {
    /// Takes standard output until [`finish`](Self::finish).
    pub(super) fn new(
        environment: &mut Environment,
        format: FollowFormat,
        deliverer: Deliverer,
    ) -> Self {
        let output = std::mem::replace(&mut environment.output, Box::new(io::sink()));
        Self(Arc::new(Mutex::new(State {
            output,
            format,
            deliverer,
            follower: String::new(),
            counts: Vec::new(),
            error: None,
        })))
    }

    /// Begins the dry run of a follower.
    pub(super) fn begin(&self, follower: &FollowerName) {
        let mut state = self.state();
        state.follower = follower.to_string();
        state.counts.push(Counts::default());
    }

    /// The receiver of what is planned for this follower.
    pub(super) fn plan(&self) -> Plan {
        let output = self.clone();
        Plan::new(move |planned| output.state().add(&planned))
    }

    /// Ends the dry run of a follower.
    pub(super) fn end(&self, run: &DeliveryRun) {
        let mut state = self.state();
        if state.format == FollowFormat::Ndjson {
            state.write(&lines([DeliveryRecord::of_dry_run(run)]));
        }
    }

    /// Whether standard output cannot be written.
    pub(super) fn has_failed(&self) -> bool {
        self.state().error.is_some()
    }

    /// Returns standard output, and what was planned for each follower.
    pub(super) fn finish(self, program: &mut Program) -> Result<Vec<Counts>, Exit> {
        let mut state = self.state();
        let output = std::mem::replace(&mut state.output, Box::new(io::sink()));
        program.environment.output = output;
        let written = match state.error.take() {
            Some(error) => Err(error),
            None => program.environment.output.flush(),
        };
        let written = unless_broken_pipe(written, Path::new(STANDARD_OUTPUT));
        match written {
            Ok(()) => Ok(std::mem::take(&mut state.counts)),
            Err(error) => {
                program.report_problem(&Problem::general(with_causes(&error), None));
                Err(Exit::Failed)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, planned: &Planned) {
        let mut number = 0;
        if let Some(counts) = self.counts.last_mut() {
            match planned {
                Planned::Request { .. } => counts.requests += 1,
                Planned::File { .. } => counts.files += 1,
                _ => counts.statements += 1,
            }
            number = counts.requests + counts.files + counts.statements;
        }
        let text = match self.format {
            FollowFormat::Ndjson => lines([PlannedRecord::new(&self.follower, planned)]),
            FollowFormat::Text => {
                let shown = text(&self.follower, number, planned);
                printable::lines(&shown).into_owned()
            }
        };
        self.write(&text);
    }

    fn write(&mut self, text: &str) {
        if self.error.is_some() {
            return;
        }
        if let Err(error) = self.output.write_all(text.as_bytes()) {
            self.error = Some(error);
            self.deliverer.stop();
        }
    }
}

/// Records as NDJSON.
pub(super) fn lines(records: impl IntoIterator<Item = impl Serialize>) -> String {
    let mut lines = Vec::new();
    for record in records {
        // Writing to memory does not fail.
        let _ = write_json(&mut lines, &record);
        lines.push(b'\n');
    }
    String::from_utf8_lossy(&lines).into_owned()
}

/// Something that would be written, as text: a request looks as in HTTP. JSON is indented, and its unprintable characters
/// are escaped.
fn text(follower: &str, number: u64, planned: &Planned) -> String {
    let shown = match planned {
        Planned::Request {
            method,
            url,
            headers,
            body,
        } => {
            let headers = headers.iter();
            let headers: String = headers
                .map(|(name, value)| format!("{name}: {value}\n"))
                .collect();
            let body = body.as_deref().map(|body| match indented(body) {
                Some(json) => format!("\n{}\n", escape_json(&json)),
                None => format!("\n{body}\n"),
            });
            format!("{method} {url}\n{headers}{}", body.unwrap_or_default())
        }
        Planned::File { path, items } => {
            let items = catalog_model::counted(*items, "item");
            format!("WRITE {path}\n{items}\n")
        }
        Planned::Statement { target, text, rows } => {
            let rows = catalog_model::counted(*rows, "row");
            format!("{target}: {rows}\n{text}\n")
        }
        _ => return String::new(),
    };
    format!("### {follower} {number}\n{shown}\n")
}
