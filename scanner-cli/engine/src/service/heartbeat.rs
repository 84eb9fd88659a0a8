//! A sign of life for other processes: the time of `data/status.json`, which `status --healthy` reads.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use jiff::{SignedDuration, Timestamp};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{clock::Clock, input_file};

/// Gives the file a new time while the loop of the service runs.
pub(super) struct Heartbeat {
    path: PathBuf,
    clock: Clock,
    last: Instant,
    /// A disk that does not answer holds up nothing but this.
    writing: Option<JoinHandle<()>>,
}

/// Interval at which the file gets a new time.
const INTERVAL: Duration = Duration::from_secs(5);
/// Age of the file from which on the service counts as stuck.
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

    /// Notes that the loop goes on.
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
            // A file that cannot be changed grows old, which is the truth.
            let _ = file.and_then(|file| file.set_modified(now));
        }));
    }
}

/// Whether the service that has written the file at `path` gave no sign of life for long.
pub fn is_silent(path: &Path, now: Timestamp) -> bool {
    let written = input_file::metadata(path).and_then(|found| found.modified());
    let written = written.ok().and_then(|time| Timestamp::try_from(time).ok());
    // A clock that was set makes it seem old or new until the next sign of life.
    written.is_none_or(|written| now.duration_since(written).abs() > MAX_AGE)
}
