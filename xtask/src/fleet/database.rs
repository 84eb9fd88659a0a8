//! The database of the group.

use std::{path::PathBuf, process::Command};

use super::Failed;
use crate::postgresql::{
    self,
    cluster::{Cluster, SUPERUSER_PASSWORD, programs},
};

/// A server with the store.
pub(super) struct Database {
    cluster: Cluster,
    psql: PathBuf,
}

/// The schema of the store.
pub(super) const SCHEMA: &str = "fleet";
/// The role of the scanners, without a password.
pub(super) const ROLE: &str = "scanner";

const ROLES: &str = "CREATE ROLE passwordless; CREATE ROLE scanner LOGIN IN ROLE passwordless; \
     CREATE SCHEMA fleet AUTHORIZATION scanner";

impl Database {
    /// Starts a server.
    pub(super) fn start() -> Result<Self, Failed> {
        let missing = "the server and the program `psql` of PostgreSQL are needed: install them (Debian: apt-get install postgresql; \
                       macOS: brew install postgresql)";
        let psql = programs().ok_or(missing)?.join("psql");
        if !psql.exists() {
            return Err(missing.into());
        }
        let database = Self {
            cluster: postgresql::start(None)?,
            psql,
        };
        database.query(ROLES)?;
        Ok(database)
    }

    pub(super) fn port(&self) -> u16 {
        self.cluster.port()
    }

    /// Restarts the server: `fast`, or `immediate` as after a crash.
    pub(super) fn restart(&self, mode: &str) -> Result<(), Failed> {
        Ok(self.cluster.control("restart", mode)?)
    }

    /// Runs a statement. Returns its rows, with `|` between cells.
    pub(super) fn query(&self, statement: &str) -> Result<Vec<String>, Failed> {
        let output = Command::new(&self.psql)
            .args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "-qtA", "--command"])
            .arg(format!(
                "SET search_path = {SCHEMA}, pg_catalog; {statement}"
            ))
            .arg(postgresql::url(&self.cluster))
            .env("PGPASSWORD", SUPERUSER_PASSWORD)
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let text = String::from_utf8(output.stdout)?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The number that a statement returns.
    pub(super) fn number(&self, statement: &str) -> Result<i64, Failed> {
        let rows = self.query(statement)?;
        Ok(rows.first().ok_or("no row")?.parse()?)
    }
}
