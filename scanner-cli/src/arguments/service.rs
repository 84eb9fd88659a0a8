//! The options of `service`.

use clap::{Args, Subcommand};
use system_service::{DEFAULT_NAME, Scope, ServiceName};

use super::ShowFormat;

#[derive(Debug, Subcommand)]
pub(crate) enum Service {
    /// Install the service; it starts with the system
    Install(Install),
    /// Stop and remove the service; its home is kept
    Uninstall(Target),
    /// Start the service
    Start(Target),
    /// Stop the service
    Stop(Target),
    /// Show whether the service is installed and runs: exit code 0 if it runs, 4 if not
    Status(ServiceStatus),
    /// The process of the service. Only Windows starts it
    #[cfg(windows)]
    #[command(hide = true)]
    Run(Target),
}

#[derive(Debug, Args)]
pub(crate) struct Install {
    #[command(flatten)]
    pub(crate) target: Target,
    /// The account that the service runs as
    #[cfg_attr(unix, doc = "[default: scanner]")]
    #[cfg_attr(
        windows,
        doc = r"[default: an account of its own, `NT SERVICE\NAME`]",
        doc = "",
        doc = r"`LocalService`, `NetworkService`, `LocalSystem`, or `DOMAIN\name`, whose password is read from the terminal or from",
        doc = "standard input. Group managed service accounts (`DOMAIN\\name$`) need none."
    )]
    #[cfg_attr(unix, arg(conflicts_with = "user"))]
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Only print the systemd unit; install nothing
    #[cfg(unix)]
    #[arg(long)]
    pub(crate) print: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The name of the service
    #[arg(long, default_value = DEFAULT_NAME)]
    pub(crate) name: ServiceName,
    /// A service of your own, which needs no administrator, instead of one of the system
    #[cfg(unix)]
    #[arg(long)]
    pub(crate) user: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServiceStatus {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Output format
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub(crate) format: ShowFormat,
}

impl Target {
    /// For whom the service is.
    #[cfg(unix)]
    pub(crate) fn scope(&self) -> Scope {
        match self.user {
            true => Scope::User,
            false => Scope::System,
        }
    }

    /// Windows has only services of the system.
    #[cfg(not(unix))]
    pub(crate) fn scope(&self) -> Scope {
        Scope::System
    }
}
