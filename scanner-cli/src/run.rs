//! The program: from what was typed to an exit code.

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use catalog_model::{ConnectorRegistry, SinkError, printable, with_causes};
use clap::{Parser, error::ContextValue};
use indicatif::MultiProgress;
use qlik_connector::QlikSense;

use crate::{
    arguments::{Arguments, CatalogCommand, Command, Config, Filter, Hook, LogFormat},
    commands,
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    environment::Environment,
    exit::Exit,
    fuse::Removals,
    hocon::Colors,
    home::Home,
    log::Log,
    printable::lines,
    problem::Problem,
    process::End,
    progress_line::Display,
    report::{Report, ShownReports, render},
    scanning::{Context, Keeping},
    terminal::{ColorChoice, is_dumb},
    verbosity::LogFilter,
};

/// What every command works with.
pub(crate) struct Program {
    pub(crate) home: Home,
    pub(crate) connectors: Arc<ConnectorRegistry>,
    pub(crate) environment: Environment,
    pub(crate) display: Display,
    pub(crate) log: Log,
    /// Whether only errors, and what is not complete, are shown.
    pub(crate) quiet: bool,
    /// Whether texts on standard error have colors.
    errors_colors: Colors,
    /// Asked by those who hear of signals.
    pub(crate) end: End,
}

/// How long the end of the program waits for a reader of the log.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Runs the program with these arguments, the first of which is its own name.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> Exit {
    run_until(arguments, environment, End::default()).await
}

/// Runs the program, and lets `end` know when somebody asks for its end.
pub(crate) async fn run_until(
    arguments: impl IntoIterator<Item = OsString>,
    mut environment: Environment,
    end: End,
) -> Exit {
    let typed: Vec<_> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(message) => {
            return tell_usage(message, ColorChoice::find(&typed), &mut environment);
        }
    };
    let home = (arguments.home.clone())
        .or_else(|| environment.home.clone())
        .unwrap_or_else(|| PathBuf::from("."));
    let filter = arguments.verbosity.filter(&environment.variables);
    let warning = filter.warning.clone();
    let display = display(&arguments, &environment);
    let mut program = Program {
        home: Home::new(home),
        connectors: Arc::new(ConnectorRegistry::default().with(Box::new(QlikSense::default()))),
        log: log(&arguments.command, filter, &display),
        display,
        quiet: arguments.verbosity.quiet,
        errors_colors: (arguments.color).colors(&environment.variables, environment.terminal),
        environment,
        end,
    };
    if let Some(message) = arguments.verbosity.contradiction() {
        return program.tell_usage(&message);
    }
    if let Some(warning) = warning {
        let hint = "write a level such as `debug`, or `TARGET=LEVEL,…`".to_owned();
        program.tell_problem(&Problem::warning(warning, hint));
    }
    // Reports of scans say it themselves.
    let is_silent = matches!(
        arguments.command,
        Command::Check(_) | Command::Explain(_) | Command::Filter(_) | Command::Encrypt(_)
    );
    let exit = run_command(arguments.command, &mut program).await;
    if exit == Exit::Interrupted && is_silent {
        program.tell("interrupted\n");
    }
    program.log.flush(Some(LAST_LINES));
    exit
}

/// Where progress is shown.
fn display(arguments: &Arguments, environment: &Environment) -> Display {
    // What a hook writes is log lines.
    let runs_long = matches!(arguments.command, Command::Run(_) | Command::Hook(_));
    if arguments.verbosity.quiet {
        Display::Nowhere
    } else if environment.terminal && !runs_long && !is_dumb(&environment.variables) {
        Display::Terminal(MultiProgress::new())
    } else {
        Display::Log
    }
}

/// The log of a command. On a terminal lines that are drawn in place stand for it, unless somebody asks for more.
fn log(command: &Command, filter: LogFilter, display: &Display) -> Log {
    let format = match command {
        Command::Run(run) => run.log_format,
        // It says itself what is wrong with files.
        Command::Status(_) if !filter.is_asked_for => return Log::default(),
        _ if matches!(display, Display::Terminal(_)) && !filter.is_asked_for => {
            return Log::default();
        }
        _ => LogFormat::Text,
    };
    Log::to_standard_error(format, filter.filter, display)
}

async fn run_command(command: Command, program: &mut Program) -> Exit {
    // No command makes it: a name that is mistyped would become one.
    if let Err(problem) = program.home.check() {
        program.tell_problem(&problem);
        return Exit::Configuration;
    }
    match command {
        Command::Status(status) => commands::status::run(program, &status),
        Command::Run(_) => commands::run::run(program).await,
        Command::Scan(scan) => commands::scan::run(program, scan).await,
        Command::Inventory(inventory) => commands::inventory::run(program, inventory).await,
        Command::Check(check) => commands::check::run(program, check).await,
        Command::Store(store) => commands::store::run(program, &store),
        Command::Catalog(CatalogCommand::List(list)) => commands::catalog::run(program, *list),
        Command::Catalog(CatalogCommand::Forget(forget)) => {
            commands::catalog::forget(program, &forget).await
        }
        Command::Explain(explain) => commands::explain::run(program, explain).await,
        Command::Config(Config::Show {
            file_or_code,
            format,
        }) => commands::config_show::run(program, &file_or_code, format),
        Command::Hook(Hook::Test(test)) => commands::hook_test::run(program, &test).await,
        Command::Filter(Filter::Test(test)) => commands::filter_test::run(program, test).await,
        Command::Encrypt(encrypt) => commands::encrypt::run(program, &encrypt).await,
    }
}

