//! The hooks of the long-running scanner: they run beside the scans, those of one scan one after the other.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::{snapshot::Tallies, table::reasons};
use crate::{
    connections::Ready,
    environment::Clock,
    home::Home,
    hooks::{self, After},
    store::{Catalog, LastScan},
};

/// Runs hooks, and keeps how the last run of each ended.
pub(crate) struct Hooking {
    home: Home,
    clock: Clock,
    variables: BTreeMap<String, String>,
    running: JoinSet<Vec<HookRun>>,
    stop: Arc<AtomicBool>,
    pub(crate) runs: Vec<HookRun>,
}

/// How a hook ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HookRun {
    pub(crate) hook: String,
    pub(crate) connection: String,
    pub(crate) scan: i64,
    pub(crate) finished: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) error: Option<String>,
}

impl Hooking {
    pub(crate) fn new(home: Home, clock: Clock, variables: BTreeMap<String, String>) -> Self {
        let former = super::read_state(&home.status()).unwrap_or_default();
        Self {
            runs: former.hooks,
            running: JoinSet::new(),
            stop: Arc::default(),
            home,
            clock,
            variables,
        }
    }

    /// Runs all hooks after the last scan of a connection.
    pub(crate) fn after_scan(&mut self, ready: &Ready) {
        let (connection, connector) = (ready.code.to_string(), ready.connector.clone());
        let secrets = Arc::clone(&ready.secrets);
        let (home, clock) = (self.home.clone(), self.clock);
        let (variables, stop) = (self.variables.clone(), Arc::clone(&self.stop));
        self.running.spawn_blocking(move || {
            let (hooks, problems) = hooks::read(&home, &variables);
            if !problems.is_empty() {
                warn!("a hook cannot be run: {}", reasons(&problems));
            }
            if hooks.is_empty() {
                return Vec::new();
            }
            let scans = Catalog::open(&home.store()).and_then(|catalog| match catalog {
                Some(catalog) => catalog.last_scans(LastScan::Ended),
                None => Ok(Vec::new()),
            });
            let scans = scans.unwrap_or_else(|error| {
                warn!("no hook is run: {}", reasons(&[error.problem()]));
                Vec::new()
            });
            let Some(scan) = scans.iter().find(|scan| scan.connection == connection) else {
                return Vec::new();
            };
            let after = After {
                home: &home,
                connector: &connector,
                scan,
                secrets,
                stop: &stop,
            };
            let runs = hooks.iter().map(|hook| {
                let ended = hook.run(&after);
                HookRun {
                    hook: hook.code.clone(),
                    connection: connection.clone(),
                    scan: scan.id,
                    finished: format!("{:.3}", clock()),
                    exit_code: ended.as_ref().ok().copied(),
                    error: ended.err().map(|error| error.to_string()),
                }
            });
            runs.collect()
        });
    }

    /// The end of one of the runs; it never comes if there is none.
    pub(crate) async fn ended(&mut self) -> Vec<HookRun> {
        match self.running.join_next().await {
            // One that panicked has said so.
            Some(runs) => runs.unwrap_or_default(),
            None => std::future::pending().await,
        }
    }

    /// Takes how hooks ended, and tells it.
    pub(crate) fn took(&mut self, runs: Vec<HookRun>, counts: &mut Tallies) {
        for run in runs {
            let HookRun {
                hook, connection, ..
            } = &run;
            let well = run.exit_code == Some(0);
            counts.add(hook, if well { "succeeded" } else { "failed" });
            match (run.exit_code, &run.error) {
                (Some(0), _) => info!(%hook, %connection, "the hook has run"),
                (Some(code), _) => {
                    warn!(%hook, %connection, "the hook ended with exit code {code}")
                }
                (None, error) => {
                    let error = error.as_deref().unwrap_or_default();
                    warn!(%hook, %connection, "the hook failed: {error}");
                }
            }
            let same = |known: &HookRun| known.hook == *hook && known.connection == *connection;
            self.runs.retain(|known| !same(known));
            self.runs.push(run);
        }
    }

    /// Ends the hooks that run.
    pub(crate) async fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(runs) = self.running.join_next().await {
            // Nobody asks for counts any more.
            self.took(runs.unwrap_or_default(), &mut Tallies::default());
        }
    }
}
