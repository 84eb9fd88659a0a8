//! The project's own commands. They run cargo and the project's programs, and depend on no crate of it.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod demo;
mod fixtures;
mod layers;
mod test;

/// What every command returns: an error is printed and ends the run.
type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Parser)]
#[command(about = "The project's own commands", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, lints, layers, tests, documentation: all that has to hold on main
    Test,
    /// A fake site, a scan of it, its report and some items
    Demo,
    /// How fast a large site is read, against the floor of its bytes
    Bench {
        /// Sheets of the large site
        #[arg(long, default_value_t = 500_000)]
        sheets: usize,
    },
    /// Makes the certificates and trust stores of qrs-client's tests anew, with openssl and keytool
    Fixtures,
}

#[expect(
    clippy::print_stderr,
    reason = "a developer's tool tells its outcome on the terminal"
)]
fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test => test::run(),
        Command::Demo => demo::run(),
        Command::Bench { sheets } => bench::run(sheets),
        Command::Fixtures => fixtures::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
