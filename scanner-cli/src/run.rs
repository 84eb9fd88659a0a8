//! The program: from what was typed to an exit code.

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog_model::{ConnectorRegistry, with_causes};
use clap::Parser;
use indicatif::MultiProgress;
use qlik_connector::QlikSense;
use tracing_subscriber::filter::LevelFilter;

use crate::{
    arguments::{Arguments, Command, Config, Filter, LogFormat},
    commands,
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    environment::Environment,
    exit::Exit,
    hocon::Colors,
    home::Home,
    problem::Problem,
    progress::Display,
};

/// What every command works with.
pub(crate) struct Program {
    pub(crate) home: Home,
    pub(crate) connectors: Arc<ConnectorRegistry>,
    pub(crate) environment: Environment,
    pub(crate) display: Display,
}

/// Runs the program with these arguments, the first of which is its own name.
pub async fn run(
    arguments: impl IntoIterator<Item = OsString>,
    mut environment: Environment,
) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(message) => return tell_usage(&message, &mut environment),
    };
    let home = arguments
        .home
        .or_else(|| environment.variables.get("SCANNER_HOME").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("."));
    let runs_long = matches!(arguments.command, Command::Run(_));
    let display = if environment.terminal && !runs_long {
        Display::Terminal(MultiProgress::new())
    } else {
        match &arguments.command {
            Command::Run(run) => log_to_standard_error(run.log_format),
            // It says itself what is wrong with files.
            Command::Status(_) => {}
            _ => log_to_standard_error(LogFormat::Text),
        }
        Display::Log
    };
    let mut program = Program {
        home: Home::new(home),
        connectors: Arc::new(ConnectorRegistry::default().with(Box::new(QlikSense::default()))),
        environment,
        display,
    };
    // No command makes it: a name that is mistyped would become one.
    if let Err(problem) = program.home.check() {
        program.tell_problem(&problem);
        return Exit::Configuration;
    }
    match arguments.command {
        Command::Status(status) => commands::status::run(&mut program, &status),
        Command::Run(_) => commands::run::run(&mut program).await,
        Command::Scan(scan) => commands::scan::run(&mut program, scan).await,
        Command::Inventory(inventory) => commands::inventory::run(&mut program, inventory).await,
        Command::Check(check) => commands::check::run(&mut program, check).await,
        Command::Catalog(catalog) => commands::catalog::run(&mut program, catalog),
        Command::Explain(explain) => commands::explain::run(&mut program, explain).await,
        Command::Config(Config::Show {
            file_or_code,
            format,
        }) => commands::config_show::run(&mut program, &file_or_code, format),
        Command::Filter(Filter::Test(test)) => commands::filter_test::run(&mut program, test).await,
        Command::Encrypt(encrypt) => commands::encrypt::run(&mut program, &encrypt).await,
    }
}

impl Program {
    /// Tells people something; that standard error is gone is no reason to stop.
    pub(crate) fn tell(&mut self, text: &str) {
        let _ = self.environment.errors.write_all(text.as_bytes());
    }

    /// Tells a problem.
    pub(crate) fn tell_problem(&mut self, problem: &Problem) {
        let text = problem.render(self.colors());
        self.tell(&format!("{text}\n"));
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
        let output = &mut self.environment.output;
        let written = output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush());
        match unless_broken_pipe(written, Path::new(STANDARD_OUTPUT)) {
            Ok(()) => exit,
            Err(error) => {
                self.tell_problem(&Problem::general(with_causes(&error), None));
                Exit::Failed
            }
        }
    }

    /// Tells that the command line makes no sense, and why.
    pub(crate) fn tell_usage(&mut self, message: &str) -> Exit {
        self.tell(&format!("error: {message}\n"));
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
fn tell_usage(message: &clap::Error, environment: &mut Environment) -> Exit {
    let text = if environment.color() {
        message.render().ansi().to_string()
    } else {
        message.render().to_string()
    };
    if message.use_stderr() {
        let _ = environment.errors.write_all(text.as_bytes());
        Exit::Usage
    } else {
        let _ = environment.output.write_all(text.as_bytes());
        Exit::Complete
    }
}

fn log_to_standard_error(format: LogFormat) {
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .with_max_level(LevelFilter::INFO);
    // A second run in one process, as tests have it, keeps the first one's log.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
}
