//! Scans and their statistics.

use super::PageRequest;

/// Which scans a list contains, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScansRequest {
    /// Codes of connections. Empty: all.
    pub connections: Vec<String>,
    /// Outcomes, such as `complete`. Empty: all. A running scan has none.
    pub outcomes: Vec<String>,
    /// Which page.
    pub page: PageRequest,
}

/// A scan in a series over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanPoint {
    /// The code of the connection.
    pub connection: String,
    /// The number of the scan.
    pub scan: i64,
    /// When it began.
    pub started: i64,
    /// How long it took, in milliseconds.
    pub duration: Option<i64>,
    /// The outcome.
    pub outcome: String,
    /// Number of items that it saw.
    pub items: i64,
}
