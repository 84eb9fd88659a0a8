//! The context of all commands, and how commands print.

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
    local_time::LocalTime,
    log::Log,
    operation_error::{OperationError, OperationErrorKind},
    printable::lines,
    problem::Problem,
    progress_line::Display,
    report::{ShownReports, render},
    run_report::Report,
    scanning::{Context, ScanExtent},
    store::Store,
};

/// The context of all commands.
pub(crate) struct Program {
    pub(crate) installation: Installation,
    pub(crate) environment: Environment,
    pub(crate) display: Display,
    pub(crate) log: Log,
    /// Whether only errors and incomplete results are printed.
    pub(crate) quiet: bool,
    /// The reported warnings without a place in a file.
    pub(crate) reported_warnings: BTreeSet<String>,
    /// Colors of texts on standard error.
    pub(crate) errors_colors: Colors,
    /// Stops the process after a signal.
    pub(crate) end: End,
}

impl Program {
    /// The context of all scans of this run.
    pub(crate) fn scan_context(&self, store: Option<Arc<Store>>) -> Context {
        Context {
            store,
            removals: Removals::Limited,
            extent: ScanExtent::Changes,
            home: self.installation.home.clone(),
            clock: self.environment.clock,
            display: Arc::new(self.display.clone()),
        }
    }

    /// Prints a text to standard error. Errors are ignored: standard error may be closed.
    pub(crate) fn report(&mut self, text: &str) {
        // Earlier log lines come first.
        self.log.flush(None);
        let text = lines(text);
        let _ = self.environment.errors.write_all(text.as_bytes());
    }

    /// Prints a problem. With `--quiet`, prints only errors.
    pub(crate) fn report_problem(&mut self, problem: &Problem) {
        // Connections and followers may use the same key or file of secrets: a warning about that is reported once.
        if !problem.is_error() && (self.quiet || !problem.is_new(&mut self.reported_warnings)) {
            return;
        }
        self.log.flush(None);
        // `lines` would replace its colors. Its texts have no unprintable characters.
        let text = format!("{}\n", problem.render(self.errors_colors));
        let _ = self.environment.errors.write_all(text.as_bytes());
    }

    /// Prints a note, unless `--quiet` is set.
    pub(crate) fn report_note(&mut self, text: &str) {
        if !self.quiet {
            self.report(text);
        }
    }

    /// Starts the report of a run. Prints the problems of its files immediately, because a scan may take long.
    pub(crate) fn begin_report(&mut self, problems: Vec<Problem>) -> Report {
        for problem in &problems {
            self.report_problem(problem);
        }
        Report::new((self.environment.clock)(), problems)
    }

    /// Prints the report of a run.
    pub(crate) fn report_scans(&mut self, report: &Report) {
        let shown = match self.quiet {
            true => ShownReports::NotComplete,
            false => ShownReports::All,
        };
        self.report(&render(report, shown));
    }

    /// Prints problems. Returns the exit code if there are errors.
    pub(crate) fn report_problems(&mut self, problems: &[Problem]) -> Option<Exit> {
        for problem in problems {
            self.report_problem(problem);
        }
        let has_errors = problems.iter().any(Problem::is_error);
        has_errors.then_some(Exit::Configuration)
    }

    /// Prints the error of an operation. Returns the exit code.
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

    /// Shows times to people.
    pub(crate) fn local_time(&self) -> LocalTime {
        LocalTime(self.environment.zone.clone())
    }

    /// Writes data to standard output. Returns `exit`, or the exit code of a write error.
    pub(crate) fn print(&mut self, text: &str, exit: Exit) -> Exit {
        self.write(lines(text).as_bytes(), exit)
    }

    /// Writes data of our own to standard output, without replacing characters. Returns the exit code.
    pub(crate) fn print_bytes(&mut self, bytes: &[u8]) -> Exit {
        self.write(bytes, Exit::Complete)
    }

    fn write(&mut self, bytes: &[u8], exit: Exit) -> Exit {
        match write_output(&mut self.environment, bytes) {
            Ok(()) => exit,
            Err(error) => {
                self.report_problem(&Problem::general(with_causes(&error), None));
                Exit::Failed
            }
        }
    }

    /// Prints why the command line is invalid.
    pub(crate) fn report_usage(&mut self, message: &str) -> Exit {
        self.report(&format!("error: {}\n", printable(message)));
        Exit::Usage
    }
}

/// Writes data to standard output. A closed pipe is not an error.
pub(crate) fn write_output(environment: &mut Environment, data: &[u8]) -> Result<(), SinkError> {
    let output = &mut environment.output;
    let written = output.write_all(data).and_then(|()| output.flush());
    unless_broken_pipe(written, Path::new(STANDARD_OUTPUT))
}
