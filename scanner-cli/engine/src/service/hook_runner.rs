//! Runs the hooks of the service in the background. The hooks of one scan run one after the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use super::{
    background::{BackgroundTasks, TaskEnd},
    table::{reason, reasons},
};
use crate::{
    clock::Clock,
    connections::Ready,
    home::Home,
    hooks::{self, Hook, HookInput, Since},
    problem::Problem,
    service_state::Tallies,
    store::{Catalog, LastScan, StoreError, StoredScan},
    store_problem::StoreProblem,
};

/// Runs hooks, and remembers how the last run of each hook ended.
pub(super) struct HookRunner {
    home: Home,
    clock: Clock,
    variables: Arc<BTreeMap<String, String>>,
    running: BackgroundTasks<Vec<HookRun>>,
    stop: Arc<AtomicBool>,
    /// The warnings about hook files that were already logged.
    logged: Arc<Mutex<BTreeSet<String>>>,
    pub runs: Vec<HookRun>,
}

/// How a run of a hook ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookRun {
    /// The code of the hook.
    pub hook: String,
    /// The code of the connection.
    pub connection: String,
    /// The id of the scan.
    pub scan: i64,
    /// When it ended.
    pub finished: String,
    /// Its exit code, if it was not stopped.
    pub exit_code: Option<i32>,
    /// Why it did not run, or was stopped.
    pub error: Option<String>,
    /// The id of the store whose changes the hook received last.
    #[serde(default)]
    pub store_id: Option<String>,
}

/// The last ended scan of a connection, and the id of the store.
fn last_scan(home: &Home, connection: &str) -> Result<Option<(StoredScan, String)>, StoreError> {
    let Some(catalog) = Catalog::open(home.store())? else {
        return Ok(None);
    };
    let scans = catalog.last_scans(LastScan::Ended)?;
    let scan = scans.into_iter().find(|scan| scan.connection == connection);
    Ok(scan.map(|scan| (scan, catalog.store_id().to_owned())))
}

/// The id of the store whose changes a hook received last.
fn last_store_of(previous_runs: &[HookRun], hook: &Hook, connection: &str) -> Option<String> {
    let mut previous_runs = previous_runs.iter();
    let run = previous_runs.find(|run| run.hook == hook.code && run.connection == connection)?;
    run.store_id.clone()
}

/// Runs a hook. `known` is the id of the store whose changes it received last. If a run after a restore fails, the next
/// run sends all items again.
fn run_hook(
    hook: &Hook,
    input: &HookInput<'_>,
    last_store: Option<String>,
    clock: Clock,
) -> HookRun {
    let ended = hook.run(input);
    let learned = input.since == Since::Scan || matches!(ended, Ok(0));
    HookRun {
        hook: hook.code.clone(),
        connection: input.scan.connection.clone(),
        scan: input.scan.id,
        finished: format!("{:.3}", clock()),
        exit_code: ended.as_ref().ok().copied(),
        error: ended.err().map(|error| error.to_string()),
        store_id: if learned {
            Some(input.store_id.to_owned())
        } else {
            last_store
        },
    }
}

/// Logs errors in hook files each time, and warnings about them once.
fn report(problems: &[Problem], logged: &mut BTreeSet<String>) {
    if problems.iter().any(Problem::is_error) {
        warn!("a hook cannot be run: {}", reasons(problems));
    }
    for problem in problems.iter().filter(|problem| !problem.is_error()) {
        let reason = reason(problem);
        if logged.insert(reason.clone()) {
            warn!("{reason}");
        }
    }
}

/// Maximum number of runs that are remembered, including those of removed hooks and connections.
const MAX_RUNS: usize = 10_000;

impl HookRunner {
    pub(super) fn new(home: Home, clock: Clock, variables: Arc<BTreeMap<String, String>>) -> Self {
        let previous_runs = super::read_state(&home.status()).unwrap_or_default();
        Self {
            runs: previous_runs.hooks,
            running: BackgroundTasks::new(),
            stop: Arc::default(),
            logged: Arc::default(),
            home,
            clock,
            variables,
        }
    }

    /// Runs all hooks after the last scan of a connection.
    pub(super) fn after_scan(&mut self, ready: &Ready) {
        let (connection, connector) = (ready.code.to_string(), ready.connector.clone());
        let secrets = Arc::clone(&ready.secrets);
        let (home, clock) = (self.home.clone(), self.clock);
        let (variables, stop) = (Arc::clone(&self.variables), Arc::clone(&self.stop));
        let (previous_runs, logged) = (self.runs.clone(), Arc::clone(&self.logged));
        self.running.start_blocking(move || {
            let files = hooks::files(&home, &variables);
            let files = files.into_iter().filter(|file| file.enabled);
            let (mut hooks, mut problems) = (Vec::new(), Vec::new());
            for file in files {
                hooks.extend(file.hook);
                problems.extend(file.problems);
            }
            report(
                &problems,
                &mut logged.lock().unwrap_or_else(PoisonError::into_inner),
            );
            if hooks.is_empty() {
                return Vec::new();
            }
            let last = last_scan(&home, &connection).unwrap_or_else(|error| {
                warn!("hooks are not run: {}", reasons(&[error.problem()]));
                None
            });
            let Some((scan, store_id)) = last else {
                return Vec::new();
            };
            let runs = hooks.iter().map(|hook| {
                let last_store = last_store_of(&previous_runs, hook, &connection);
                let input = HookInput {
                    home: &home,
                    connector: &connector,
                    scan: &scan,
                    store_id: &store_id,
                    since: match &last_store {
                        Some(last_store) if *last_store != store_id => Since::Reset,
                        _ => Since::Scan,
                    },
                    secrets: Arc::clone(&secrets),
                    stop: &stop,
                };
                run_hook(hook, &input, last_store, clock)
            });
            runs.collect()
        });
    }

    /// Waits until the hooks of a scan have ended. Waits forever if none are running.
    pub(super) async fn ended(&mut self) -> TaskEnd<Vec<HookRun>> {
        self.running.ended().await
    }

    /// Records and logs how hooks ended.
    pub(super) fn record(&mut self, ended: TaskEnd<Vec<HookRun>>, counts: &mut Tallies) {
        let TaskEnd::Finished(runs) = ended else {
            return;
        };
        for run in runs {
            let HookRun {
                hook, connection, ..
            } = &run;
            let succeeded = run.exit_code == Some(0);
            counts.add(hook, if succeeded { "succeeded" } else { "failed" });
            match (run.exit_code, &run.error) {
                (Some(0), _) => info!(%hook, %connection, "the hook finished"),
                (Some(code), _) => {
                    warn!(%hook, %connection, "the hook ended with exit code {code}")
                }
                (None, error) => {
                    let error = error.as_deref().unwrap_or_default();
                    warn!(%hook, %connection, "the hook failed: {error}");
                }
            }
            let same = |other: &HookRun| other.hook == *hook && other.connection == *connection;
            self.runs.retain(|other| !same(other));
            self.runs.push(run);
            let surplus = self.runs.len().saturating_sub(MAX_RUNS);
            self.runs.drain(..surplus);
        }
    }

    /// Stops the running hooks.
    pub(super) async fn stop(&mut self, limit: Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let mut ends = Vec::new();
        self.running.join(limit, |end| ends.push(end)).await;
        for end in ends {
            // The counts are not needed any more.
            self.record(end, &mut Tallies::default());
        }
    }
}
