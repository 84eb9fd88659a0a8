//! Determines the state of an installation, whether its service is running or not.
//!
//! A running service has written the state of its connections to its state file. If none is running, the files are read
//! as the service would read them. The results of scans are always read from the store.

use std::collections::{BTreeMap, BTreeSet};

use catalog_model::ConnectionCode;
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    automation::Automation,
    home::{Home, shown},
    hooks::{self, HookFile},
    installation::Installation,
    lock::{closed, holder_of, is_held, may_be_of},
    problem::Problem,
    records::FollowerRecord,
    scanner_identity::scanner_name,
    schedule::Preview,
    service::{self, ConnectionState, FileWatcher, HookRun, ServiceState, Table, reason, reasons},
    service_state::FileStatus,
    store::{Catalog, LastScan, StoreError, StoredScan, fleet::Fleet},
    store_problem::StoreProblem,
};

/// The state of an installation.
pub struct Status {
    /// The name of the scanner.
    pub name: Option<String>,
    /// The running service, if there is one.
    pub service: Option<RunningService>,
    /// Whether a process holds the service's lock.
    pub is_running: bool,
    /// The error that prevents the service from starting or from using `conf/application.conf`.
    pub error: Option<String>,
    /// The time zone of the schedules.
    pub zone: TimeZone,
    /// The schedule of connections without their own.
    pub schedule: Option<Preview>,
    /// The connections.
    pub connections: Vec<ConnectionStatus>,
    /// The followers.
    pub followers: Vec<FollowerRecord>,
    /// The scanners that share the store, if it is on a server.
    pub fleet: Option<Fleet>,
    /// The hook files.
    pub hook_files: Vec<HookFile>,
    /// How the last run of each hook ended.
    pub hook_runs: Vec<HookRun>,
    /// Why the state is incomplete.
    pub problems: Vec<Problem>,
    /// The current time.
    pub now: Timestamp,
}

/// A running service.
pub struct RunningService {
    /// Its process id.
    pub pid: u32,
    /// The version of its program.
    pub version: String,
    /// When it started.
    pub started: String,
}

/// The state of a connection.
pub struct ConnectionStatus {
    /// The state according to its file.
    pub state: ConnectionState,
    /// Its last scan that ended.
    pub last_scan: Option<StoredScan>,
    /// Its own schedule.
    pub schedule: Option<Preview>,
    /// Another process that is scanning it, if any.
    pub holder: Option<String>,
}

impl Installation {
    /// Determines the state of the installation.
    pub fn status(&self) -> Status {
        let running = is_held(&self.home.lock());
        let left = service::read_state(&self.home.status());
        let mut problems = Vec::from_iter(unknown_service(&self.home));
        let name = scanner_name(&self.home).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        let FileStates {
            mut connections,
            error,
            schedule,
            zone,
        } = match &left {
            Some(state) if running => FileStates::by_service(state),
            _ => FileStates::by_files(self, left.as_ref()),
        };
        let mut scans = last_scans(&self.home, &mut connections).unwrap_or_else(|error| {
            problems.push(error.problem());
            BTreeMap::new()
        });
        let followers = self.follower_states(running).unwrap_or_else(|error| {
            problems.push(error.problem());
            Vec::new()
        });
        let fleet = fleet(&self.home, &mut problems);
        let service = left.as_ref().filter(|_| running);
        let mut holders = holders(&self.home, &mut connections, service.map(|state| state.pid));
        let now = (self.clock)();
        let preview = |text: &String| Preview::new(text, now, &zone).ok();
        let connections = connections.into_iter().map(|state| {
            let code = state.code.as_ref();
            ConnectionStatus {
                last_scan: code.and_then(|code| scans.remove(code)),
                schedule: state.schedule.as_ref().and_then(preview),
                holder: code.and_then(|code| holders.remove(code)),
                state,
            }
        });
        let connections = connections.collect();
        let hook_files = hooks::files(&self.home, &self.variables);
        Status {
            name,
            service: service.map(|state| RunningService {
                pid: state.pid,
                version: state.version.clone(),
                started: state.started.clone(),
            }),
            is_running: running,
            error: error.or_else(|| problems.first().map(reason)),
            schedule: schedule.as_ref().and_then(preview),
            connections,
            followers,
            fleet,
            hook_runs: hook_runs(&hook_files, left.as_ref()),
            hook_files,
            problems,
            now,
            zone,
        }
    }

