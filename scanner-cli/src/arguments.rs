//! The commands and options of the command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

mod catalog;
mod form;
mod init;
mod service;
mod store_use;

pub(crate) use self::{
    catalog::{Catalog, CatalogCommand, Export, Forget, ItemOptions, OfConnection, WantedType},
    form::{CatalogFormat, Form},
    init::Init,
    service::{Install, Service, ServiceStatus, Target},
    store_use::StoreUse,
};
use crate::{
    application_file::socket_address, exit::Exit, terminal::ColorChoice, verbosity::Verbosity,
};

/// The parsed command line.
#[derive(Debug, Parser)]
#[command(
    name = "scanner-cli",
    version,
    about = "Scans Qlik Sense sites for a data catalog",
    after_help = Exit::help()
)]
pub(crate) struct Arguments {
    /// The scanner's home folder [default: `SCANNER_HOME`, else the current folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) home: Option<PathBuf>,
    /// The store of commands that only read, without a password: `postgresql://USER@HOST/DATABASE` [default: that of the home]
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) store: Option<String>,
    /// When to use colors
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        global = true,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) verbosity: Verbosity,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a home with a connection to a site, and test it
    Init(Init),
    /// Run as a service: scan on change and on schedule
    Run(Run),
    /// Install the scanner as a service of the system, start and stop it
    #[command(subcommand)]
    Service(Service),
    /// Show the stored catalog in a browser, without scanning
    Serve(Serve),
    /// Show the state of the service and of each connection
    Status(Status),
    /// Read all sheets of the connections and store them as catalog items
    Scan(Scan),
    /// Deliver the stored changes to the followers now
    Follow(Follow),
    /// List the sheets of the connections, without storing them
    Inventory(Inventory),
    /// Test each stage on the way to a site, and show what to do about a failure
    Check(Check),
    /// List stored items, changes, scans and owners, or delete a connection
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Back up, restore, copy and check the store
    #[command(subcommand)]
    Store(Store),
    /// Show what is stored about an item, and what the site has now
    Explain(Explain),
    /// Show, validate and format settings files
    #[command(subcommand)]
    Config(Config),
    /// Test a hook
    #[command(subcommand)]
    Hook(Hook),
    /// Test the filters of a connection
    #[command(subcommand)]
    Filter(Filter),
    /// Encrypt a secret for a connection file or a follower
    Encrypt(Encrypt),
    /// Print the documentation
    Docs {
        /// The topic, such as `filters`, or a section of it, such as `qlik-setup#5-sessions` [default: list all topics]
        topic: Option<String>,
    },
    /// Print the completions of commands and options for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of the program, or write the pages of all commands
    Man {
        /// Write one page for each command to this folder, such as `/usr/local/share/man/man1`
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

impl Command {
    /// The home if neither an option nor a variable names one.
    pub(crate) fn default_home(&self) -> PathBuf {
        match self {
            Self::Init(init) => init.default_home(),
            _ => PathBuf::from("."),
        }
    }

    /// Whether the command works in a home, which must exist. `service` has a default home.
    pub(crate) fn needs_home(&self) -> bool {
        !matches!(
            self,
            Self::Init(_)
                | Self::Docs { .. }
                | Self::Completions { .. }
                | Self::Man { .. }
                | Self::Service(_)
                | Self::Config(Config::Schema { .. })
        )
    }
}

#[derive(Debug, Args)]
pub(crate) struct Encrypt {
    /// The code of the connection that may use the secret, or `follower:NAME`, followed by the name of the setting that it is for
    #[arg(long = "for", value_name = "CODE")]
    pub(crate) owner: Option<String>,
    /// The setting that the secret is for, such as `connection.auth.value`
    ///
    /// Do not write the secret here: every user of the machine could read it. It is refused.
    #[arg(value_name = "SETTING")]
    pub(crate) words: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Format of the log on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on [default: `http.listen` in `conf/application.conf`, else 127.0.0.1:9464]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen_address)]
    pub(crate) listen: Option<SocketAddr>,
}

