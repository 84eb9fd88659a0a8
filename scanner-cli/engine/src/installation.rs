//! An installation of the scanner: its home, environment variables, connectors and clock.

use std::{collections::BTreeMap, sync::Arc};

use catalog_model::{
    ConnectionCode, ConnectorRegistry, FollowerRegistry,
    follower::{ConfiguredFollower, ConnectionScope},
};

use crate::{
    application_file::{Application, ApplicationReading, ServeAt},
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

/// The installation that the operations of the engine use.
#[derive(Clone)]
pub struct Installation {
    /// The home.
    pub home: Home,
    /// Variables of the environment.
    pub variables: Arc<BTreeMap<String, String>>,
    /// The connectors.
    pub connectors: Arc<ConnectorRegistry>,
    /// The kinds of followers.
    pub followers: Arc<FollowerRegistry>,
    /// The clock.
    pub clock: Clock,
}

impl Installation {
    /// Reads what connection files may use.
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
    /// If the file is invalid.
    pub fn application(&self) -> Result<Application, OperationError> {
        let mut application = self.read_application(Some(&self.followers))?;
        let unknown = self.unknown_connections(&application);
        application.warnings.extend(unknown);
        Ok(application)
    }

    /// Reads `conf/application.conf` without its followers, whose secrets may have to be encrypted first.
    ///
    /// # Errors
    /// If the file is invalid.
    pub fn application_without_followers(&self) -> Result<Application, OperationError> {
        self.read_application(None)
    }

    /// Reads the settings to show the catalog without the service, and without followers.
    ///
    /// # Errors
    /// If `conf/application.conf` is invalid, or its settings do not protect the catalog at this address.
    pub fn serving(&self, at: ServeAt) -> Result<Application, OperationError> {
        let reading = ApplicationReading {
            serves: Some(at),
            ..self.application_reading(None)
        };
        Application::read(&reading).map_err(OperationError::configuration)
    }

    /// The names of the followers, read without their secrets. `None` if `conf/application.conf` cannot be read.
    pub fn follower_names(&self) -> Option<Vec<String>> {
        Application::follower_names(&self.application_reading(Some(&self.followers)))
    }

    fn read_application(
        &self,
        followers: Option<&FollowerRegistry>,
    ) -> Result<Application, OperationError> {
        let read = Application::read(&self.application_reading(followers));
        read.map_err(OperationError::configuration)
    }

    fn application_reading<'a>(
        &'a self,
        followers: Option<&'a FollowerRegistry>,
    ) -> ApplicationReading<'a> {
        ApplicationReading {
            serves: None,
            home: &self.home,
            variables: &self.variables,
            followers,
            now: (self.clock)(),
        }
    }

    /// Warnings about connections that followers name and that do not exist.
    fn unknown_connections(&self, application: &Application) -> Vec<Problem> {
        let is_limited = |scope: &ConnectionScope| matches!(scope, ConnectionScope::Only(_));
        let mut followers = application.followers.iter();
        if !followers.any(|follower| is_limited(&follower.scope)) {
            return Vec::new();
        }
        // Errors in connection files are reported elsewhere. A file without a readable code may have any code.
        let known = self.connections().ok().and_then(|all| all.all_codes());
        let Some(known) = known else {
            return Vec::new();
        };
        let known: Vec<_> = known.iter().map(ConnectionCode::as_str).collect();
        let followers = application.followers.iter();
        let unknown = followers.flat_map(|follower| unknown_codes(follower, &known));
        unknown.collect()
    }

    /// Creates the object that delivers to followers.
    pub fn deliverer(&self) -> Deliverer {
        Deliverer::new(self.home.clone(), self.clock)
    }

    /// What is needed to read connection files.
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
    /// If there are no connection files, or `conf/application.conf` is invalid. Invalid connection files are not an
    /// error; they are in the result.
    pub fn connections(&self) -> Result<Connections, OperationError> {
        let restrictions = self.restrictions()?;
        let loaded = Connections::load(&self.reading(&restrictions));
        loaded.map_err(|problem| OperationError::configuration(vec![problem]))
    }

    /// Reads the connections with these codes, or all enabled connections. Also removes temporary files of killed
    /// processes from the home.
    ///
    /// # Errors
    /// The errors of [`connections`](Self::connections), and an error if no file has one of the codes.
    pub fn select(&self, codes: &[String]) -> Result<Selected, OperationError> {
        let restrictions = self.restrictions()?;
        self.home.remove_leftovers();
        let loaded = Connections::load(&self.reading(&restrictions));
        let connections = loaded.map_err(|problem| OperationError::configuration(vec![problem]))?;
        let selected = connections.select(codes);
        selected.map_err(|unknown| OperationError::unknown_name(unknown.to_string()))
    }
}

/// Warnings about connections that a follower names and that are not in `known`.
pub(crate) fn unknown_codes(follower: &ConfiguredFollower, known: &[&str]) -> Vec<Problem> {
    let ConnectionScope::Only(codes) = &follower.scope else {
        return Vec::new();
    };
    let name = follower.follower.name();
    let unknown = codes.iter().filter(|code| !known.contains(&code.as_str()));
    let warning = |code: &ConnectionCode| {
        let message = format!("follower `{name}`: no connection has the code `{code}`");
        let question = did_you_mean(code.as_str(), known);
        let hint = format!("{question}the connections are: {}", known.join(", "));
        Problem::warning(message, hint)
    };
    unknown.map(warning).collect()
}
