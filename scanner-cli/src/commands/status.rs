//! `status`: how the scanner and its connections are, whether it runs or not.
//!
//! What the files mean, the scanner that runs has written to its state file; where none runs, the files are read as it
//! would. How scans ended, the store alone knows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use catalog_model::ConnectionCode;
use jiff::tz::TimeZone;

mod healthy;
mod schedule;
mod show;

use self::{
    schedule::ShownSchedule,
    show::{HookState, Hooks, Scanner, Shown},
};
use super::run::identifier;
use crate::{
    arguments::{ShowFormat, Status},
    connections::connection_files,
    exit::Exit,
    home::{Home, shown},
    hooks::{self, HookFile},
    lock::{closed, holder_of, is_held, may_be_of},
    problem::Problem,
    program::Program,
    schedule::Preview,
    service::{self, ConnectionState, HookRun, State, Table, Watcher, reasons},
    service_state::Word,
    store::{Catalog, LastScan, StoreError, StoredScan},
    store_problem::StoreProblem,
};

pub(crate) fn run(program: &mut Program, arguments: &Status) -> Exit {
    if arguments.healthy {
        return healthy::run(program);
    }
    let running = is_held(&program.home.lock());
    let left = service::read_state(&program.home.status());
    let mut problems = Vec::from_iter(unknown_service(&program.home));
    let name = identifier(&program.home).unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    let Seen {
        mut connections,
        error,
        schedule,
        zone,
    } = match &left {
        Some(state) if running => Seen::by_service(state),
        _ => read_files(program, left.as_ref()),
    };
    let scans = scans(program, &mut connections).unwrap_or_else(|error| {
        problems.push(error.problem());
        BTreeMap::new()
    });
    let service = left.as_ref().filter(|_| running);
    let holders = holders(program, &mut connections, service.map(|state| state.pid));
    let now = (program.environment.clock)();
    let preview = schedule.and_then(|text| Preview::new(&text, now, &zone).ok());
    let scanner = Scanner {
        name,
        version: service.map_or(env!("CARGO_PKG_VERSION"), |state| &state.version),
        running,
        pid: service.map(|state| state.pid),
        started: service.map(|state| state.started.as_str()),
        error: error.or_else(|| problems.first().map(service::reason)),
        time_zone: zone.iana_name(),
        schedule: preview.as_ref().map(ShownSchedule::new).unwrap_or_default(),
    };
    let shown: Vec<_> = connections
        .into_iter()
        .map(|connection| {
            let scan = connection.code.as_ref().and_then(|code| scans.get(code));
            let own = connection.schedule.as_ref();
            let own = own.and_then(|text| Preview::new(text, now, &zone).ok());
            let schedule = connection_schedule(&connection, own.as_ref(), preview.as_ref());
            let holder = connection.code.as_ref().and_then(|code| holders.get(code));
            let shown = Shown::of(connection, scan, schedule, now);
            shown.read_by(holder.cloned())
        })
        .collect();
    let files = hooks::files(&program.home, &program.environment.variables);
    let hooks = Hooks {
        runs: &hook_runs(&files, left.as_ref()),
        files: &files.iter().map(HookState::of).collect::<Vec<_>>(),
    };
    let text = match arguments.format {
        ShowFormat::Text => show::as_text(&scanner, &shown, &hooks),
        ShowFormat::Json => show::as_json(&scanner, &shown, &hooks),
    };
    print(program, &text, &problems)
}

/// Warns if the home has no connection file: it may be the wrong folder.
fn warn_without_connections(program: &mut Program) {
    if let Err(problem) = connection_files(&program.home.connections()) {
        let hint = problem.hint().map(str::to_owned);
        program.report_problem(&Problem::warning(problem.message(), hint));
    }
}

/// The problem that nobody can tell whether a service runs.
fn unknown_service(home: &Home) -> Option<Problem> {
    let path = home.lock();
    let error = closed(&path)?;
    let message = format!(
        "cannot tell whether a service is running for this home: `{}`: {error}",
        shown(&path)
    );
    let hint = "ask as the account of the service, or as root".to_owned();
    Some(Problem::general(message, hint))
}

