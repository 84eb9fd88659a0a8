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
    arguments::{Arguments, Command, Config, Filter, LogFormat},
    commands,
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    environment::Environment,
    exit::Exit,
    hocon::Colors,
    home::Home,
    log::Log,
    printable::lines,
    problem::Problem,
    process::End,
    progress::Display,
};

/// What every command works with.
pub(crate) struct Program {
    pub(crate) home: Home,
    pub(crate) connectors: Arc<ConnectorRegistry>,
    pub(crate) environment: Environment,
    pub(crate) display: Display,
    pub(crate) log: Log,
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
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(message) => return tell_usage(message, &mut environment),
    };
    let home = arguments
        .home
        .or_else(|| environment.variables.get("SCANNER_HOME").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("."));
    let runs_long = matches!(arguments.command, Command::Run(_));
    let (display, log) = if environment.terminal && !runs_long {
        (Display::Terminal(MultiProgress::new()), Log::default())
    } else {
        let log = match &arguments.command {
            Command::Run(run) => Log::to_standard_error(run.log_format),
            // It says itself what is wrong with files.
            Command::Status(_) => Log::default(),
            _ => Log::to_standard_error(LogFormat::Text),
        };
        (Display::Log, log)
    };
    let mut program = Program {
        home: Home::new(home),
        connectors: Arc::new(ConnectorRegistry::default().with(Box::new(QlikSense::default()))),
        environment,
        display,
        log,
        end,
    };
    let exit = run_command(arguments.command, &mut program).await;
    program.log.flush(Some(LAST_LINES));
    exit
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
        Command::Catalog(catalog) => commands::catalog::run(program, catalog),
        Command::Explain(explain) => commands::explain::run(program, explain).await,
        Command::Config(Config::Show {
            file_or_code,
            format,
        }) => commands::config_show::run(program, &file_or_code, format),
        Command::Filter(Filter::Test(test)) => commands::filter_test::run(program, test).await,
        Command::Encrypt(encrypt) => commands::encrypt::run(program, &encrypt).await,
    }
}

impl Program {
    /// Tells people something; that standard error is gone is no reason to stop.
    pub(crate) fn tell(&mut self, text: &str) {
        // What was logged before comes first.
        self.log.flush(None);
        let text = lines(text);
        let _ = self.environment.errors.write_all(text.as_bytes());
    }

    /// Tells a problem.
    pub(crate) fn tell_problem(&mut self, problem: &Problem) {
        self.log.flush(None);
        // Its texts have no unprintable characters, unlike its colors.
        let text = format!("{}\n", problem.render(self.colors()));
        let _ = self.environment.errors.write_all(text.as_bytes());
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

    pub(crate) fn colors(&self) -> Colors {
        if self.environment.color() {
            Colors::Ansi
        } else {
            Colors::None
        }
    }
}

/// Help and version are data that was asked for; everything else is a mistake.
fn tell_usage(message: clap::Error, environment: &mut Environment) -> Exit {
    let message = with_printable_arguments(message);
    let text = if environment.color() {
        message.render().ansi().to_string()
    } else {
        message.render().to_string()
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
