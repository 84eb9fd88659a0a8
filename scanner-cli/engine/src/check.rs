//! Checks connections and files stage by stage: finds the stage that fails, and says what to do about it.

use std::{panic::resume_unwind, sync::Arc, time::Duration};

use catalog_model::{
    ConnectorRegistry, SessionHold, Stage, Verdict,
    follower::{ConfiguredFollower, Example},
};
use catalog_store::{FeedFollower, StoreFeed, StoreLocation};
use tokio::task::spawn_blocking;

use crate::{
    application_file::Application,
    connection_file::{InvalidFile, InvalidPart},
    connections::Ready,
    delivery::DisabledFollower,
    home::shown,
    installation::Installation,
    kept_session::KeptSession,
    problem::Problem,
};

mod json;
mod offline;

pub use self::{json::CheckGroups, offline::OfflineCheck};

/// The first stage of every check.
const CONNECTION_FILE: &str = "connection file";
/// The stage of the trust store. Connectors use the same name.
const TRUST_STORE: &str = "trust store";

/// The stage of the settings of a follower.
const SETTINGS: &str = "settings";

/// The result of a check, stage by stage.
pub struct CheckReport {
    /// The code of the connection, if a connection was checked and its code is known.
    pub code: Option<String>,
    /// The name of the connection.
    pub name: Option<String>,
    /// The file.
    pub file: String,
    /// The stages, in order.
    pub stages: Vec<Stage>,
    /// The number of errors and warnings in the file, if they are reported apart from the stages: `a.conf: 2 errors`.
    pub summary: Option<String>,
}

impl CheckReport {
    /// Whether a stage failed that comes after the files.
    pub fn fails_at_the_site(&self) -> bool {
        let files = [CONNECTION_FILE, TRUST_STORE];
        let mut stages = self
            .stages
            .iter()
            .filter(|stage| !files.contains(&stage.name));
        stages.any(|stage| stage.verdict == Verdict::Failed)
    }

    /// The stages of a file that cannot be used: the check ends at the file or at its trust store.
    pub fn invalid(file: InvalidFile, connectors: &ConnectorRegistry) -> Self {
        let path = shown(&file.path);
        let mut errors = file.problems.iter().filter(|problem| problem.is_error());
        let first = errors.next();
        let seen = first.map(with_place).unwrap_or_default();
        let seen = match errors.count() {
            0 => seen,
            more => format!("{seen} (and {more} more: `scan` shows them)"),
        };
        let hint = first.and_then(Problem::hint).map(str::to_owned);
        let failed = |name| Stage::ok(name, seen, Duration::ZERO).but(Verdict::Failed, hint);
        let mut stages = match file.invalid_part {
            InvalidPart::File => vec![failed(CONNECTION_FILE)],
            InvalidPart::TrustStore => vec![
                Stage::ok(CONNECTION_FILE, path.clone(), Duration::ZERO),
                failed(TRUST_STORE),
            ],
        };
        let reached: Vec<_> = stages.iter().map(|stage| stage.name).collect();
        let known = connectors.stages();
        let rest = known.filter(|name| !reached.contains(name));
        stages.extend(rest.map(Stage::not_reached));
        Self {
            code: file.code.map(|code| code.to_string()),
            name: None,
            file: path,
            stages,
            summary: None,
        }
    }
}

impl Installation {
    /// Checks a connection with the session of its scans, and keeps the session for the next command.
    pub async fn check_connection(&self, ready: &Ready, hold: SessionHold) -> CheckReport {
        let connection = ready.connection.as_ref();
        let session = KeptSession::resume(connection, &self.home, &ready.code);
        let file = shown(&ready.path);
        let mut stages = vec![Stage::ok(CONNECTION_FILE, file.clone(), Duration::ZERO)];
        stages.extend(connection.check().await);
        for warning in session.end(hold).await {
            stages[0].seen = format!("{}; {}", stages[0].seen, warning.message);
            stages[0].verdict = Verdict::Warning;
            stages[0].hint = warning.hint;
        }
        CheckReport {
            code: Some(ready.code.to_string()),
            name: Some(ready.name.clone()),
            file,
            stages,
            summary: None,
        }
    }
}

impl Installation {
    /// Checks the way to the store and what the scanner may do there. `None` if the store is a file.
    pub async fn check_store(&self) -> Option<CheckReport> {
        let StoreLocation::Server(server) = self.home.store() else {
            return None;
        };
        let file = format!("store {}", server.address());
        let checked = spawn_blocking(move || server.check()).await;
        Some(CheckReport {
            code: None,
            name: None,
            file,
            stages: checked.unwrap_or_else(|crashed| resume_unwind(crashed.into_panic())),
            summary: None,
        })
    }
}

impl Installation {
    /// Checks the connection to the catalog of a follower.
    pub async fn check_follower(&self, follower: &ConfiguredFollower) -> CheckReport {
        let mut checked = self.follower_settings(follower);
        let example = self.example(follower).await;
        let stages = follower.follower.check(example.as_ref()).await;
        checked.stages.extend(stages);
        let kind = self.followers.get(&follower.kind).into_iter();
        // A stage that the follower leaves out was not reached, and is not passed.
        for name in kind.flat_map(|kind| kind.stages()) {
            if !checked.stages.iter().any(|stage| stage.name == *name) {
                checked.stages.push(Stage::not_reached(name));
            }
        }
        checked
    }

    /// The results for the followers that the settings disable.
    pub fn disabled_followers(&self, application: &Application) -> Vec<CheckReport> {
        let disabled = application.disabled_followers.iter();
        let result = |follower: &DisabledFollower| CheckReport {
            code: None,
            name: Some(follower.name.clone()),
            file: shown(&self.home.settings()),
            stages: vec![Stage::ok(
                SETTINGS,
                format!("disabled by `enabled = false` in {}", follower.place),
                Duration::ZERO,
            )],
            summary: None,
        };
        disabled.map(result).collect()
    }

    /// An item of the store that the follower receives; `None` if there is none, or no store that can be read.
    async fn example(&self, follower: &ConfiguredFollower) -> Option<Example> {
        let (store, of) = (self.home.store(), FeedFollower::new(follower));
        let feed = StoreFeed::open_to_read(&store, of, self.clock, &Arc::default());
        Example::read(&feed.ok()??).await.ok()?
    }

    /// The result for the valid settings of a follower, without connecting to its catalog.
    fn follower_settings(&self, follower: &ConfiguredFollower) -> CheckReport {
        let settings = shown(&self.home.settings());
        CheckReport {
            code: None,
            name: Some(follower.follower.name().to_string()),
            stages: vec![Stage::ok(SETTINGS, settings.clone(), Duration::ZERO)],
            file: settings,
            summary: None,
        }
    }
}

/// The message of a problem, with its place in front if it has one.
fn with_place(problem: &Problem) -> String {
    match problem.place() {
        Some(place) => format!("{place}: {}", problem.message()),
        None => problem.message().to_owned(),
    }
}
