//! Runs the program: from arguments to an exit code.

use std::{collections::BTreeSet, ffi::OsString, io::Write, sync::Arc, time::Duration};

use catalog_model::{ConnectorRegistry, printable, with_causes};
use clap::{Parser, error::ContextValue};
use indicatif::MultiProgress;
use qlik_connector::QlikSense;

#[cfg(windows)]
use crate::arguments::Service;
use crate::{
    arguments::{
        Arguments, CatalogCommand, Check, Command, Config, Filter, Hook, LogFormat, StoreUse,
    },
    commands,
    end::End,
    environment::Environment,
    exit::Exit,
    hocon::Colors,
    home::Home,
    installation::Installation,
    log::Log,
    problem::Problem,
    program::{Program, write_output},
    progress_line::Display,
    terminal::{ColorChoice, is_dumb},
    verbosity::LogFilter,
};

/// How long the program waits at its end until the log is written.
const LOG_FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the program with these arguments, the first of which is its own name.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> Exit {
    run_until(arguments, environment, End::default()).await
}

/// Runs the program. Signals that stop it are passed to `end`.
pub(crate) async fn run_until(
    arguments: impl IntoIterator<Item = OsString>,
    mut environment: Environment,
    end: End,
) -> Exit {
    let words: Vec<_> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(message) => {
            return report_usage(message, ColorChoice::find(&words), &mut environment);
        }
    };
    environment.home = (arguments.home.clone()).or(environment.home);
    let home = (environment.home.clone()).unwrap_or_else(|| arguments.command.default_home());
    let filter = arguments.verbosity.filter(&environment.variables);
    let warning = filter.warning.clone();
    let display = display(&arguments, &environment);
    let mut program = Program {
        installation: Installation {
            followers: Arc::new(catalog_followers::registry(&home)),
            home: Home::new(home),
            variables: Arc::new(environment.variables.clone()),
            connectors: Arc::new(ConnectorRegistry::default().with(Box::new(QlikSense::default()))),
            clock: environment.clock,
        },
        log: log(&arguments, filter, &display),
        display,
        quiet: arguments.verbosity.quiet,
        reported_warnings: BTreeSet::new(),
        errors_colors: (arguments.color).colors(&environment.variables, environment.terminal),
        environment,
        end,
    };
    if let Some(message) = arguments.verbosity.contradiction() {
        return program.report_usage(&message);
    }
    if let Some(warning) = warning {
        let hint = "write a level such as `debug`, or `TARGET=LEVEL,…`".to_owned();
        program.report_problem(&Problem::warning(warning, hint));
    }
    // The reports of other commands show the interruption.
    let has_no_report = matches!(
        arguments.command,
        Command::Check(_) | Command::Explain(_) | Command::Filter(_) | Command::Encrypt(_)
    );
    let exit = match locate_store(&arguments, &mut program) {
        Ok(()) => run_command(arguments.command, &mut program).await,
        Err(exit) => exit,
    };
    if exit == Exit::Interrupted && has_no_report {
        program.report("interrupted\n");
    }
    program.log.flush(Some(LOG_FLUSH_TIMEOUT));
    exit
}

/// Finds out where the store of the command is.
fn locate_store(arguments: &Arguments, program: &mut Program) -> Result<(), Exit> {
    let url = arguments.store.as_deref();
    match (arguments.command.use_of_store(), url) {
        (StoreUse::None, None) => return Ok(()),
        (StoreUse::Read, _) | (StoreUse::Write, None) => {}
        (StoreUse::None | StoreUse::Write, Some(_)) => {
            let message = "`--store` is for commands that only read a store, such as `catalog list`; for the others, set `store.url` in \
                           `conf/application.conf`";
            return Err(program.report_usage(message));
        }
    }
    let located = program.installation.locate_store(url);
    let warnings = located.map_err(|error| program.report_error(&error))?;
    program.report_problems(&warnings);
    Ok(())
}

/// How progress is shown.
fn display(arguments: &Arguments, environment: &Environment) -> Display {
    // The output of a hook is logged, too.
    let logs_only = matches!(
        arguments.command,
        Command::Run(_) | Command::Hook(_) | Command::Service(_)
    );
    if arguments.verbosity.quiet {
        Display::None
    } else if environment.terminal && !logs_only && !is_dumb(&environment.variables) {
        Display::Terminal(MultiProgress::new())
    } else {
        Display::Log
    }
}

