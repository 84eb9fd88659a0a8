//! The scanners that share a store on a server: what each reports, and what each may do.
//!
//! Periods and not times: the clocks of the scanners may differ, and only that of the server counts.

use std::time::Duration;

/// What a scanner reports of itself, again and again, so that the others know that it works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScannerReport {
    /// Its name.
    pub name: String,
    /// The name of its machine.
    pub host: String,
    /// The version of its program.
    pub version: String,
    /// How long it has been running.
    pub running: Duration,
    /// For how long the connection has been due that waits longest for its scan.
    pub overdue: Duration,
    /// The connections that it could scan: those with a valid file.
    pub connections: Vec<ReportedConnection>,
}

/// A connection in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedConnection {
    /// Its code.
    pub code: String,
    /// Its file, for people.
    pub file: String,
    /// The digest of its settings. Scanners with different settings for one code do not scan it.
    pub digest: String,
    /// Whether this scanner scans it now.
    pub is_scanning: bool,
    /// What its next scanner must know, if this one knows it.
    pub progress: Option<ScanProgress>,
}

/// What the next scanner of a connection must know of the schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanProgress {
    /// The digest of the settings of the last scan that ended.
    pub digest: String,
    /// How long ago that scan began.
    pub since_start: Duration,
    /// The number of the next retry, and the time until then, if the last scan failed.
    pub retry: Option<(u32, Duration)>,
}

/// The answer to a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duties {
    /// The codes of the connections that the scanner may scan, with what it must know if it is new to it.
    pub connections: Vec<(String, Option<ScanProgress>)>,
    /// How long this holds, from the beginning of the report on.
    pub valid_for: Duration,
    /// When the next report is due, from the beginning of this one on.
    pub next_report: Duration,
}

/// The state of all scanners of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// The scanners, sorted by name.
    pub scanners: Vec<FleetScanner>,
    /// The connections of which a scanner has a file, sorted by code.
    pub connections: Vec<FleetConnection>,
}

/// A scanner of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetScanner {
    /// Names its process.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The name of its machine.
    pub host: String,
    /// The version of its program.
    pub version: String,
    /// How long ago it started.
    pub running: Duration,
    /// How long ago its last report was.
    pub since_report: Duration,
    /// Whether it has reported in time.
    pub is_alive: bool,
    /// For how long the connection had been due that waited longest for its scan.
    pub overdue: Duration,
    /// The codes of the connections that it may scan.
    pub connections: Vec<String>,
}

/// A connection of a store with several scanners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetConnection {
    /// Its code.
    pub code: String,
    /// Who may scan it, and why.
    pub state: Assignment,
}

/// Who may scan a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// This scanner, and nobody else.
    Held {
        /// The name of the scanner.
        scanner: String,
        /// Whether it scans it now.
        is_scanning: bool,
    },
    /// Nobody yet: the lease of the former scanner has not expired, or no other one has taken it since.
    Free,
    /// Nobody: the files of these scanners differ.
    Differs {
        /// The names of the scanners with their files.
        files: Vec<(String, String)>,
    },
    /// Nobody: no scanner that works has its file.
    Unattended,
}
