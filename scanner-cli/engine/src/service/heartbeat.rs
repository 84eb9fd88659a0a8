//! A heartbeat for other processes: the modification time of `data/status.json`, which `status --healthy` reads.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use jiff::{SignedDuration, Timestamp};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{clock::Clock, input_file};

/// Updates the modification time of the file while the loop of the service runs.
pub(super) struct Heartbeat {
    path: PathBuf,
    clock: Clock,
    last: Instant,
    /// Runs apart from the loop, so that a disk that does not respond delays nothing else.
    writing: Option<JoinHandle<()>>,
}

/// Interval at which the modification time is updated.
const INTERVAL: Duration = Duration::from_secs(5);
/// Age of the file above which the service counts as stuck.
const MAX_AGE: SignedDuration = SignedDuration::from_secs(45);

impl Heartbeat {
    pub(super) fn new(path: PathBuf, clock: Clock) -> Self {
        Self {
            path,
            clock,
            last: Instant::now(),
            writing: None,
        }
    }

    /// Records that the loop is running.
    pub(super) fn beat(&mut self) {
        let is_writing = self
            .writing
            .as_ref()
            .is_some_and(|task| !task.is_finished());
        if self.last.elapsed() < INTERVAL || is_writing {
            return;
        }
        self.last = Instant::now();
        let (path, now) = (self.path.clone(), SystemTime::from((self.clock)()));
        self.writing = Some(spawn_blocking(move || {
            let file = input_file::open_own(&path, File::options().write(true));
            // If this fails, the file becomes old and the service counts as stuck, which is intended.
            let _ = file.and_then(|file| file.set_modified(now));
        }));
    }
}

/// Whether the service that writes the file at `path` has not updated it for too long.
pub fn is_silent(path: &Path, now: Timestamp) -> bool {
    let written = input_file::metadata(path).and_then(|found| found.modified());
    let written = written.ok().and_then(|time| Timestamp::try_from(time).ok());
    // After the clock was set, the age is wrong until the next heartbeat.
    written.is_none_or(|written| now.duration_since(written).abs() > MAX_AGE)
}