/// The log of a command. On a terminal, there is a progress line instead, unless the log was requested.
fn log(arguments: &Arguments, filter: LogFilter, display: &Display) -> Log {
    // The service manager of Windows has no use for standard error. It starts the service with its home.
    #[cfg(windows)]
    if let Command::Service(Service::Run(_)) = &arguments.command
        && let Some(home) = arguments.home.as_deref().filter(|home| home.is_dir())
        && let Ok(file) = commands::service::log_file(home)
    {
        return Log::to_output(LogFormat::Text, filter.filter, file);
    }
    let format = match &arguments.command {
        Command::Run(run) => run.log_format,
        // Its output has the errors of files.
        Command::Status(_) if !filter.is_requested => return Log::default(),
        _ if matches!(display, Display::Terminal(_)) && !filter.is_requested => {
            return Log::default();
        }
        _ => LogFormat::Text,
    };
    Log::to_standard_error(format, filter.filter, display)
}

async fn run_command(command: Command, program: &mut Program) -> Exit {
    // No command but `init` creates the home: a misspelt name would become a folder.
    if command.needs_home()
        && let Err(problem) = program.installation.home.check()
    {
        program.report_problem(&problem);
        return Exit::Configuration;
    }
    match command {
        Command::Init(init) => commands::init::run(program, init).await,
        Command::Service(service) => commands::service::run(program, service).await,
        Command::Status(status) => commands::status::run(program, &status),
        Command::Run(_) => commands::run::run(program).await,
        Command::Serve(serve) => commands::serve::run(program, &serve).await,
        Command::Scan(scan) => commands::scan::run(program, scan).await,
        Command::Follow(follow) => commands::follow::run(program, &follow).await,
        Command::Inventory(inventory) => commands::inventory::run(program, inventory).await,
        Command::Check(check) => commands::check::run(program, check).await,
        Command::Store(store) => commands::store::run(program, &store),
        Command::Catalog(CatalogCommand::List(list)) => commands::catalog::run(program, *list),
        Command::Catalog(CatalogCommand::Export(export)) => {
            commands::export::run(program, &export).await
        }
        Command::Catalog(CatalogCommand::Forget(forget)) => {
            commands::catalog::forget(program, &forget).await
        }
        Command::Explain(explain) => commands::explain::run(program, explain).await,
        Command::Config(config) => run_config(config, program).await,
        Command::Hook(Hook::Test(test)) => commands::hook_test::run(program, &test).await,
        Command::Filter(Filter::Test(test)) => commands::filter_test::run(program, test).await,
        Command::Encrypt(encrypt) => commands::encrypt::run(program, &encrypt).await,
        Command::Docs { topic } => commands::docs::run(program, topic.as_deref()),
        Command::Completions { shell } => commands::command_pages::completions(program, shell),
        Command::Man { dir } => commands::command_pages::man(program, dir.as_deref()),
    }
}

async fn run_config(config: Config, program: &mut Program) -> Exit {
    match config {
        Config::Show {
            file_or_code,
            format,
        } => commands::config_show::run(program, &file_or_code, format),
        Config::Check { codes, format } => {
            let check = Check {
                codes,
                offline: true,
                format,
            };
            commands::check::run(program, check).await
        }
        Config::Fmt {
            files_or_codes,
            check,
        } => commands::config_fmt::run(program, &files_or_codes, check),
        Config::Schema { file } => commands::config_schema::run(program, file),
    }
}

/// Prints a message of the parser. Help and version go to standard output, errors to standard error.
fn report_usage(message: clap::Error, color: ColorChoice, environment: &mut Environment) -> Exit {
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
    match write_output(environment, text.as_bytes()) {
        Ok(()) => Exit::Complete,
        Err(error) => {
            let text = format!("error: {}\n", with_causes(&error));
            let _ = environment.errors.write_all(text.as_bytes());
            Exit::Failed
        }
    }
}

/// The message with each argument on one line and without unprintable characters.
fn with_printable_arguments(mut message: clap::Error) -> clap::Error {
    let replaced = message.context().filter_map(|(kind, value)| {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(printable(text).into_owned()),
            ContextValue::Strings(texts) => {
                let texts = texts.iter().map(|text| printable(text).into_owned());
                ContextValue::Strings(texts.collect())
            }
            // Tips repeat arguments. Escape sequences in them look like the colors of the tip.
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
