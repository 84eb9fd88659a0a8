//! The command line, as it is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod form;
mod since;

pub(crate) use self::{
    form::{CatalogFormat, Form},
    since::Since,
};
use crate::{store::State, terminal::ColorChoice, verbosity::Verbosity};

/// What was typed.
#[derive(Debug, Parser)]
#[command(
    name = "scanner-cli",
    version,
    about = "Scans Qlik Sense sites into a data catalog",
    after_help = "Exit codes: 0 complete, 2 usage, 3 configuration, 4 a connection failed, 5 partial, 6 a \
                  follower failed, 7 busy, 130 interrupted; of several the first that applies in the order 4, 5, 7, 3, 6."
)]
pub(crate) struct Arguments {
    /// The scanner's home folder [default: `SCANNER_HOME`, else the current folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) home: Option<PathBuf>,
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
    /// Watch the connection files, scan what is new or changed at once, and everything on schedule, until told to stop
    Run(Run),
    /// Tell how the scanner and its connections are, whether it runs or not
    Status(Status),
    /// Read every sheet of the connections and write them as catalog items
    Scan(Scan),
    /// List what the connections have, as keys with labels, on standard output
    Inventory(Inventory),
    /// Look at each stage on the way to a site, and say where it ends and what to do
    Check(Check),
    /// List what the store holds, or forget a connection
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Back up, restore and check the store
    #[command(subcommand)]
    Store(Store),
    /// Tell what is known of an item, and what its site says of it now
    Explain(Explain),
    /// Look at connection files
    #[command(subcommand)]
    Config(Config),
    /// Try a hook
    #[command(subcommand)]
    Hook(Hook),
    /// Try the filters of a connection
    #[command(subcommand)]
    Filter(Filter),
    /// Encrypt a secret, from standard input or as it is typed, to be pasted into a connection file
    Encrypt(Encrypt),
}

#[derive(Debug, Args)]
pub(crate) struct Encrypt {
    /// The code of the connection that may use the secret, followed by the name of the setting that it is for
    #[arg(long = "for", value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// The setting that the secret is for, such as `connection.auth.value`
    ///
    /// A secret in its place is refused: every user of the machine could read it there.
    #[arg(value_name = "SETTING")]
    pub(crate) words: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// How to write the log, which goes to standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Only tell whether the service is alive: exit code 0 if it is, else 4
    #[arg(long, conflicts_with = "format")]
    pub(crate) healthy: bool,
    /// How to show it
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub(crate) format: ShowFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The codes of the connections to check [default: all that are enabled]
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Validate all files without asking any site: connection files, trust stores, filters, schedules, hooks,
    /// `conf/application.conf`
    #[arg(long)]
    pub(crate) offline: bool,
    /// How to show what was seen
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub(crate) format: ShowFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// The codes of the connections to scan [default: all that are enabled]
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Write the items of this scan as lines, too, for one connection; `-` is standard output
    #[arg(long, value_name = "FILE|-")]
    pub(crate) output: Option<PathBuf>,
    /// Scan without the store: the items go to `export/CODE.visualization.ndjson` or to `--output`
    #[arg(long)]
    pub(crate) no_store: bool,
    /// Mark as gone what is not seen any more, and replace a file that has it, however much that is
    #[arg(long, requires = "codes")]
    pub(crate) accept_removals: bool,
    /// Write the report as JSON, too; standard output is for items alone
    #[arg(long, value_name = "FILE", value_parser = report_file)]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Inventory {
    /// The codes of the connections to list [default: all that are enabled]
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    #[command(flatten)]
    List(Box<Catalog>),
    /// Remove a connection with its items, history, exports, session and lock
    Forget(Forget),
}

