//! The state of an installation as a record for programs: `status --format json`.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    home::shown,
    hooks::HookFile,
    json_text::json_page,
    problem::Problem,
    records::{CountsRecord, FleetRecord, FollowerCondition, FollowerRecord, RefusalRecord},
    schedule::Preview,
    service::{HookRun, reason, reasons},
    service_state::{FileStatus, is_ahead},
    shown_time::{instant, second},
    status::{ConnectionStatus, Status},
    store::StoredScan,
};

/// The state of an installation.
#[derive(Serialize)]
pub struct StatusRecord<'a> {
    /// The scanner itself.
    pub scanner: ScannerState<'a>,
    /// The connections.
    pub connections: Vec<ConnectionRecord>,
    /// The followers.
    pub followers: Vec<FollowerState>,
    /// The scanners that share the store, if it is on a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetRecord>,
    /// How the last run of each hook ended.
    pub hooks: &'a [HookRun],
    /// The files of the hooks.
    pub hook_files: Vec<HookFileState>,
}

/// The state of the scanner itself.
#[derive(Serialize)]
pub struct ScannerState<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// The version of the service; if none is running, of this program.
    pub version: &'a str,
    /// Whether a service is running.
    pub running: bool,
    /// The process of the service.
    pub pid: Option<u32>,
    started: Option<&'a str>,
    /// The error that keeps the service from starting, or from using its own settings.
    pub error: Option<&'a str>,
    /// The time zone of all schedules; null if it has no name.
    time_zone: Option<&'a str>,
    /// The schedule of connections without one of their own.
    #[serde(flatten)]
    pub schedule: ScheduleState,
}

/// A schedule with its next times. If it has no expression, a connection is scanned 24 hours after its last scan.
#[derive(Default, Serialize)]
pub struct ScheduleState {
    schedule: Option<String>,
    next_times: Vec<String>,
    /// Headings and texts for people. Empty if they are shown elsewhere.
    #[serde(skip)]
    pub lines: Vec<(&'static str, String)>,
}

/// The state of a connection.
#[derive(Serialize)]
pub struct ConnectionRecord {
    /// Its code, if it is known.
    pub code: Option<String>,
    /// Its name, if it is known.
    pub name: Option<String>,
    /// Its file.
    pub file: Option<String>,
    /// Whether its file is valid and its last scan did not fail.
    pub state: FileStatus,
    /// What is wrong.
    pub error: Option<String>,
    /// A problem that does not prevent scans.
    pub warning: Option<String>,
    /// The last scan that ended.
    pub last_scan: Option<LastScanRecord>,
    /// When it is scanned next.
    pub next_scan: Option<String>,
    /// The number of the retry that the next scan is, if the last one failed.
    pub retry: Option<usize>,
    /// Its schedule.
    #[serde(flatten)]
    pub schedule: ScheduleState,
    /// Whether it is being scanned.
    pub scanning: bool,
    /// The process other than the service that is reading the connection.
    #[serde(skip)]
    pub holder: Option<String>,
}

/// The last scan of a connection.
#[derive(Serialize)]
pub struct LastScanRecord {
    /// The number of the scan.
    pub id: i64,
    /// How it ended.
    pub outcome: Option<String>,
    started: String,
    finished: Option<String>,
    /// What it found.
    #[serde(flatten)]
    pub counts: CountsRecord,
    reasons: Vec<String>,
    /// When it began, to the second.
    #[serde(skip)]
    pub started_second: String,
}

/// The state of a follower.
#[derive(Serialize)]
pub struct FollowerState {
    /// Its name.
    pub follower: String,
    /// Number of changes that it has not delivered yet; null before it has delivered all items.
    pub behind: Option<i64>,
    /// When it last delivered something.
    pub followed: Option<String>,
    /// How often it has failed in a row.
    pub failures: i64,
    /// When the service retries it, if it failed.
    pub next_retry: Option<String>,
    /// Its last error, if it failed.
    pub error: Option<String>,
    /// Since when the oldest change waits that it has not delivered yet.
    pub waiting_since: Option<String>,
    /// Number of items that it has written to its catalog.
    pub sent: i64,
    /// Number of items and containers that its catalog refuses.
    pub refused: i64,
    /// The first of them.
    pub refusals: Vec<RefusalRecord>,
    /// When it last delivered everything.
    pub last_success: Option<String>,
    /// Its state in one word.
    pub state: FollowerCondition,
    /// The id of its kind.
    pub kind: String,
    /// Where it delivers.
    pub target: Option<String>,
}

/// The state of the file of a hook.
#[derive(Serialize)]
pub struct HookFileState {
    /// The file.
    pub file: String,
    code: Option<String>,
    state: FileStatus,
    /// What is wrong.
    pub error: Option<String>,
    /// A problem that does not prevent the hook from running.
    pub warning: Option<String>,
}

impl<'a> StatusRecord<'a> {
    /// The record of this state; `version` is the version of the program.
    #[must_use]
    pub fn new(status: &'a Status, version: &'a str) -> Self {
        let service = status.service.as_ref();
        let preview = status.schedule.as_ref();
        let connections = status.connections.iter();
        Self {
            scanner: ScannerState {
                name: status.name.as_deref(),
                version: service.map_or(version, |service| &service.version),
                running: status.is_running,
                pid: service.map(|service| service.pid),
                started: service.map(|service| service.started.as_str()),
                error: status.error.as_deref(),
                time_zone: status.zone.iana_name(),
                schedule: preview.map(ScheduleState::new).unwrap_or_default(),
            },
            connections: connections
                .map(|connection| ConnectionRecord::new(connection, preview, status.now))
                .collect(),
            followers: status.followers.iter().map(FollowerState::new).collect(),
            fleet: status.fleet.as_ref().map(FleetRecord::from),
            hooks: &status.hook_runs,
            hook_files: status.hook_files.iter().map(HookFileState::new).collect(),
        }
    }