    /// The states of the followers. Errors in their settings are reported elsewhere.
    fn follower_states(&self, is_running: bool) -> Result<Vec<FollowerRecord>, StoreError> {
        let Ok(application) = self.application() else {
            return Ok(Vec::new());
        };
        let mut records = Vec::new();
        if let Some(catalog) = Catalog::open(self.home.store())? {
            let last = catalog.settled()?;
            for follower in &application.followers {
                records.push(FollowerRecord::read(&catalog, follower, last, is_running)?);
            }
        }
        let disabled = application.disabled_followers.iter();
        records.extend(disabled.map(FollowerRecord::disabled));
        Ok(records)
    }

    /// Whether a service is running for this home.
    #[must_use]
    pub fn is_service_running(&self) -> bool {
        is_held(&self.home.lock())
    }

    /// Why the service is unhealthy, for service managers that restart it. Errors of connections are not included,
    /// because a restart would not fix them.
    pub fn health_error(&self) -> Option<String> {
        let home = &self.home;
        if let Some(error) = closed(&home.lock()) {
            return Some(format!(
                "`{}` cannot be opened: {error}",
                shown(&home.lock())
            ));
        }
        if !is_held(&home.lock()) {
            return Some(format!(
                "no service is running for the home `{}`",
                shown(&home.path(""))
            ));
        }
        let path = home.status();
        if service::is_silent(&path, (self.clock)()) {
            return Some(format!(
                "the service has not responded for more than 45 seconds (`{}`)",
                shown(&path)
            ));
        }
        service::read_state(&path)?.overdue
    }
}

/// The scanners that share the store.
fn fleet(home: &Home, problems: &mut Vec<Problem>) -> Option<Fleet> {
    home.store().fleet().unwrap_or_else(|error| {
        // The same error as that of the scans is shown once.
        if problems.is_empty() {
            problems.push(error.problem());
        }
        None
    })
}

/// The problem that it is unknown whether a service is running.
fn unknown_service(home: &Home) -> Option<Problem> {
    let path = home.lock();
    let error = closed(&path)?;
    let message = format!(
        "cannot tell whether a service is running for this home: `{}`: {error}",
        shown(&path)
    );
    let hint = "run the command as the account of the service, or as root".to_owned();
    Some(Problem::general(message, hint))
}

/// The processes other than the service that are scanning connections now, by code.
///
/// The scans of the service are in its state file. An abandoned scan may hold its lock longer.
fn holders(
    home: &Home,
    connections: &mut [ConnectionState],
    service: Option<u32>,
) -> BTreeMap<String, String> {
    let mut holders = BTreeMap::new();
    for connection in connections {
        let code = connection.code.as_deref().map(ConnectionCode::new);
        let Some(Ok(code)) = code else { continue };
        if let Some(holder) = holder_of(&home.data(&code, "lock"))
            && !service.is_some_and(|service| may_be_of(&holder, service))
        {
            connection.scanning = true;
            holders.insert(code.to_string(), holder);
        }
    }
    holders
}

/// The last runs of the hooks that still exist. An invalid file may belong to any hook.
fn hook_runs(files: &[HookFile], left: Option<&ServiceState>) -> Vec<HookRun> {
    let is_there = |run: &&HookRun| {
        let mut files = files.iter();
        files.any(|file| {
            file.code()
                .is_none_or(|code| code == run.hook && file.enabled)
        })
    };
    let runs = left.into_iter().flat_map(|left| &left.hooks);
    runs.filter(is_there).cloned().collect()
}

