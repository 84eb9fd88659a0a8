//! `data/status.json`: what the running scanner tells of itself to other processes, and to its next self.

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

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The process of the service.
    pub pid: u32,
    /// The version of the program.
    pub version: String,
    /// When the service started.
    pub started: String,
    /// Why the scanner's own settings, or the folder, cannot be used as they are.
    pub error: Option<String>,
    /// What is said of a poll of the files that does not end.
    #[serde(default)]
    pub overdue: Option<String>,
    /// The connections.
    pub connections: Vec<ConnectionState>,
    /// How the last run of each hook ended, for each connection.
    #[serde(default)]
    pub hooks: Vec<HookRun>,
    /// The schedule of connections without one of their own; `None` is 24 hours after the last scan.
    #[serde(default)]
    pub schedule: Option<String>,
    /// The time zone of all schedules; `None` if it has no name.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// What is known of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionState {
    /// Its code, if that is known.
    pub code: Option<String>,
    /// Its name, if that is known.
    pub name: Option<String>,
    /// From the home on.
    pub file: Option<String>,
    /// The state of its file.
    pub state: FileStatus,
    /// What is wrong with its file.
    pub error: Option<String>,
    /// The schedule that the file itself sets.
    #[serde(default)]
    pub schedule: Option<String>,
    /// When it is scanned next.
    pub next_scan: Option<String>,
    /// Which repetition of a failed scan the next one is.
    #[serde(default)]
    pub retry: Option<usize>,
    /// Whether it is being scanned.
    pub scanning: bool,
    /// Of the settings, so that the next process knows whether they have changed.
    pub fingerprint: String,
}

impl ConnectionState {
    /// The same after its file has gone.
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
    pub fn of(line: &TableEntry, home: &Home) -> Self {
        let (state, error) = match &line.state {
            FileState::Valid => (FileStatus::Valid, None),
            FileState::Error(error) => (FileStatus::Error, Some(error.clone())),
            FileState::Disabled => (FileStatus::Disabled, None),
            FileState::Removed => (FileStatus::Removed, None),
        };
        Self {
            code: line.code.as_ref().map(ToString::to_string),
            name: line.name.clone(),
            file: Some(home.relative(&line.file)),
            state,
            error,
            schedule: line.own_schedule().map(str::to_owned),
            next_scan: line.next_scan().map(|next| format!("{next:.3}")),
            retry: line.retry(),
            scanning: false,
            fingerprint: line.fingerprint.0.clone(),
        }
    }
}

/// The file, written when something in it changed.
pub(super) struct StateFile {
    path: PathBuf,
    written: Option<State>,
    /// Whether it was told that it cannot be written.
    complained: bool,
}

impl StateFile {
    pub(super) fn at(path: PathBuf) -> Self {
        Self {
            path,
            written: None,
            complained: false,
        }
    }

    pub(super) fn write(&mut self, state: State) {
        if self.written.as_ref() == Some(&state) {
            return;
        }
        match write(&self.path, &state) {
            Ok(()) => {
                self.written = Some(state);
                self.complained = false;
            }
            Err(error) if !self.complained => {
                self.complained = true;
                warn!(
                    "`{}` cannot be written, so `status` shows old data: {error}",
                    shown(&self.path)
                );
            }
            Err(_) => {}
        }
    }
}

/// What a scanner has written, if it can be read.
pub fn read(path: &Path) -> Option<State> {
    serde_json::from_slice(&input_file::read(path, FileKind::State).ok()?).ok()
}

fn write(path: &Path, state: &State) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let mut file = temporary_file::create(folder, Purpose::Status)?;
    serde_json::to_writer_pretty(&mut file, state)?;
    file.flush()?;
    replace(file, path, None)
}