    /// The record as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        json_page(self)
    }
}

impl ScheduleState {
    fn new(preview: &Preview) -> Self {
        let expression = format!("{} ({})", preview.expression(), preview.zone());
        Self {
            schedule: Some(preview.expression().to_owned()),
            next_times: preview.times(),
            lines: vec![
                ("schedule", expression),
                ("next times", preview.local_times()),
            ],
        }
    }

    /// The schedule of a connection: its own, else that of the scanner if the connection is scanned at all.
    fn of_connection(connection: &ConnectionStatus, scanner: Option<&Preview>) -> Self {
        let state = &connection.state;
        let is_scanned = state.state == FileStatus::Valid || state.next_scan.is_some();
        match (&connection.schedule, scanner.filter(|_| is_scanned)) {
            (Some(own), _) => Self::new(own),
            (None, Some(scanner)) => Self {
                lines: Vec::new(),
                ..Self::new(scanner)
            },
            (None, None) => Self::default(),
        }
    }
}

impl ConnectionRecord {
    fn new(connection: &ConnectionStatus, scanner: Option<&Preview>, now: Timestamp) -> Self {
        let (state, scan) = (&connection.state, connection.last_scan.as_ref());
        let failed = scan.filter(|scan| scan.outcome.as_deref() == Some("failed"));
        let failed = failed.filter(|_| state.state == FileStatus::Valid);
        let failure = failed.map(|scan| scan.reasons.join("; "));
        Self {
            state: match failed {
                Some(_) => FileStatus::Error,
                None => state.state,
            },
            error: state.error.clone().or(failure),
            warning: scan.and_then(|scan| future_date(scan, now)),
            code: state.code.clone(),
            name: state.name.clone(),
            file: state.file.clone(),
            last_scan: scan.map(LastScanRecord::new),
            next_scan: state.next_scan.clone(),
            retry: state.retry,
            schedule: ScheduleState::of_connection(connection, scanner),
            scanning: state.scanning,
            holder: connection.holder.clone(),
        }
    }
}

/// The warning about a scan with a date in the future.
fn future_date(scan: &StoredScan, now: Timestamp) -> Option<String> {
    let started = Timestamp::from_millisecond(scan.started).ok()?;
    is_ahead(started, now).then(|| {
        format!(
            "the last scan has the date {started:.0}, but the current time is {now:.0}; check the clock of this machine (the schedule does not wait for that date)"
        )
    })
}

impl LastScanRecord {
    fn new(scan: &StoredScan) -> Self {
        Self {
            id: scan.id,
            outcome: scan.outcome.clone(),
            started: instant(scan.started),
            started_second: second(scan.started),
            finished: scan.ended.map(instant),
            counts: scan.counts.into(),
            reasons: scan.reasons.clone(),
        }
    }
}

impl FollowerState {
    fn new(record: &FollowerRecord) -> Self {
        let record = record.clone();
        Self {
            follower: record.follower,
            behind: record.behind,
            followed: record.followed,
            failures: record.failures,
            next_retry: record.next_retry,
            error: record.error,
            waiting_since: record.waiting_since,
            sent: record.sent,
            refused: record.refused,
            refusals: record.refusals,
            last_success: record.last_success,
            state: record.state,
            kind: record.kind,
            target: record.target,
        }
    }
}

impl HookFileState {
    fn new(file: &HookFile) -> Self {
        let state = match (&file.hook, file.enabled) {
            (_, false) => FileStatus::Disabled,
            (Some(_), true) => FileStatus::Valid,
            (None, true) => FileStatus::Error,
        };
        let is_warning = |problem: &&Problem| !problem.is_error();
        let mut warnings = file.problems.iter().filter(is_warning);
        Self {
            file: shown(&file.path),
            code: file.code().map(str::to_owned),
            error: (state == FileStatus::Error).then(|| reasons(&file.problems)),
            warning: warnings.next().map(reason),
            state,
        }
    }
}
