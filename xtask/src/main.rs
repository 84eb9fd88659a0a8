//! The project's own commands. They run cargo and the project's programs, and depend on no crate of it.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use xshell::{Shell, cmd};

mod bench;
mod demo;
mod fixtures;
mod full;
mod layers;
mod lint;
mod quartz;
mod test;
mod windows;
mod words;

use lint::public_api::Difference;

/// What every command returns: an error is printed and ends the run.
type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Parser)]
#[command(
    about = "The project's own commands",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, lints, layers, tests, documentation: all that has to hold on main
    Test,
    /// The boundaries between the crates, one part of `test`
    Layers,
    /// Search texts and names for unclear phrases, one part of `test`
    Words,
    /// All of `test`, and what takes long or needs programs of others: one line of result for each part
    Full {
        /// Only these parts
        #[arg(long, value_name = "PART", value_delimiter = ',')]
        only: Vec<String>,
    },
    /// A fake site, a scan of it, its report and some items
    Demo,
    /// How fast a large site is read, against the floor of its bytes
    Bench {
        #[command(subcommand)]
        what: Option<Bench>,
        /// Sheets of the large site; 500,000, or 5,000 where the service scans it over and over
        #[arg(long, global = true)]
        sheets: Option<usize>,
    },
    /// Licences, bans, sources and advisories of dependencies, unused ones, the public API of qrs-client
    Lint {
        /// Write the public API to qrs-client/public-api.txt instead of comparing it
        #[arg(long)]
        accept_api: bool,
    },
    /// Builds for Windows on Linux
    Windows {
        /// Check the tests and build scanner-cli.exe
        #[arg(long, required = true)]
        build: bool,
    },
    /// Makes the certificates and trust stores of qrs-client's tests anew, with openssl and keytool
    Fixtures,
    /// Asks the real Quartz about the cron expressions of scanner-cli's tests; needs a JDK and Debian's libquartz2-java
    Quartz {
        /// Compare this many random changes of them instead
        #[arg(long)]
        mutations: Option<usize>,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// What the store costs, against a scan without it
    Store,
    /// What a filter of 20 terms costs, against a scan without it
    Filter,
    /// Whether the long-running scanner keeps its memory over 500 scans
    Service,
}

#[expect(
    clippy::print_stderr,
    reason = "a developer's tool tells its outcome on the terminal"
)]
fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command in the workspace's folder, wherever it was typed.
fn run(command: Command) -> Outcome {
    let shell = Shell::new()?;
    shell.change_dir(root());
    std::env::set_current_dir(root())?;
    match command {
        Command::Test => test::run(&shell),
        Command::Layers => layers::check(&shell),
        Command::Words => words::check(),
        Command::Full { only } => full::run(&shell, &only),
        Command::Demo => demo::run(&shell),
        Command::Bench { what, sheets } => match what {
            None => bench::run(&shell, sheets.unwrap_or(500_000)),
            Some(Bench::Store) => bench::store::run(&shell, sheets.unwrap_or(500_000)),
            Some(Bench::Filter) => bench::filter::run(&shell, sheets.unwrap_or(500_000)),
            Some(Bench::Service) => bench::service::run(&shell, sheets.unwrap_or(5_000)),
        },
        Command::Lint { accept_api } => lint::run(
            &shell,
            match accept_api {
                true => Difference::IsAccepted,
                false => Difference::Fails,
            },
        ),
        Command::Windows { build: _ } => windows::build(&shell),
        Command::Fixtures => fixtures::run(),
        Command::Quartz { mutations } => quartz::run(&shell, mutations),
    }
}

fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The folder that cargo builds into, which a setting or the environment may have moved.
fn target(shell: &Shell) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps")
        .quiet()
        .read()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str();
    Ok(PathBuf::from(
        target.ok_or("cargo metadata names no target directory")?,
    ))
}