/// Parses an address with a port.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let address = socket_address(text.trim());
    address.ok_or_else(|| "write an IP address and a port, such as `127.0.0.1:9464`".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Only check whether the service responds: exit code 0 if it does, 4 if not
    #[arg(long, conflicts_with = "format")]
    pub(crate) healthy: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub(crate) format: ShowFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text for people
    Text,
    /// One JSON object per line
    #[value(alias = "ndjson")]
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Codes of the connections to check [default: all enabled connections]
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Validate all files without contacting any site: connection files, trust stores, filters, schedules, hooks,
    /// `conf/application.conf`
    #[arg(long)]
    pub(crate) offline: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub(crate) format: ShowFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// Codes of the connections to scan [default: all enabled connections]
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Also write the items of this scan to a file; `-` is standard output. For one connection
    #[arg(long, value_name = "FILE|-")]
    pub(crate) output: Option<PathBuf>,
    /// Scan without the store: write the items only to `export/CODE.visualization.ndjson` or to `--output`
    #[arg(long)]
    pub(crate) no_store: bool,
    /// Mark all missing items as gone, regardless of their number
    #[arg(long, requires = "codes")]
    pub(crate) accept_removals: bool,
    /// Read everything, also from connections with `connection.incremental`
    #[arg(long)]
    pub(crate) full: bool,
    /// Also write the report as JSON to a file
    #[arg(long, value_name = "FILE", value_parser = report_file)]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Follow {
    /// Names of the followers [default: all enabled followers]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Show the requests and files that would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Compare everything with what the catalogs have, and repair the difference
    #[arg(long)]
    pub(crate) full: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = FollowFormat::Text)]
    pub(crate) format: FollowFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FollowFormat {
    /// Text for people
    Text,
    /// One JSON object per line: for each request of a dry run, and for each follower
    Ndjson,
}

#[derive(Debug, Args)]
pub(crate) struct Inventory {
    /// Codes of the connections to list [default: all enabled connections]
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Write a verified copy of the store to a file; the service and other commands can go on in the meantime
    Backup {
        /// The file to write; an earlier backup is replaced, any other file is not
        file: PathBuf,
    },
    /// Replace the store with a backup; the former store is kept next to it. Stop the service first
    Restore {
        /// A file that `store backup` wrote
        file: PathBuf,
    },
    /// Copy the whole store to another place, such as a database of PostgreSQL, and compare both. Stop the service first
    Copy {
        /// An empty store: `postgresql://USER@HOST/DATABASE`, `sqlite` for the file in the home, or `sqlite:FILE`
        #[arg(long, value_name = "STORE")]
        to: String,
    },
    /// Check whether the store, or a backup of it, is intact, and show what it holds
    Check {
        /// A backup to check instead of the store
        file: Option<PathBuf>,
        /// Output format
        #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
        format: ShowFormat,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Key or link of an item, key of an app or a stream, id of a sheet or an app, or a name
    #[arg(value_name = "KEY|URL|ID|NAME")]
    pub(crate) subject: String,
    /// Show only what is stored, without contacting the site
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Hook {
    /// Run a hook as the service does after a scan, with the changes of the last scan
    Test(HookTest),
}

#[derive(Debug, Args)]
pub(crate) struct HookTest {
    /// Code of the hook
    pub(crate) hook: String,
    /// Use the last scan of this connection [default: the connection that was scanned last]
    #[arg(long, value_name = "CODE")]
    pub(crate) connection: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Filter {
    /// List which sheets of the site a connection's filters keep and exclude, without storing them
    Test(FilterTest),
}

#[derive(Debug, Args)]
pub(crate) struct FilterTest {
    /// Code of the connection
    pub(crate) code: String,
    /// Test the filters on the stored items, without contacting the site
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show the settings of a connection file as the scanner reads them, with secrets hidden
    Show {
        /// A file, or the code of a connection
        #[arg(value_name = "FILE|CODE")]
        file_or_code: String,
        /// Output format
        #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
        format: ShowFormat,
    },
    /// Validate all files without contacting any site: the same as `check --offline`
    Check {
        /// Codes of the connections to check [default: all enabled connections]
        #[arg(value_name = "CODE")]
        codes: Vec<String>,
        /// Output format
        #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
        format: ShowFormat,
    },
    /// Format settings files; comments and meaning stay the same
    Fmt {
        /// Files, or codes of connections
        #[arg(value_name = "FILE|CODE", required = true)]
        files_or_codes: Vec<String>,
        /// Only report the files that are not formatted, with exit code 3; write nothing
        #[arg(long)]
        check: bool,
    },
    /// Print the JSON Schema of settings files in their JSON form, for editors
    Schema {
        /// The kind of file
        #[arg(value_enum, default_value_t = SettingsFile::Connection)]
        file: SettingsFile,
    },
}

/// A kind of settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SettingsFile {
    /// Connection files, `connections/*.conf`
    Connection,
    /// `conf/application.conf`
    Application,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    /// Text for people
    Text,
    /// JSON for programs
    Json,
}

/// Reads a number of rows.
fn row_count(text: &str) -> Result<u64, String> {
    let count = text.trim().parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "must be a whole number from 1".to_owned())
}

fn report_file(text: &str) -> Result<PathBuf, String> {
    match text {
        "-" => Err("expected a file, since standard output is for items".to_owned()),
        path => Ok(PathBuf::from(path)),
    }
}
