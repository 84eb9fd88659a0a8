//! `filter test CODE`: what the filters of a connection would keep and leave out of what its site has now, or with
//! `--offline` of what the store holds. Nothing is written but the list, on standard output, and the session.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, Write},
    path::Path,
    sync::Arc,
};

use catalog_model::{
    Completeness, Diagnostic, IdLedger, InventoryEntry, Observation, Progress, ScanError, ScanSink,
    SessionHold, SinkError, counted,
    filter::{FilterRule, RuleCount},
    printable, with_causes,
};

mod offline;

use self::offline::Stopped;
use super::{catalog, selection::select, signals::interrupted};
use crate::{
    arguments::{FilterTest, OfConnection},
    connections::Ready,
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    exit::Exit,
    export_line::label,
    kept_session::KeptSession,
    printable::Page,
    problem::Problem,
    program::Program,
    report::filter_line,
    spool::Ledger,
    store_problem::StoreProblem,
};

/// How a trial ended.
type Tried = Result<(Trial, Completeness), ScanError>;

/// What a trial saw. Its lines wait in a file: a scan that begins again takes them back.
struct Trial {
    lines: BufWriter<File>,
    stay: u64,
    go: u64,
    undecided: u64,
    rules: Vec<(Arc<FilterRule>, RuleCount)>,
    warnings: Vec<Diagnostic>,
}

pub(crate) async fn run(program: &mut Program, arguments: FilterTest) -> Exit {
    let FilterTest { code, offline } = arguments;
    let mut selected = match select(program, &[code]) {
        Ok(selected) => selected,
        Err(exit) => return exit,
    };
    let told = program.report_problems(&selected.take_problems());
    let mut exits = Vec::from_iter(told);
    let ready = selected.ready.iter();
    let held: Vec<_> = ready
        .map(|ready| (ready.connection.hold_session(), ready))
        .collect();
    for (hold, ready) in held {
        if offline {
            exits.push(try_offline(program, ready).unwrap_or_else(|exit| exit));
            continue;
        }
        tokio::select! {
            tried = read(program, ready, hold) => exits.push(tell(program, ready, tried)),
            () = interrupted(program) => return Exit::Interrupted,
        }
    }
    Exit::of(&exits)
}

/// Tries the filters on what the store holds.
fn try_offline(program: &mut Program, ready: &Ready) -> Result<Exit, Exit> {
    let catalog = catalog::open(program)?;
    let of = OfConnection {
        connection: Some(ready.code.to_string()),
    };
    let Some(stored) = catalog::connection(program, &catalog, &of)? else {
        return Ok(Exit::Complete);
    };
    match offline::read(ready, &catalog, stored) {
        Ok(trial) => Ok(tell(program, ready, Ok((trial, Completeness::Complete)))),
        Err(Stopped::Scan(error)) => Ok(tell(program, ready, Err(error))),
        Err(Stopped::Store(error)) => {
            program.report_problem(&error.problem());
            Err(Exit::from(error.operation_kind()))
        }
    }
}

/// Reads the connection in the session that is kept for it.
async fn read(program: &Program, ready: &Ready, hold: SessionHold) -> Tried {
    let session = KeptSession::resume(
        ready.connection.as_ref(),
        &program.installation.home,
        &ready.code,
    );
    let mut trial = Trial::new()?;
    let read = ready.connection.inventory(&mut trial).await;
    trial.warnings.extend(session.end(hold).await);
    read.map(|completeness| (trial, completeness))
}

fn tell(program: &mut Program, ready: &Ready, tried: Tried) -> Exit {
    let (code, name) = (&ready.code, &ready.name);
    let (mut trial, completeness) = match tried {
        Ok(tried) => tried,
        Err(error) => {
            let hint = match &error {
                ScanError::Source { hint, .. } => hint.clone(),
                _ => None,
            };
            let message = format!("{code} ({name}) cannot be read: {}", with_causes(&error));
            program.report_problem(&Problem::general(message, hint));
            return Exit::Failed;
        }
    };
    let written = trial.copy(program.environment.output.as_mut());
    if let Err(error) = unless_broken_pipe(written, Path::new(STANDARD_OUTPUT)) {
        program.report_problem(&Problem::general(with_causes(&error), None));
        return Exit::Failed;
    }
    program.report_note(trial.summary(&format!("{code} ({name})")).as_str());
    match completeness {
        Completeness::Complete => Exit::Complete,
        Completeness::Partial(reasons) => {
            let mut text = Page::default();
            for reason in reasons {
                writeln!(text, "  something may be hidden: {reason}");
            }
            program.report(text.as_str());
            Exit::Partial
        }
    }
}

