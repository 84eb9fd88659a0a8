//! `data/status.json`: the state of the service, for other processes and for the next start.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::{
    hook_runner::HookRun,
    table::{FileState, TableEntry},
};
use crate::{
    file_rights::{create_folder, replace},
    home::{Home, shown},
    input_file::{self, FileKind},
    service_state::FileStatus,
    temporary_file::{self, Purpose},
};

/// The content of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceState {
    /// The process id of the service.
    pub pid: u32,
    /// The version of the program.
    pub version: String,
    /// When the service started.
    pub started: String,
    /// The error in `conf/application.conf` or in reading the folder.
    pub error: Option<String>,
    /// The message about a poll of the files that takes too long.
    #[serde(default)]
    pub overdue: Option<String>,
    /// The connections.
    pub connections: Vec<ConnectionState>,
    /// The last run of each hook, for each connection.
    #[serde(default)]
    pub hooks: Vec<HookRun>,
    /// The schedule of connections without their own; `None` is 24 hours after the last scan.
    #[serde(default)]
    pub schedule: Option<String>,
    /// The time zone of all schedules; `None` if it has no name.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionState {
    /// Its code, if it is known.
    pub code: Option<String>,
    /// Its name, if it is known.
    pub name: Option<String>,
    /// Its file, relative to the home.
    pub file: Option<String>,
    /// The state of its file.
    pub state: FileStatus,
    /// The error in its file.
    pub error: Option<String>,
    /// Its own schedule, if its file sets one.
    #[serde(default)]
    pub schedule: Option<String>,
    /// The time of its next scan.
    pub next_scan: Option<String>,
    /// The number of the retry, if the next scan is a retry.
    #[serde(default)]
    pub retry: Option<usize>,
    /// Whether it is being scanned.
    pub scanning: bool,
    /// The fingerprint of its settings. The next process uses it to detect changes.
    pub fingerprint: String,
}

impl ConnectionState {
    /// The same connection after its file was removed.
    pub fn removed(&self) -> Self {
        Self {
            state: FileStatus::Removed,
            error: None,
            schedule: None,
            next_scan: None,
            retry: None,
            scanning: false,
            ..self.clone()
        }
    }

    /// The state of a connection that is not being scanned.
    pub fn from_entry(entry: &TableEntry, home: &Home) -> Self {
        let (state, error) = match &entry.state {
            FileState::Valid => (FileStatus::Valid, None),
            FileState::Error(error) => (FileStatus::Error, Some(error.clone())),
            FileState::Disabled => (FileStatus::Disabled, None),
            FileState::Removed => (FileStatus::Removed, None),
        };
        Self {
            code: entry.code.as_ref().map(ToString::to_string),
            name: entry.name.clone(),
            file: Some(home.relative(&entry.file)),
            state,
            error,
            schedule: entry.own_schedule().map(str::to_owned),
            next_scan: entry.next_scan().map(|next| format!("{next:.3}")),
            retry: entry.retry(),
            scanning: false,
            fingerprint: entry.fingerprint.0.clone(),
        }
    }
}

/// Writes the state to the file when it has changed.
pub(super) struct StateFile {
    path: PathBuf,
    written: Option<ServiceState>,
    /// Whether it was logged that the file cannot be written.
    logged_error: bool,
}

impl StateFile {
    pub(super) fn at(path: PathBuf) -> Self {
        Self {
            path,
            written: None,
            logged_error: false,
        }
    }

    pub(super) fn write(&mut self, state: ServiceState) {
        if self.written.as_ref() == Some(&state) {
            return;
        }
        match write(&self.path, &state) {
            Ok(()) => {
                self.written = Some(state);
                self.logged_error = false;
            }
            Err(error) if !self.logged_error => {
                self.logged_error = true;
                warn!(
                    "`{}` cannot be written, so `status` shows old data: {error}",
                    shown(&self.path)
                );
            }
            Err(_) => {}
        }
    }
}

/// Reads the state that a service has written, if possible.
pub fn read(path: &Path) -> Option<ServiceState> {
    serde_json::from_slice(&input_file::read(path, FileKind::State).ok()?).ok()
}

fn write(path: &Path, state: &ServiceState) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let mut file = temporary_file::create(folder, Purpose::Status)?;
    serde_json::to_writer_pretty(&mut file, state)?;
    file.flush()?;
    replace(file, path, None)
}
