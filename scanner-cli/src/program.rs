//! What every command works with, and how commands print.

use std::{collections::BTreeSet, io::Write, path::Path, sync::Arc};

use catalog_model::{SinkError, printable, with_causes};

use crate::{
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    end::End,
    environment::Environment,
    exit::Exit,
    fuse::Removals,
    hocon::Colors,
    installation::Installation,
    log::Log,
    operation_error::{OperationError, OperationErrorKind},
    printable::lines,
    problem::Problem,
    progress_line::Display,
    report::{ShownReports, render},
    run_report::Report,
    scanning::Context,
    store::Store,
};

/// What every command works with.
pub(crate) struct Program {
    pub(crate) installation: Installation,
    pub(crate) environment: Environment,
    pub(crate) display: Display,
    pub(crate) log: Log,
    /// Whether only errors, and what is not complete, are shown.
    pub(crate) quiet: bool,
    /// The warnings that were reported and are not at a place of a file.
    pub(crate) reported_warnings: BTreeSet<String>,
    /// Whether texts on standard error have colors.
    pub(crate) errors_colors: Colors,
    /// Asked by those who hear of signals.
    pub(crate) end: End,
}

impl Program {
    /// What the scans of this program share.
    pub(crate) fn scan_context(&self, store: Option<Arc<Store>>) -> Context {
        Context {
            store,
            removals: Removals::Limited,
            home: self.installation.home.clone(),
            clock: self.environment.clock,
            display: Arc::new(self.display.clone()),
        }
    }

    /// Tells people something; that standard error is gone is no reason to stop.
    pub(crate) fn report(&mut self, text: &str) {
        // What was logged before comes first.
        self.log.flush(None);
        let text = lines(text);
        let _ = self.environment.errors.write_all(text.as_bytes());
    }

    /// Tells a problem; warnings only if that is wanted.
    pub(crate) fn report_problem(&mut self, problem: &Problem) {
        // Connections and followers may use the same key or file of secrets: a warning about that is reported once.
        if !problem.is_error() && (self.quiet || !problem.is_new(&mut self.reported_warnings)) {
            return;
        }
        self.log.flush(None);
        // Its texts have no unprintable characters, unlike its colors.
        let text = format!("{}\n", problem.render(self.errors_colors));
        let _ = self.environment.errors.write_all(text.as_bytes());
    }

    /// Tells something that is no error.
    pub(crate) fn report_note(&mut self, text: &str) {
        if !self.quiet {
            self.report(text);
        }
    }

    /// The report of a run that begins. Problems with its files are reported at once: a scan may take long.
    pub(crate) fn begin_report(&mut self, problems: Vec<Problem>) -> Report {
        for problem in &problems {
            self.report_problem(problem);
        }
        Report::begun((self.environment.clock)(), problems)
    }

    /// Tells the report of a run.
    pub(crate) fn report_scans(&mut self, report: &Report) {
        let shown = match self.quiet {
            true => ShownReports::NotComplete,
            false => ShownReports::All,
        };
        self.report(&render(report, shown));
    }

    /// Tells problems; the exit that follows from them comes back, if one does.
    pub(crate) fn report_problems(&mut self, problems: &[Problem]) -> Option<Exit> {
        for problem in problems {
            self.report_problem(problem);
        }
        let wrong = problems.iter().any(Problem::is_error);
        wrong.then_some(Exit::Configuration)
    }

    /// Reports why an operation was not done. Returns the exit that follows.
    pub(crate) fn report_error(&mut self, error: &OperationError) -> Exit {
        if error.kind == OperationErrorKind::UnknownName
            && let Some((unknown, others)) = error.problems.split_last()
        {
            self.report_problems(others);
            return self.report_usage(unknown.message());
        }
        self.report_problems(&error.problems);
        error.kind.into()
    }

    /// Writes what was asked for to standard output; the exit is `exit`, unless it cannot be written.
    pub(crate) fn print(&mut self, text: &str, exit: Exit) -> Exit {
        match write_output(&mut self.environment, &lines(text)) {
            Ok(()) => exit,
            Err(error) => {
                self.report_problem(&Problem::general(with_causes(&error), None));
                Exit::Failed
            }
        }
    }

    /// Tells that the command line makes no sense, and why.
    pub(crate) fn report_usage(&mut self, message: &str) -> Exit {
        self.report(&format!("error: {}\n", printable(message)));
        Exit::Usage
    }
}

/// Writes data to standard output. A reader that has seen enough is no error.
pub(crate) fn write_output(environment: &mut Environment, text: &str) -> Result<(), SinkError> {
    let output = &mut environment.output;
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    unless_broken_pipe(written, Path::new(STANDARD_OUTPUT))
}
