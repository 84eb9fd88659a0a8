//! Checks of connections and files, stage by stage: where the way to a source ends, and what to do about it.

use std::time::Duration;

use catalog_model::{ConnectorRegistry, SessionHold, Stage, Verdict, follower::ConfiguredFollower};

use crate::{
    connection_file::{InvalidFile, InvalidPart},
    connections::Ready,
    home::shown,
    installation::Installation,
    kept_session::KeptSession,
    problem::Problem,
};

mod offline;

pub use self::offline::OfflineCheck;

/// The first stage of every check.
const CONNECTION_FILE: &str = "connection file";
/// The stage of a trust store that keeps a connection from being made at all; its connector has the same.
const TRUST_STORE: &str = "trust store";

/// The stage of the settings of a follower.
const SETTINGS: &str = "settings";

/// What was checked, and what was seen of it stage by stage.
pub struct Checked {
    /// The code of the connection, if it is one and its code is known.
    pub code: Option<String>,
    /// The name of the connection.
    pub name: Option<String>,
    /// The file.
    pub file: String,
    /// The stages, in order.
    pub stages: Vec<Stage>,
}

impl Checked {
    /// Whether a stage failed that comes after the files.
    pub fn fails_at_the_site(&self) -> bool {
        let files = [CONNECTION_FILE, TRUST_STORE];
        let mut stages = self
            .stages
            .iter()
            .filter(|stage| !files.contains(&stage.name));
        stages.any(|stage| stage.verdict == Verdict::Failed)
    }

    /// The stages of a file that cannot be used. None comes after the file or its trust store.
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
        }
    }
}

impl Installation {
    /// Checks a connection with the session that its scans use, and keeps that for the next command.
    pub async fn check_connection(&self, ready: &Ready, hold: SessionHold) -> Checked {
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
        Checked {
            code: Some(ready.code.to_string()),
            name: Some(ready.name.clone()),
            file,
            stages,
        }
    }
}

impl Installation {
    /// Checks the way to the catalog of a follower.
    pub async fn check_follower(&self, follower: &ConfiguredFollower) -> Checked {
        let mut checked = self.follower_settings(follower);
        checked.stages.extend(follower.follower.check().await);
        checked
    }

    /// The settings of a follower that are valid, without a look at its catalog.
    fn follower_settings(&self, follower: &ConfiguredFollower) -> Checked {
        let settings = shown(&self.home.settings());
        Checked {
            code: None,
            name: Some(follower.follower.name().to_string()),
            stages: vec![Stage::ok(SETTINGS, settings.clone(), Duration::ZERO)],
            file: settings,
        }
    }
}

/// The message of a problem, after its place if it has one.
fn with_place(problem: &Problem) -> String {
    match problem.place() {
        Some(place) => format!("{place}: {}", problem.message()),
        None => problem.message().to_owned(),
    }
}
