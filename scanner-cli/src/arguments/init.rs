//! The command line of `init`.

use std::path::PathBuf;

use clap::Args;

/// Options answer the questions that `init` asks on a terminal.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// URL of the site, with the prefix of the scanner's virtual proxy
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Name of the header that logs the scanner in
    #[arg(long, value_name = "NAME")]
    pub(crate) header: Option<String>,
    /// Read the value of the header from a file [default: standard input, or a question on a terminal]
    #[arg(long, value_name = "FILE", conflicts_with = "value_env")]
    pub(crate) value_file: Option<PathBuf>,
    /// Read the value of the header from an environment variable
    #[arg(long, value_name = "NAME")]
    pub(crate) value_env: Option<String>,
    /// File with the CA certificates of the site [default: those of the operating system]
    #[arg(long, value_name = "FILE")]
    pub(crate) truststore: Option<PathBuf>,
    /// URL under which people open the hub [default: the URL of the site without the prefix]
    #[arg(long, value_name = "URL")]
    pub(crate) link_url: Option<String>,
    /// Code of the connection, the first part of the keys of its items [default: qlik]
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Name of the connection in reports [default: Qlik Sense]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Show the catalog in a browser while the service runs, at `127.0.0.1:9464`
    #[arg(long, conflicts_with = "no_catalog")]
    pub(crate) catalog: bool,
    /// Do not show the catalog in a browser
    #[arg(long)]
    pub(crate) no_catalog: bool,
    /// Ask nothing: use the options and the defaults
    #[arg(long)]
    pub(crate) yes: bool,
    /// Scan a fake site instead, and show its catalog in a browser until Ctrl-C, for at most 10 minutes. The home is the
    /// folder `scanner-demo` unless it is named
    #[cfg(feature = "demo")]
    #[arg(long)]
    pub(crate) demo: bool,
    /// Port of the fake site on 127.0.0.1 [default: 4711]
    #[cfg(feature = "demo")]
    #[arg(long, requires = "demo", value_name = "N")]
    pub(crate) port: Option<u16>,
}

impl Init {
    /// The home if neither an option nor a variable names one.
    pub(crate) fn default_home(&self) -> PathBuf {
        #[cfg(feature = "demo")]
        if self.demo {
            return PathBuf::from("scanner-demo");
        }
        PathBuf::from(".")
    }
}
