//! The scanners that share a store, as records.

use std::time::Duration;

use serde::Serialize;

use crate::store::fleet::{Assignment, Fleet, FleetConnection, FleetScanner};

/// The scanners that share a store.
#[derive(Serialize)]
pub struct FleetRecord {
    /// The scanners, sorted by name.
    pub scanners: Vec<FleetScannerRecord>,
    /// The connections of which a scanner has a file, sorted by code.
    pub connections: Vec<FleetConnectionRecord>,
}

/// A scanner.
#[derive(Serialize)]
pub struct FleetScannerRecord {
    /// Names its process.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The name of its machine.
    pub host: String,
    /// The version of its program.
    pub version: String,
    /// `alive`, or `lost` if it has not reported in time.
    pub state: &'static str,
    /// How long ago it started.
    pub running_seconds: f64,
    /// How long ago its last report was, by the clock of the database.
    pub last_report_seconds: f64,
    /// For how long the connection had been due that waited longest for its scan.
    pub overdue_seconds: f64,
    /// The codes of the connections that it scans.
    pub connections: Vec<String>,
}

/// Who scans a connection.
#[derive(Serialize)]
pub struct FleetConnectionRecord {
    /// Its code.
    pub code: String,
    /// `held`, `free`, `differs` or `unattended`.
    pub state: &'static str,
    /// The name of the scanner that scans it.
    pub scanner: Option<String>,
    /// Whether it is being scanned.
    pub scanning: bool,
    /// Why nobody scans it.
    pub reason: Option<String>,
}

impl From<&Fleet> for FleetRecord {
    fn from(fleet: &Fleet) -> Self {
        Self {
            scanners: fleet.scanners.iter().map(Into::into).collect(),
            connections: fleet.connections.iter().map(Into::into).collect(),
        }
    }
}

impl From<&FleetScanner> for FleetScannerRecord {
    fn from(scanner: &FleetScanner) -> Self {
        Self {
            id: scanner.id.clone(),
            name: scanner.name.clone(),
            host: scanner.host.clone(),
            version: scanner.version.clone(),
            state: match scanner.is_alive {
                true => "alive",
                false => "lost",
            },
            running_seconds: rounded(scanner.running),
            last_report_seconds: rounded(scanner.since_report),
            overdue_seconds: rounded(scanner.overdue),
            connections: scanner.connections.clone(),
        }
    }
}

impl From<&FleetConnection> for FleetConnectionRecord {
    fn from(connection: &FleetConnection) -> Self {
        let (state, scanner, scanning, reason) = match &connection.state {
            Assignment::Held {
                scanner,
                is_scanning,
            } => ("held", Some(scanner.clone()), *is_scanning, None),
            Assignment::Free => {
                let reason =
                    "its former scanner is lost or has given it up; another one takes over";
                ("free", None, false, Some(reason.to_owned()))
            }
            Assignment::Differs { files } => ("differs", None, false, Some(differ(files))),
            Assignment::Unattended => {
                let reason = "no scanner that is alive has its file";
                ("unattended", None, false, Some(reason.to_owned()))
            }
        };
        Self {
            code: connection.code.clone(),
            state,
            scanner,
            scanning,
            reason,
        }
    }
}

/// Which files differ.
fn differ(files: &[(String, String)]) -> String {
    let files: Vec<_> = files
        .iter()
        .map(|(scanner, file)| format!("`{file}` of {scanner}"))
        .collect();
    format!("its settings differ between scanners: {}", files.join(", "))
}

/// Seconds, to the millisecond.
fn rounded(period: Duration) -> f64 {
    (period.as_secs_f64() * 1e3).round() / 1e3
}
