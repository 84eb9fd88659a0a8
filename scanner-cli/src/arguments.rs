//! The command line, as it is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// What was typed.
#[derive(Debug, Parser)]
#[command(
    name = "scanner-cli",
    version,
    about = "Scans Qlik Sense sites into a data catalog",
    after_help = "Exit codes: 0 complete, 2 usage, 3 configuration, 4 a connection failed, 5 partial, 7 busy, \
                  130 interrupted; of several the first that applies in the order 4, 5, 7, 3."
)]
pub(crate) struct Arguments {
    /// The scanner's home folder [default: `SCANNER_HOME`, else the current folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) home: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read every sheet of the connections and write them as catalog items
    Scan(Scan),
    /// List what the connections have, as keys with labels, on standard output
    Inventory(Inventory),
    /// Look at each stage on the way to a site, and say where it ends and what to do
    Check(Check),
    /// Look at connection files
    #[command(subcommand)]
    Config(Config),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The codes of the connections to check [default: all that are enabled]
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// How to show what was seen
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub(crate) format: ShowFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// The codes of the connections to scan [default: all that are enabled]
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Where the items go, for one connection; `-` is standard output [default: `export/CODE.visualization.ndjson`]
    #[arg(long, value_name = "FILE|-")]
    pub(crate) output: Option<PathBuf>,
    /// Write the report as JSON, too; standard output is for items alone
    #[arg(long, value_name = "FILE", value_parser = report_file)]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Inventory {
    /// The codes of the connections to list [default: all that are enabled]
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// How to write the list
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Aligned columns for people
    Table,
    /// One JSON object a line
    Ndjson,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show a connection file as it is understood, secrets masked
    Show {
        /// A file, or the code of a connection
        #[arg(value_name = "FILE|CODE")]
        file_or_code: String,
        /// How to show it
        #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
        format: ShowFormat,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    /// Lines for people
    Text,
    /// JSON for programs
    Json,
}

fn report_file(text: &str) -> Result<PathBuf, String> {
    match text {
        "-" => Err("it takes a file: standard output is for items alone".to_owned()),
        path => Ok(PathBuf::from(path)),
    }
}
