//! What only a running program knows: the state of the service, of its connections and of its followers.

use jiff::Timestamp;

/// Provides the live state. Its methods may block, so they are called outside of asynchronous tasks.
pub trait LiveState: Send + Sync {
    /// The current state.
    fn live(&self) -> Live;

    /// Why the item or container with this key is, or is not, in the catalogs. No source is asked.
    ///
    /// # Errors
    /// A message for people if the store cannot be read.
    fn explain(&self, key: &str) -> Result<Vec<ExplainedEntry>, String>;
}

/// The state at one moment.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The name of the scanner.
    pub scanner: Option<String>,
    /// The version of the program.
    pub version: String,
    /// Whether a service is running.
    pub is_running: bool,
    /// When it started.
    pub started: Option<Timestamp>,
    /// The error of the service itself.
    pub error: Option<String>,
    /// The connections, sorted by code.
    pub connections: Vec<LiveConnection>,
    /// The followers, in the order of the settings.
    pub followers: Vec<LiveFollower>,
}

/// The state of a connection.
#[derive(Clone, Debug, Default)]
pub struct LiveConnection {
    /// Its code, if it is known.
    pub code: Option<String>,
    /// Its name, if it is known.
    pub name: Option<String>,
    /// Its file.
    pub file: Option<String>,
    /// One of `valid`, `error`, `disabled` and `removed`; `unknown` if no service is running.
    pub state: String,
    /// What is wrong, with file and line.
    pub error: Option<String>,
    /// A problem that does not prevent scans.
    pub warning: Option<String>,
    /// Whether it is being scanned.
    pub is_scanning: bool,
    /// When it is scanned next.
    pub next_scan: Option<Timestamp>,
    /// The number of the retry that the next scan is, if the last one failed.
    pub retry: Option<usize>,
    /// Its schedule.
    pub schedule: Option<String>,
}

/// The state of a follower.
#[derive(Clone, Debug, Default)]
pub struct LiveFollower {
    /// Its name.
    pub name: String,
    /// The id of its kind.
    pub kind: String,
    /// Where it delivers.
    pub target: Option<String>,
    /// One of `disabled`, `failing`, `new`, `behind` and `up_to_date`.
    pub state: String,
    /// Its last error, if it failed.
    pub error: Option<String>,
    /// Number of changes that it has not delivered yet. Not set before it has delivered all items.
    pub behind: Option<i64>,
    /// Since when the oldest of them waits.
    pub waiting_since: Option<Timestamp>,
    /// When it last delivered something.
    pub delivered: Option<Timestamp>,
    /// When it last delivered everything.
    pub last_success: Option<Timestamp>,
    /// How often it has failed in a row.
    pub failures: i64,
    /// When it is retried, if it failed.
    pub next_retry: Option<Timestamp>,
    /// Number of items that it has written to its catalog.
    pub sent: i64,
    /// Number of items and containers that its catalog refuses.
    pub refused: i64,
}

/// What the store and the catalogs have about an item or container.
#[derive(Clone, Debug, Default)]
pub struct ExplainedEntry {
    /// Its key.
    pub key: String,
    /// Names and values, in their order.
    pub lines: Vec<(String, String)>,
    /// What the catalogs have.
    pub catalogs: Vec<ExplainedCatalog>,
}

/// What the catalog of a follower has.
#[derive(Clone, Debug, Default)]
pub struct ExplainedCatalog {
    /// The name of the follower.
    pub follower: String,
    /// What the catalog has, in words.
    pub state: String,
    /// Whether the last delivery failed.
    pub is_failing: bool,
}