/// The states according to the files.
struct FileStates {
    connections: Vec<ConnectionState>,
    /// The error that prevents the service from starting or from using `conf/application.conf`.
    error: Option<String>,
    /// The schedule of connections without their own.
    schedule: Option<String>,
    zone: TimeZone,
}

impl FileStates {
    /// Reads the states that the service has written.
    fn by_service(state: &ServiceState) -> Self {
        let zone = state.time_zone.as_ref();
        let zone = zone.and_then(|name| TimeZone::get(name).ok());
        Self {
            connections: state.connections.clone(),
            error: state.error.clone(),
            schedule: state.schedule.clone(),
            zone: zone.unwrap_or_else(TimeZone::system),
        }
    }
}

impl FileStates {
    /// Reads the files.
    fn by_files(installation: &Installation, left: Option<&ServiceState>) -> Self {
        let mut watcher = FileWatcher::new(installation.clone());
        let (automation, settings_error) = match watcher.begin() {
            Ok(application) => (application.automation, None),
            Err(problems) => (Automation::default(), Some(reasons(&problems))),
        };
        let mut table = Table::default();
        let mut poll_error = None;
        // The second poll confirms the result of the first one.
        for _ in 0..2 {
            let poll = watcher.poll(&BTreeSet::new());
            poll_error = poll.error;
            table.apply(
                poll.files,
                service::Timing {
                    now: (installation.clock)(),
                    automation: &automation,
                },
            );
        }
        let states = table.all().map(|line| ConnectionState {
            // No service is running, so no scans are scheduled.
            next_scan: None,
            retry: None,
            ..ConnectionState::from_entry(line, &installation.home)
        });
        let mut states: Vec<_> = states.collect();
        for earlier in left.into_iter().flat_map(|left| &left.connections) {
            add_earlier(&mut states, earlier);
        }
        Self {
            connections: states,
            error: settings_error.or(poll_error),
            schedule: automation.schedule.expression().map(str::to_owned),
            zone: automation.zone,
        }
    }
}

/// Adds what an earlier service recorded about a connection.
fn add_earlier(states: &mut Vec<ConnectionState>, earlier: &ConnectionState) {
    let same = states.iter().position(|state| state.file == earlier.file);
    if let Some(state) = same.and_then(|index| states.get_mut(index)) {
        if state.code.is_none() {
            state.code.clone_from(&earlier.code);
            state.name.clone_from(&earlier.name);
        }
    } else if states.iter().all(|state| state.code != earlier.code) {
        states.push(earlier.removed());
    }
}

/// The last ended scan of each connection, by code. Connections that are only in the store are added to `connections`.
fn last_scans(
    home: &Home,
    connections: &mut Vec<ConnectionState>,
) -> Result<BTreeMap<String, StoredScan>, StoreError> {
    let Some(catalog) = Catalog::open(home.store())? else {
        return Ok(BTreeMap::new());
    };
    // A forgotten connection is omitted, although the service may still have its code.
    connections.retain(|known| {
        let mut stored = catalog.connections().iter();
        known.state != FileStatus::Removed
            || stored.any(|stored| Some(&stored.code) == known.code.as_ref())
    });
    for stored in catalog.connections() {
        let code = Some(stored.code.clone());
        if connections.iter().all(|known| known.code != code) {
            connections.push(ConnectionState {
                code,
                name: Some(stored.name.clone()),
                file: None,
                state: FileStatus::Removed,
                error: None,
                schedule: None,
                next_scan: None,
                retry: None,
                scanning: false,
                fingerprint: String::new(),
            });
        }
    }
    let scans = catalog.last_scans(LastScan::Ended)?;
    Ok(scans
        .into_iter()
        .map(|scan| (scan.connection.clone(), scan))
        .collect())
}