#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// The code of the connection, which no connection file may have
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
    /// Leave the items in the catalogs that followers write to
    #[arg(long)]
    pub(crate) keep_in_catalogs: bool,
    /// Do not ask, on a terminal either
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// List items, sorted by key
    List {
        #[command(flatten)]
        wanted: Wanted,
        /// Only what changed from this scan on, by its number or its id, or from this time on: `7d`, `yesterday`,
        /// `2026-11-24`
        #[arg(long, value_name = "SCAN|TIME", value_parser = Since::parse)]
        since: Option<Since>,
        /// Only the first items
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        limit: Option<u64>,
        #[command(flatten)]
        form: Form,
    },
    /// Show one item with all its fields
    Show {
        /// Its key, as the list has it
        key: String,
        #[command(flatten)]
        form: Form,
    },
    /// List what was added, changed, removed, filtered and returned, in that order of time
    Changes {
        /// From this scan on, by its number or its id, or from this time on: `17`, `7d`, `yesterday`, `2026-11-24`,
        /// `2026-11-24T07:30:00Z`
        #[arg(long, value_name = "SCAN|TIME", value_parser = Since::parse)]
        since: Option<Since>,
        /// Only the last changes
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        limit: Option<u64>,
        #[command(flatten)]
        of: OfConnection,
        #[command(flatten)]
        form: Form,
    },
    /// List the scans, in the order of time
    Scans {
        /// Only the last scans
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        limit: Option<u64>,
        #[command(flatten)]
        of: OfConnection,
        #[command(flatten)]
        form: Form,
    },
    /// List the owners of what is there, with the addresses under which a catalog reaches them
    Owners {
        /// Only those who have an address, or only those who have none
        #[arg(long, value_enum)]
        email: Option<Email>,
        /// Only those whose accounts have one of these statuses; without a value, those who cannot log in any more
        #[arg(
            long,
            value_enum,
            value_delimiter = ',',
            num_args = 0..=1,
            default_missing_values = ["inactive", "blocked", "removed"],
            value_name = "STATUS"
        )]
        status: Vec<OwnerStatus>,
        #[command(flatten)]
        of: OfConnection,
        #[command(flatten)]
        form: Form,
    },
    /// List the followers, and how far each has come
    Followers {
        #[command(flatten)]
        form: Form,
    },
}

impl Catalog {
    /// How the list is written.
    pub(crate) fn form(&self) -> &Form {
        match self {
            Self::List { form, .. }
            | Self::Show { form, .. }
            | Self::Changes { form, .. }
            | Self::Scans { form, .. }
            | Self::Owners { form, .. }
            | Self::Followers { form } => form,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct OfConnection {
    /// Only of the connection with this code
    #[arg(long, value_name = "CODE")]
    pub(crate) connection: Option<String>,
}

/// Which items are wanted: those that meet all that is given.
#[derive(Debug, Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    pub(crate) of: OfConnection,
    /// Only of this application, by its id or its name
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) app: Option<String>,
    /// Only of the stream with this name
    #[arg(long, value_name = "NAME")]
    pub(crate) stream: Option<String>,
    /// Only of this owner, by `DIRECTORY\user`, name or e-mail address
    #[arg(long, value_name = "OWNER")]
    pub(crate) owner: Option<String>,
    /// Only items in these states
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [State::Present])]
    pub(crate) state: Vec<State>,
    /// Only items that have this text in key, label, name or description, whatever the case
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Email {
    With,
    Without,
    /// Could not be read
    Unknown,
}

/// Whether an owner can log in to the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OwnerStatus {
    Active,
    Inactive,
    Blocked,
    /// Not in the user directory any more
    Removed,
    /// Could not be read
    Unknown,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Write a verified copy of the store to a file; the service and other commands may go on meanwhile
    Backup {
        /// The file; an earlier backup there is replaced, any other file is not
        file: PathBuf,
    },
    /// Replace the store by a backup; the former store is kept beside it. Stop the service first
    Restore {
        /// A file that `store backup` wrote
        file: PathBuf,
    },
    /// Check whether the store, or a backup of it, is intact, and show what it holds
    Check {
        /// A backup to check instead of the store
        file: Option<PathBuf>,
        /// How to show the result
        #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
        format: ShowFormat,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// An item's key or link, the id of a sheet or an app, or a name
    #[arg(value_name = "KEY|URL|ID|NAME")]
    pub(crate) subject: String,
    /// Ask no site: tell what the store knows
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Hook {
    /// Run a hook as the service does after a scan, with the changes of the last one
    Test(HookTest),
}

#[derive(Debug, Args)]
pub(crate) struct HookTest {
    /// The code of the hook
    pub(crate) hook: String,
    /// The connection whose last scan counts [default: the one that was scanned last]
    #[arg(long, value_name = "CODE")]
    pub(crate) connection: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Filter {
    /// List what a connection's filters keep and leave out of what its site has now; writes nothing but the session with the
    /// site, which the next command may use again
    Test(FilterTest),
}

#[derive(Debug, Args)]
pub(crate) struct FilterTest {
    /// The code of the connection
    pub(crate) code: String,
    /// Ask no site: try the filters on what the store holds
    #[arg(long)]
    pub(crate) offline: bool,
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