impl Program {
    /// What the scans of this program share.
    pub(crate) fn scan_context(&self, keeping: Option<Keeping>) -> Context {
        Context {
            keeping,
            removals: Removals::Fused,
            home: self.home.clone(),
            clock: self.environment.clock,
            display: Arc::new(self.display.clone()),
        }
    }

    /// Tells people something; that standard error is gone is no reason to stop.
    pub(crate) fn tell(&mut self, text: &str) {
        // What was logged before comes first.
        self.log.flush(None);
        let text = lines(text);
        let _ = self.environment.errors.write_all(text.as_bytes());
    }

    /// Tells a problem; warnings only if that is wanted.
    pub(crate) fn tell_problem(&mut self, problem: &Problem) {
        if self.quiet && !problem.is_error() {
            return;
        }
        self.log.flush(None);
        // Its texts have no unprintable characters, unlike its colors.
        let text = format!("{}\n", problem.render(self.errors_colors));
        let _ = self.environment.errors.write_all(text.as_bytes());
    }

    /// Tells something that is no error.
    pub(crate) fn tell_note(&mut self, text: &str) {
        if !self.quiet {
            self.tell(text);
        }
    }

    /// Tells the report of a run.
    pub(crate) fn tell_report(&mut self, report: &Report) {
        let shown = match self.quiet {
            true => ShownReports::NotComplete,
            false => ShownReports::All,
        };
        self.tell(&render(report, shown));
    }

    /// Tells problems; the exit that follows from them comes back, if one does.
    pub(crate) fn tell_problems(&mut self, problems: &[Problem]) -> Option<Exit> {
        for problem in problems {
            self.tell_problem(problem);
        }
        let wrong = problems.iter().any(Problem::is_error);
        wrong.then_some(Exit::Configuration)
    }

    /// Writes what was asked for to standard output; the exit is `exit`, unless it cannot be written.
    pub(crate) fn print(&mut self, text: &str, exit: Exit) -> Exit {
        match write_output(&mut self.environment, &lines(text)) {
            Ok(()) => exit,
            Err(error) => {
                self.tell_problem(&Problem::general(with_causes(&error), None));
                Exit::Failed
            }
        }
    }

    /// Tells that the command line makes no sense, and why.
    pub(crate) fn tell_usage(&mut self, message: &str) -> Exit {
        self.tell(&format!("error: {}\n", printable(message)));
        Exit::Usage
    }
}

/// Help and version are data that was asked for; everything else is a mistake.
fn tell_usage(message: clap::Error, color: ColorChoice, environment: &mut Environment) -> Exit {
    let message = with_printable_arguments(message);
    let is_terminal = match message.use_stderr() {
        true => environment.terminal,
        false => environment.screen.is_some(),
    };
    let text = match color.colors(&environment.variables, is_terminal) {
        Colors::Ansi => message.render().ansi().to_string(),
        Colors::None => message.render().to_string(),
    };
    if message.use_stderr() {
        let _ = environment.errors.write_all(text.as_bytes());
        return Exit::Usage;
    }
    match write_output(environment, &text) {
        Ok(()) => Exit::Complete,
        Err(error) => {
            let text = format!("error: {}\n", with_causes(&error));
            let _ = environment.errors.write_all(text.as_bytes());
            Exit::Failed
        }
    }
}

/// The message with what was typed on one line, and without unprintable characters.
fn with_printable_arguments(mut message: clap::Error) -> clap::Error {
    let replaced = message.context().filter_map(|(kind, value)| {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(printable(text).into_owned()),
            ContextValue::Strings(texts) => {
                let texts = texts.iter().map(|text| printable(text).into_owned());
                ContextValue::Strings(texts.collect())
            }
            // Tips repeat arguments, whose escape sequences cannot be told from the colors of the tip.
            ContextValue::StyledStrs(texts) => {
                let texts = texts
                    .iter()
                    .map(|text| printable(&text.to_string()).into_owned());
                ContextValue::StyledStrs(texts.map(Into::into).collect())
            }
            _ => return None,
        };
        Some((kind, value))
    });
    let replaced: Vec<_> = replaced.collect();
    for (kind, value) in replaced {
        message.insert(kind, value);
    }
    message
}

/// Writes data to standard output. A reader that has seen enough is no error.
fn write_output(environment: &mut Environment, text: &str) -> Result<(), SinkError> {
    let output = &mut environment.output;
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    unless_broken_pipe(written, Path::new(STANDARD_OUTPUT))
}
