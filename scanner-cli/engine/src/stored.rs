//! Reads and restores the store of an installation.

use std::path::Path;

use crate::{
    home::{shown, shown_absolute},
    installation::Installation,
    lock::{Lock, LockError},
    near_code::did_you_mean,
    operation_error::{OperationError, OperationErrorKind},
    problem::Problem,
    store::{
        self, Catalog, LastScan, Restored, StoreLocation, StoredConnection, StoredScan,
        copying::{self, Copied, CopyStep, Table},
    },
    store_location::store_file,
};

/// What was copied to another store.
pub struct CopiedStore {
    /// Number of rows, by table.
    pub rows: Copied,
    /// Whether the copy may not have everything: another program used the store meanwhile.
    pub is_behind: bool,
}

impl Installation {
    /// Opens the store for reading.
    ///
    /// # Errors
    /// If the store does not exist or cannot be used.
    pub fn catalog(&self) -> Result<Catalog, OperationError> {
        let store = self.home.store();
        Catalog::open(&store)?.ok_or_else(|| OperationError::configuration(vec![no_store(&store)]))
    }

    /// The last scan that ended, of the connection with this code or of any connection, and the id of the store.
    ///
    /// # Errors
    /// If there is no such scan, or the store cannot be used.
    pub fn last_scan(&self, code: Option<&str>) -> Result<(StoredScan, String), OperationError> {
        let catalog = self.catalog()?;
        let scans = catalog.last_scans(LastScan::Ended)?;
        let connections: Vec<_> = scans.iter().map(|scan| scan.connection.clone()).collect();
        let wanted = |scan: &StoredScan| code.is_none_or(|code| scan.connection == code);
        let last = scans.into_iter().filter(wanted).max_by_key(|scan| scan.id);
        let last = last.ok_or_else(|| {
            let known: Vec<_> = connections.iter().map(String::as_str).collect();
            OperationError::unknown_name(match code {
                Some(code) => format!(
                    "the store has no scan of a connection `{code}`; {}it has scans of: {}",
                    did_you_mean(code, &known),
                    known.join(", ")
                ),
                None => "the store has no scan yet; run `scan` first".to_owned(),
            })
        })?;
        Ok((last, catalog.store_id().to_owned()))
    }
}

impl Installation {
    /// Replaces the store with a backup. No service can start in the meantime.
    ///
    /// # Errors
    /// If a service is running, or the backup or the store cannot be used.
    pub fn restore_store(&self, backup: &Path) -> Result<Restored, OperationError> {
        let file = store_file(
            &self.home.store(),
            "store restore",
            "restore the database with the programs of PostgreSQL, such as `pg_restore`",
        )?;
        // The lock is necessary because a running service opens the store only during scans.
        let _no_service = self.lock_service("the restore")?;
        Ok(store::restore(&file, backup)?)
    }

    /// Copies the store to an empty one at another place, and compares each row. No service can start in the meantime.
    ///
    /// # Errors
    /// If a service is running, the store does not exist, the target is not empty, or one of them cannot be used. The target is
    /// then as before.
    pub fn copy_store(
        &self,
        target: &StoreLocation,
        progress: &mut dyn FnMut(CopyStep, Table, u64),
    ) -> Result<CopiedStore, OperationError> {
        let store = self.home.store();
        let is_same = match (store.file(), target.file()) {
            (Some(one), Some(other)) => {
                let resolved = |path: &Path| path.canonicalize().ok();
                one == other || (one.exists() && resolved(one) == resolved(other))
            }
            _ => store.to_string() == target.to_string(),
        };
        if is_same {
            let message = format!("the store is in `{target}` already");
            let problem = Problem::general(message, "name another target".to_owned());
            return Err(OperationError::configuration(vec![problem]));
        }
        let _no_service = self.lock_service("the copy")?;
        let none = || OperationError::configuration(vec![no_store(&store)]);
        let mut source = store.copy_source()?.ok_or_else(none)?;
        let state = source.state()?;
        let rows = copying::copy(&mut *source, target.copy_target()?, progress)?;
        drop(source);
        // A program that uses it now may be writing.
        let now = store
            .copy_source()
            .and_then(|now| now.map(|mut now| now.state()).transpose());
        Ok(CopiedStore {
            rows,
            is_behind: now.ok().flatten().as_ref() != Some(&state),
        })
    }

    /// Prevents a service from starting while the lock is held.
    fn lock_service(&self, what: &str) -> Result<Lock, OperationError> {
        let path = self.home.lock();
        Lock::acquire(&path, (self.clock)()).map_err(|error| match error {
            LockError::Busy(holder) => {
                let home = shown(&self.home.path(""));
                let message = format!("a service is running for the home `{home}`: {holder}");
                let hint =
                    format!("stop it first, and start it again after {what}; nothing was changed");
                let problem = Problem::general(message, hint);
                OperationError::new(OperationErrorKind::Busy, problem)
            }
            LockError::Unusable(error) => {
                let message = format!("the lock `{}` cannot be taken: {error}", shown(&path));
                let hint = "a restore needs file locks to make sure that no process uses the store; nothing was changed";
                let problem = Problem::general(message, hint.to_owned());
                OperationError::new(OperationErrorKind::Failed, problem)
            }
        })
    }
}

/// The connection of the store with this code.
///
/// # Errors
/// If the store has no such connection.
pub fn stored_connection<'a>(
    catalog: &'a Catalog,
    code: &str,
) -> Result<&'a StoredConnection, OperationError> {
    let connections = catalog.connections();
    let found = connections.iter().find(|known| known.code == code);
    found.ok_or_else(|| {
        let known: Vec<_> = connections
            .iter()
            .map(|known| known.code.as_str())
            .collect();
        OperationError::unknown_name(format!(
            "the store has no connection `{code}`; {}it has: {}",
            did_you_mean(code, &known),
            known.join(", ")
        ))
    })
}

/// The problem that the store does not exist.
#[must_use]
pub fn no_store(store: &StoreLocation) -> Problem {
    let (place, hint) = match store {
        StoreLocation::File(path) => (
            shown_absolute(path),
            "run `scan`, which creates it, or name another home with `--home` or `SCANNER_HOME`",
        ),
        StoreLocation::Server(server) => (
            server.address().to_owned(),
            "run `scan`, which creates it, or correct `store.url` and `store.schema` in `conf/application.conf`",
        ),
    };
    Problem::general(format!("there is no store `{place}` yet"), hint.to_owned())
}