/// The processes other than the service that are reading connections now, by code.
///
/// The service says itself what it scans. A scan that it gave up may hold a lock longer.
fn holders(
    program: &Program,
    connections: &mut [ConnectionState],
    service: Option<u32>,
) -> BTreeMap<String, String> {
    let mut holders = BTreeMap::new();
    for connection in connections {
        let code = connection.code.as_deref().map(ConnectionCode::new);
        let Some(Ok(code)) = code else { continue };
        if let Some(holder) = holder_of(&program.home.data(&code, "lock"))
            && !service.is_some_and(|service| may_be_of(&holder, service))
        {
            connection.scanning = true;
            holders.insert(code.to_string(), holder);
        }
    }
    holders
}

/// The schedule of a connection: its own, else that of the scanner if it is scanned at all.
fn connection_schedule(
    connection: &ConnectionState,
    own: Option<&Preview>,
    scanner: Option<&Preview>,
) -> ShownSchedule {
    let is_scanned = connection.state == Word::Valid || connection.next_scan.is_some();
    match (own, scanner.filter(|_| is_scanned)) {
        (Some(own), _) => ShownSchedule::new(own),
        (None, Some(scanner)) => ShownSchedule::new(scanner).without_lines(),
        (None, None) => ShownSchedule::default(),
    }
}

fn print(program: &mut Program, text: &str, problems: &[Problem]) -> Exit {
    warn_without_connections(program);
    for problem in problems {
        program.report_problem(problem);
    }
    let exit = if problems.is_empty() {
        Exit::Complete
    } else {
        Exit::Configuration
    };
    program.print(text, exit)
}

/// How the hooks ended that there still are. A file that cannot be read may be that of any of them.
fn hook_runs(files: &[HookFile], left: Option<&State>) -> Vec<HookRun> {
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

/// What the files mean.
struct Seen {
    connections: Vec<ConnectionState>,
    /// What keeps a scanner from beginning, or from using its own settings.
    error: Option<String>,
    /// The schedule of connections without one of their own.
    schedule: Option<String>,
    zone: TimeZone,
}

impl Seen {
    /// What the service has written.
    fn by_service(state: &State) -> Self {
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

/// The connections as the files have them now, and what keeps a scanner from beginning.
fn read_files(program: &Program, left: Option<&State>) -> Seen {
    let mut watcher = Watcher::new(
        program.home.clone(),
        program.environment.variables.clone(),
        Arc::clone(&program.connectors),
        program.environment.clock,
    );
    let (application, wrong) = match watcher.begin() {
        Ok(application) => (application.automation, None),
        Err(problems) => (Default::default(), Some(reasons(&problems))),
    };
    let mut table = Table::default();
    let mut trouble = None;
    // What the first look sees, the second confirms.
    for _ in 0..2 {
        let look = watcher.look(&BTreeSet::new());
        trouble = look.trouble;
        table.take(
            look.files,
            service::Timing {
                now: (program.environment.clock)(),
                automation: &application,
            },
        );
    }
    let states = table.all().map(|line| ConnectionState {
        // Nobody is there to scan.
        next_scan: None,
        retry: None,
        ..ConnectionState::of(line, &program.home)
    });
    let mut states: Vec<_> = states.collect();
    for former in left.into_iter().flat_map(|left| &left.connections) {
        let same = states.iter().position(|state| state.file == former.file);
        if let Some(state) = same.and_then(|index| states.get_mut(index)) {
            if state.code.is_none() {
                state.code.clone_from(&former.code);
                state.name.clone_from(&former.name);
            }
        } else if states.iter().all(|state| state.code != former.code) {
            states.push(former.removed());
        }
    }
    Seen {
        connections: states,
        error: wrong.or(trouble),
        schedule: application.schedule.expression().map(str::to_owned),
        zone: application.zone,
    }
}

/// The last scan of each connection that ended, by code; connections that only the store knows join the others.
fn scans(
    program: &Program,
    connections: &mut Vec<ConnectionState>,
) -> Result<BTreeMap<String, StoredScan>, StoreError> {
    let Some(catalog) = Catalog::open(&program.home.store())? else {
        return Ok(BTreeMap::new());
    };
    // What was forgotten is no more, although the service still has its code.
    connections.retain(|known| {
        let mut stored = catalog.connections().iter();
        known.state != Word::Removed
            || stored.any(|stored| Some(&stored.code) == known.code.as_ref())
    });
    for stored in catalog.connections() {
        let code = Some(stored.code.clone());
        if connections.iter().all(|known| known.code != code) {
            connections.push(ConnectionState {
                code,
                name: Some(stored.name.clone()),
                file: None,
                state: Word::Removed,
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
