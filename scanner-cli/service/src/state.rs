//! What the service manager knows about a service.

use std::path::PathBuf;

/// The state of an installed service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceState {
    /// Whether it runs.
    pub activity: Activity,
    /// Process id, if it runs.
    pub process: Option<u32>,
    /// Whether it starts with the system, or with the session of its user.
    pub starts_at_boot: bool,
    /// The account that it runs as, if the manager reports one.
    pub account: Option<String>,
    /// The command that it runs.
    pub command: String,
    /// The file of the unit, on Linux.
    pub unit: Option<PathBuf>,
    /// Exit code or result of the last run, if it failed.
    pub failure: Option<String>,
}

/// Whether a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It is starting.
    Starting,
    /// It runs.
    Running,
    /// It is stopping.
    Stopping,
    /// It does not run.
    Stopped,
    /// It does not run, because it failed.
    Failed,
}

impl Activity {
    /// The word for texts and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}
