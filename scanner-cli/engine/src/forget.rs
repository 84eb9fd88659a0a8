//! Removes a connection from the store, from followers and from the files of the home.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog_model::{ConnectionCode, with_causes};

use crate::{
    delivery::{Deliverer, DeliveryRun, Followers, refusals},
    home::{Home, shown},
    installation::Installation,
    kept_session,
    lock::{Lock, LockError},
    operation_error::{OperationError, OperationErrorKind},
    problem::Problem,
    store::{self, Catalog, ConnectionContents, Copies, Cursors},
    temporary_file,
};

mod connection_files;

use self::connection_files::ConnectionFiles;

/// A connection that is about to be forgotten. Its lock is held, so that no scan starts in the meantime.
pub struct Forget {
    /// The code of the connection.
    pub code: ConnectionCode,
    /// What the store contains of the connection, if anything.
    pub holding: Option<ConnectionContents>,
    /// The files of the connection besides the store.
    pub files: Vec<PathBuf>,
    installation: Installation,
    connection_files: ConnectionFiles,
    followers: Followers,
    _lock: Lock,
}

/// The result of removing a connection.
pub struct Forgotten {
    /// The number of removed sessions.
    pub sessions: usize,
    /// The paths of the files that could not be removed, without secrets.
    pub failed: Vec<(String, io::Error)>,
    /// Copies of the store that contain the connection, or may contain it.
    pub copies: Copies,
}

impl Installation {
    /// Finds everything about a connection, and takes its lock.
    ///
    /// # Errors
    /// If a connection file has the code or may have it, the connection is unknown, it is being scanned, or the store
    /// is in use.
    pub fn begin_forget(
        &self,
        code: ConnectionCode,
        followers: Followers,
    ) -> Result<Forget, OperationError> {
        let connection_files = ConnectionFiles::without(&code, self)?;
        let path = self.home.store();
        if path.exists() {
            // Upgrades a store of an older version. Without a connection file, no scan does so.
            Cursors::open(&path, &Arc::default())?;
        }
        let holding = path.connection_contents(code.as_str())?;
        let files = own_files(&self.home, &code, &followers);
        if holding.is_none() && files.is_empty() {
            return Err(OperationError::unknown_name(format!(
                "the connection `{code}`; the store has: {}",
                known_codes(&self.home)
            )));
        }
        let lock = self.lock_connection(&code)?;
        // A server coordinates the programs that use it.
        if let Some(file) = path.file() {
            store::refuse_used(file)?;
        }
        Ok(Forget {
            code,
            holding,
            files,
            installation: self.clone(),
            connection_files,
            followers,
            _lock: lock,
        })
    }

    /// Takes the lock of a connection, so that no scan runs.
    fn lock_connection(&self, code: &ConnectionCode) -> Result<Lock, OperationError> {
        let path = self.home.data(code, "lock");
        Lock::acquire(&path, (self.clock)()).map_err(|error| match error {
            LockError::Busy(holder) => OperationError::new(
                OperationErrorKind::Busy,
                Problem::general(
                    format!("the connection `{code}` is being scanned by {holder}"),
                    "wait until the scan has ended; nothing was changed".to_owned(),
                ),
            ),
            LockError::Unusable(error) => OperationError::new(
                OperationErrorKind::Failed,
                Problem::general(
                    format!("the lock `{}` cannot be taken: {error}", shown(&path)),
                    "without it, a running scan cannot be detected; nothing was changed".to_owned(),
                ),
            ),
        })
    }
}

impl Forget {
    /// Delivers the removals to the followers, and returns the names of the followers. Nothing else may be removed
    /// before all followers have received the removals.
    ///
    /// # Errors
    /// If the store cannot be used, or a follower did not receive the removals.
    pub async fn deliver_removals(
        &self,
        deliverer: &Deliverer,
    ) -> Result<Vec<String>, OperationError> {
        if self.holding.is_none() || self.followers.is_empty() {
            return Ok(Vec::new());
        }
        deliverer.remove_all(&self.code).await?;
        received(deliverer.deliver(&self.followers).await)
    }

    /// Removes everything, first from the store.
    ///
    /// # Errors
    /// If the store cannot be used. Files that cannot be removed are not an error; they are in the result.
    pub fn remove(&self) -> Result<Forgotten, OperationError> {
        let home = &self.installation.home;
        let (path, code) = (home.store(), self.code.as_str());
        path.forget(code)?;
        let mut failed = Vec::new();
        for file in &self.files {
            if let Some(folder) = file.parent() {
                // Temporary files of scans that were killed.
                temporary_file::remove_leftovers(folder);
            }
            failed.extend(
                remove_file(file)
                    .err()
                    .map(|error| (self.shown_path(file), error)),
            );
        }
        let sessions = kept_session::remove_others(home, &self.connection_files.connections());
        let lock = home.data(&self.code, "lock");
        failed.extend(remove_file(&lock).err().map(|error| (shown(&lock), error)));
        Ok(Forgotten {
            sessions,
            failed,
            copies: match path.file() {
                Some(file) => store::copies_with(file, &home.path(""), code),
                None => Copies::default(),
            },
        })
    }
}

impl Forget {
    /// The path of a file, without secrets of the followers.
    #[must_use]
    pub fn shown_path(&self, file: &Path) -> String {
        let followers = self.followers.iter();
        followers.fold(shown(file), |path, one| one.follower.redact(path))
    }
}

/// The existing files of a connection, except its lock.
fn own_files(home: &Home, code: &ConnectionCode, followers: &Followers) -> Vec<PathBuf> {
    let export = home.export(code);
    let mut partial = export.clone().into_os_string();
    partial.push(".partial");
    let mut files = vec![export, partial.into(), home.data(code, "session")];
    files.extend(
        followers
            .iter()
            .flat_map(|follower| follower.follower.files_of(code)),
    );
    files.sort_by_key(|file| shown(file));
    files.dedup_by_key(|file| shown(file));
    files.retain(|file| fs::symlink_metadata(file).is_ok());
    files
}

/// The codes of the connections in the store, for messages.
fn known_codes(home: &Home) -> String {
    let catalog = Catalog::open(home.store()).ok().flatten();
    let connections = catalog.as_ref().map(Catalog::connections);
    let codes: Vec<_> = connections
        .unwrap_or_default()
        .iter()
        .map(|known| known.code.as_str())
        .collect();
    if codes.is_empty() {
        return "no connection".to_owned();
    }
    codes.join(", ")
}

/// The names of the followers, or an error if one has not received the removals.
fn received(deliveries: Vec<DeliveryRun>) -> Result<Vec<String>, OperationError> {
    let (mut names, mut problems) = (Vec::new(), Vec::new());
    for DeliveryRun {
        follower, outcome, ..
    } in deliveries
    {
        let error = match &outcome {
            Ok(delivery) => refusals(delivery),
            Err(error) => Some(with_causes(error)),
        };
        match error {
            None => names.push(follower.to_string()),
            Some(error) => problems.push(Problem::general(
                format!("the follower `{follower}` did not receive the removals: {error}"),
                "the items are marked as removed, but are still in the store: repeat the command when the follower works \
                 again, or leave its catalog unchanged with `--keep-in-catalogs`"
                    .to_owned(),
            )),
        }
    }
    match problems.is_empty() {
        true => Ok(names),
        false => Err(OperationError {
            kind: OperationErrorKind::Follower,
            problems,
        }),
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
