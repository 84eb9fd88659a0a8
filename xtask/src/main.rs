//! `cargo xtask`: commands for working on this project. They run cargo and programs, and depend on no other crate here.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use xshell::{Shell, cmd};

mod bench;
mod browser;
mod demo;
#[cfg(unix)]
mod dist;
mod environment;
mod fixtures;
#[cfg(unix)]
mod fleet;
mod full;
mod layers;
mod lint;
#[cfg(unix)]
mod postgresql;
mod quartz;
mod test;
mod tools;
mod windows;
mod words;

use browser::Extent;
use demo::HomeAfter;
use lint::public_api::Difference;

/// What every command returns. An error is printed and fails the command.
type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Parser)]
#[command(
    about = "Commands for working on this project",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run all checks of main: format, layers, phrases, lints, tests, documentation
    Test,
    /// Check the dependencies between the crates (part of `test`)
    Layers,
    /// Search texts and names for unclear phrases (part of `test`)
    Words,
    /// Run `test` and all slow checks, and print one line of result for each
    Full {
        /// Run only these parts
        #[arg(long, value_name = "PART", value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Scan a fake site, and print the report and some items
    Demo {
        /// Also deliver to a PostgreSQL server in a temporary folder, and query it
        #[cfg(unix)]
        #[arg(long)]
        postgresql: bool,
        /// Instead, three scanners with one store in PostgreSQL: one is killed, one is paused
        #[cfg(unix)]
        #[arg(long)]
        fleet: bool,
        /// Also show the catalog in a browser, until Ctrl-C
        #[arg(long)]
        serve: bool,
        /// Keep the home, and print its path
        #[arg(long)]
        keep: bool,
    },
    /// Test the catalog's pages in Chromium, with the keyboard, without script, and for accessibility
    Browser {
        /// Run only the most important tests
        #[arg(long)]
        short: bool,
    },
    /// Keep screenshots of all pages of the catalog in target/screenshots
    Screenshots,
    /// Measure how fast a large site is read
    Bench {
        #[command(subcommand)]
        what: Option<Bench>,
        /// Number of sheets of the large site [default: 500,000; for `service`: 5,000; for `followers`: 100,000; for
        /// `web`: 300,000]
        #[arg(long, global = true)]
        sheets: Option<usize>,
    },
    /// Several scanners with one store, and random faults of scanners, network and database
    #[cfg(unix)]
    FleetFaults {
        /// Number of faults
        #[arg(long, default_value_t = 17)]
        rounds: usize,
        /// The seed of the random numbers
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// A scanner-cli of an earlier version: scanners begin with it, and are replaced one by one, in both directions
        #[arg(long, value_name = "PROGRAM")]
        older: Option<PathBuf>,
    },
    /// Run a PostgreSQL server in a temporary folder, to try the follower of this kind
    #[cfg(unix)]
    Postgresql {
        /// Port on which it listens [default: one that is free]
        #[arg(long)]
        port: Option<u16>,
    },
    /// Check dependencies (licences, advisories, unused ones) and the public API of qrs-client
    Lint {
        /// Update qrs-client/public-api.txt instead of comparing it
        #[arg(long)]
        accept_api: bool,
    },
    /// Run the tests for Windows under Wine
    Windows {
        /// Only check all crates with their tests, and build scanner-cli.exe; needs no Wine
        #[arg(long)]
        build: bool,
    },
    /// Build the packages of a release into target/dist
    #[cfg(unix)]
    Dist(dist::Request),
    /// Recreate the certificates and trust stores for tests, with openssl and keytool
    Fixtures,
    /// Compare cron expressions with the real Quartz; needs a JDK and Debian's libquartz2-java
    Quartz {
        /// Compare this many random mutations of the expressions instead
        #[arg(long)]
        mutations: Option<usize>,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// Compare a scan with and without the store
    Store,
    /// Compare a scan with and without a filter of 20 terms
    Filter,
    /// Compare scans for changes with scans of everything
    Incremental,
    /// Measure a store of 1,000,000 sheets in 20,000 apps, and the service with 50 connections (part of `bench`)
    Large,
    /// Measure the memory of the service over 500 scans
    Service,
    /// Read the catalog's pages of 300,000 sheets with 50 readers
    Web,
    /// Share 3,000,000 sheets of 30 connections among three scanners with a store in PostgreSQL; also a tenth and a third of them, and one very large site
    #[cfg(unix)]
    Fleet,
    /// Deliver 100,000 sheets for the first time to each kind of follower
    #[cfg(unix)]
    Followers {
        /// Kinds of followers [default: all]
        #[arg(value_name = "KIND")]
        kinds: Vec<String>,
    },
}

#[expect(clippy::print_stderr, reason = "a developer's tool prints its result")]
fn main() -> ExitCode {
    if let Some(code) = environment::run_without_variables_of_cargo() {
        return code;
    }
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command in the workspace's folder, whatever the current folder is.
fn run(command: Command) -> Outcome {
    let shell = Shell::new()?;
    shell.change_dir(root());
    std::env::set_current_dir(root())?;
    match command {
        Command::Test => test::run(&shell),
        Command::Layers => layers::check(&shell),
        Command::Words => words::check(),
        Command::Full { only } => full::run(&shell, &only),
        #[cfg(unix)]
        Command::Demo { fleet: true, .. } => fleet::demonstrate(&shell),
        #[cfg(unix)]
        Command::FleetFaults {
            rounds,
            seed,
            older,
        } => fleet::run_faults(&shell, rounds, seed, older.as_deref()),
        #[cfg(unix)]
        Command::Demo {
            postgresql: true,
            keep,
            ..
        } => demo::run_with_postgresql(&shell, HomeAfter::from_option(keep)),
        Command::Demo {
            serve: true, keep, ..
        } => demo::run_with_pages(&shell, HomeAfter::from_option(keep)),
        Command::Demo { keep, .. } => demo::run(&shell, HomeAfter::from_option(keep)),
        Command::Browser { short } => browser::run(
            &shell,
            match short {
                true => Extent::Short,
                false => Extent::Everything,
            },
        ),
        Command::Screenshots => browser::screenshots(&shell),
        Command::Bench { what, sheets } => run_bench(&shell, what, sheets),
        #[cfg(unix)]
        Command::Postgresql { port } => postgresql::run(port),
        Command::Lint { accept_api } => lint::run(
            &shell,
            match accept_api {
                true => Difference::IsAccepted,
                false => Difference::Fails,
            },
        ),
        Command::Windows { build: true } => windows::build(&shell),
        Command::Windows { build: false } => windows::test(&shell),
        #[cfg(unix)]
        Command::Dist(request) => dist::run(&shell, &request),
        Command::Fixtures => fixtures::run(),
        Command::Quartz { mutations } => quartz::run(&shell, mutations),
    }
}

/// Runs a benchmark, with a site of this many sheets or of its usual size.
fn run_bench(shell: &Shell, what: Option<Bench>, sheets: Option<usize>) -> Outcome {
    match what {
        None => bench::run(shell, sheets.unwrap_or(500_000)),
        Some(Bench::Store) => bench::store::run(shell, sheets.unwrap_or(500_000)),
        Some(Bench::Filter) => bench::filter::run(shell, sheets.unwrap_or(500_000)),
        Some(Bench::Incremental) => bench::incremental::run(shell, sheets.unwrap_or(300_000)),
        Some(Bench::Large) => bench::large::run(shell, sheets.unwrap_or(bench::large::SHEETS)),
        Some(Bench::Service) => bench::service::run(shell, sheets.unwrap_or(5_000)),
        Some(Bench::Web) => bench::web::run(shell, sheets.unwrap_or(300_000)),
        #[cfg(unix)]
        Some(Bench::Fleet) => bench::fleet::run(shell, sheets.unwrap_or(bench::fleet::SHEETS)),
        #[cfg(unix)]
        Some(Bench::Followers { kinds }) => {
            bench::followers::run(shell, sheets.unwrap_or(100_000), &kinds)
        }
    }
}

fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The folder that cargo builds into. A setting or the environment may change it.
fn target(shell: &Shell) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps")
        .quiet()
        .read()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str();
    Ok(PathBuf::from(
        target.ok_or("`cargo metadata` has no target directory")?,
    ))
}