impl Trial {
    fn new() -> Result<Self, SinkError> {
        let file = tempfile::tempfile().map_err(cannot_keep)?;
        Ok(Self {
            lines: BufWriter::new(file),
            stay: 0,
            go: 0,
            undecided: 0,
            rules: Vec::new(),
            warnings: Vec::new(),
        })
    }

    fn line(&mut self, line: &str) -> Result<(), SinkError> {
        writeln!(self.lines, "{}", printable(line)).map_err(cannot_keep)
    }

    /// Takes something of which nobody knows whether it stays.
    fn undecided(&mut self, what: &str, why: &str) -> Result<(), SinkError> {
        self.undecided += 1;
        self.line(&format!("undecided  {what}  {why}"))
    }

    fn copy(&mut self, output: &mut dyn Write) -> io::Result<()> {
        self.lines.flush()?;
        let file = self.lines.get_mut();
        file.rewind()?;
        io::copy(file, output)?;
        output.flush()
    }

    fn summary(&self, connection: &str) -> Page {
        let mut text = Page::default();
        writeln!(
            text,
            "{connection}: {} stay, {} go, {} undecided",
            counted(self.stay, "item"),
            self.go,
            self.undecided
        );
        if self.rules.is_empty() {
            writeln!(
                text,
                "  it has no filter: set `filter` or `filters` in its file"
            );
        }
        for (rule, count) in &self.rules {
            writeln!(text, "{}", filter_line(rule, *count));
        }
        for warning in &self.warnings {
            writeln!(text, "  warning   {}", warning.message);
            if let Some(hint) = &warning.hint {
                writeln!(text, "            {hint}");
            }
        }
        text
    }
}

impl ScanSink<InventoryEntry> for Trial {
    fn observe(&mut self, observation: Observation<InventoryEntry>) -> Result<(), SinkError> {
        match observation {
            Observation::Item(item, _) => {
                self.stay += 1;
                let catalog = item.catalog.map(|catalog| format!("  catalog {catalog}"));
                let (key, catalog) = (item.key, catalog.unwrap_or_default());
                let way = label(&item.label);
                self.line(&format!("stays      {way}  {key}{catalog}"))
            }
            Observation::Excluded(item) => {
                self.go += 1;
                let (key, rule, way) = (item.key, item.rule, label(&item.label));
                self.line(&format!("goes       {way}  {key}  by {rule}"))
            }
            Observation::Undecided(item) => {
                let what = format!("{}  {}", label(&item.label), item.key);
                self.undecided(&what, &item.reason)
            }
            Observation::Unreadable(record) => self.undecided(&record.place, &record.reason),
            Observation::Unchanged(_)
            | Observation::Container(_)
            | Observation::HiddenContainers(_) => Ok(()),
        }
    }

    fn restart(&mut self, _: &str) -> Result<(), SinkError> {
        (self.stay, self.go, self.undecided) = (0, 0, 0);
        self.rules.clear();
        self.warnings.clear();
        self.lines.rewind().map_err(cannot_keep)?;
        self.lines.get_mut().set_len(0).map_err(cannot_keep)
    }

    fn warn(&mut self, warning: Diagnostic) {
        self.warnings.push(warning);
    }

    fn progress(&mut self, progress: Progress) {
        if let Progress::FilterRule { rule, count } = progress {
            self.rules.push((rule, count));
        }
    }

    fn ledger(&mut self) -> Box<dyn IdLedger> {
        Box::new(Ledger::new(&std::env::temp_dir()))
    }
}

fn cannot_keep(error: io::Error) -> SinkError {
    SinkError {
        message: "the list cannot be kept in a temporary file".to_owned(),
        source: Some(Box::new(error)),
    }
}
