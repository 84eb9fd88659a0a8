//! An installation of the scanner: its home, its environment, and the kinds of sources that it knows.

use std::{collections::BTreeMap, sync::Arc};

use catalog_model::{
    ConnectionCode, ConnectorRegistry,
    follower::{ConfiguredFollower, ConnectionScope},
};

use crate::{
    application_file::{Application, ApplicationReading},
    clock::Clock,
    connection_file::Reading,
    connections::{Connections, Selected},
    delivery::Deliverer,
    home::Home,
    near_code::did_you_mean,
    operation_error::OperationError,
    problem::Problem,
    restrictions::Restrictions,
};

/// What the operations of the engine work with.
#[derive(Clone)]
pub struct Installation {
    /// The home.
    pub home: Home,
    /// Variables of the environment.
    pub variables: Arc<BTreeMap<String, String>>,
    /// The kinds of sources.
    pub connectors: Arc<ConnectorRegistry>,
    /// The clock.
    pub clock: Clock,
}

impl Installation {
    /// What connection files may use.
    ///
    /// # Errors
    /// If `conf/application.conf` is not valid.
    pub fn restrictions(&self) -> Result<Arc<Restrictions>, OperationError> {
        let read = Restrictions::read(&self.home, &self.variables);
        read.map(Arc::new).map_err(OperationError::configuration)
    }

    /// Reads `conf/application.conf`.
    ///
    /// # Errors
    /// If it is not valid.
    pub fn application(&self) -> Result<Application, OperationError> {
        let read = Application::read(&ApplicationReading {
            home: &self.home,
            variables: &self.variables,
            now: (self.clock)(),
        });
        let mut application = read.map_err(OperationError::configuration)?;
        let unknown = self.unknown_connections(&application);
        application.warnings.extend(unknown);
        Ok(application)
    }

    /// Warnings about connections of followers that no connection file has.
    fn unknown_connections(&self, application: &Application) -> Vec<Problem> {
        let is_limited = |scope: &ConnectionScope| matches!(scope, ConnectionScope::Only(_));
        let mut followers = application.followers.iter();
        if !followers.any(|follower| is_limited(&follower.scope)) {
            return Vec::new();
        }
        // Errors in connection files are reported by whatever uses them. A file without a readable code may have any.
        let known = self.connections().ok().and_then(|all| all.all_codes());
        let Some(known) = known else {
            return Vec::new();
        };
        let known: Vec<_> = known.iter().map(ConnectionCode::as_str).collect();
        let followers = application.followers.iter();
        let unknown = followers.flat_map(|follower| unknown_codes(follower, &known));
        unknown.collect()
    }

    /// What delivers to followers.
    pub fn deliverer(&self) -> Deliverer {
        Deliverer::new(self.home.clone(), self.clock)
    }

    /// What reading a connection file needs.
    pub fn reading<'a>(&'a self, restrictions: &'a Arc<Restrictions>) -> Reading<'a> {
        Reading {
            restrictions,
            home: &self.home,
            variables: &self.variables,
            connectors: &self.connectors,
            now: (self.clock)(),
        }
    }

    /// Reads all connection files.
    ///
    /// # Errors
    /// If there are none, or `conf/application.conf` is not valid. A connection file that is not valid is no error.
    pub fn connections(&self) -> Result<Connections, OperationError> {
        let restrictions = self.restrictions()?;
        let loaded = Connections::load(&self.reading(&restrictions));
        loaded.map_err(|problem| OperationError::configuration(vec![problem]))
    }

    /// Reads the connections of these codes, or all that are enabled, and removes what killed processes left in the home.
    ///
    /// # Errors
    /// Those of [`connections`](Self::connections), and if no file has one of the codes.
    pub fn select(&self, codes: &[String]) -> Result<Selected, OperationError> {
        let restrictions = self.restrictions()?;
        self.home.remove_leftovers();
        let loaded = Connections::load(&self.reading(&restrictions));
        let connections = loaded.map_err(|problem| OperationError::configuration(vec![problem]))?;
        let selected = connections.select(codes);
        selected.map_err(|unknown| OperationError::unknown_name(unknown.to_string()))
    }
}

/// Warnings about the connections of a follower that are not among the known ones.
fn unknown_codes(follower: &ConfiguredFollower, known: &[&str]) -> Vec<Problem> {
    let ConnectionScope::Only(codes) = &follower.scope else {
        return Vec::new();
    };
    let name = follower.follower.name();
    let unknown = codes.iter().filter(|code| !known.contains(&code.as_str()));
    let warning = |code: &ConnectionCode| {
        let message = format!("follower `{name}`: no connection has the code `{code}`");
        let question = did_you_mean(code.as_str(), known);
        let hint = format!("{question}there are: {}", known.join(", "));
        Problem::warning(message, hint)
    };
    unknown.map(warning).collect()
}
