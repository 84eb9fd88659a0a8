//! Schedules the polls of the files.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::{
    background::{BackgroundTasks, TaskEnd},
    file_notifications::FileNotifications,
    file_watcher::{FileWatcher, PollResult},
    table::Table,
};
use crate::service_state::{PollProgress, RunningPoll};

/// Runs the polls, one at a time, in a separate thread.
pub(super) struct Poller {
    worker: Option<PollWorker>,
    /// The running poll; at most one.
    poll: BackgroundTasks<(PollWorker, PollResult)>,
    /// When the last poll started.
    started: Instant,
    progress: PollProgress,
    next: Instant,
    /// Notified when something in a watched folder changes.
    notify: Arc<Notify>,
    /// Whether a notification came since the start of the last poll, and since the start of the poll before it.
    notified: [bool; 2],
    /// Minimum time between a poll and the next one after a notification. It grows while notifications are about other
    /// files.
    pause: Duration,
    last: Instant,
}

/// The state that a poll needs in its thread.
struct PollWorker {
    watcher: FileWatcher,
    notifications: FileNotifications,
}

/// An event of the poller.
pub(super) enum PollEvent {
    Polled(Box<PollResult>),
    /// A file has changed: the next poll may be due earlier.
    Notified,
    /// A poll panicked. The reason is on standard error.
    Panicked,
}

/// Time after which a change is polled again, to check whether it is complete.
const CONFIRM_DELAY: Duration = Duration::from_millis(500);

impl Poller {
    /// Creates a poller. The first poll is due immediately.
    pub(super) fn new(watcher: FileWatcher) -> Self {
        let notify = Arc::new(Notify::new());
        let notifications = FileNotifications::new(Arc::clone(&notify));
        Self {
            progress: watcher.progress.clone(),
            started: Instant::now(),
            worker: Some(PollWorker {
                watcher,
                notifications,
            }),
            poll: BackgroundTasks::new(),
            next: Instant::now(),
            notify,
            notified: [false; 2],
            pause: CONFIRM_DELAY,
            last: Instant::now(),
        }
    }

    /// Makes the next poll due immediately.
    pub(super) fn wake(&mut self) {
        self.next = Instant::now();
    }

    /// Starts a poll if one is due.
    pub(super) fn begin(&mut self, table: &Table) {
        if self.next > Instant::now() {
            return;
        }
        let Some(mut worker) = self.worker.take() else {
            return;
        };
        self.notified = [false, self.notified[0]];
        self.started = Instant::now();
        let again = table.clashing();
        // Reading many files, or a network folder that does not respond, must not block the service.
        self.poll.start_blocking(move || {
            let poll = worker.poll(&again);
            (worker, poll)
        });
    }

    /// The running poll, if there is one.
    pub(super) fn poll(&self) -> Option<RunningPoll> {
        (!self.poll.is_empty()).then(|| RunningPoll {
            started: self.started,
            at: self.progress.clone(),
        })
    }

    /// Waits for the next event.
    pub(super) async fn event(&mut self) -> PollEvent {
        tokio::select! {
            ended = self.poll.ended() => {
                let TaskEnd::Finished((worker, poll)) = ended else {
                    return PollEvent::Panicked;
                };
                self.worker = Some(worker);
                PollEvent::Polled(Box::new(poll))
            }
            () = self.notify.notified() => {
                self.notified[0] = true;
                self.next = self.next.min(self.last + self.pause);
                PollEvent::Notified
            }
        }
    }

    /// Schedules the next poll after one with this result.
    pub(super) fn after(&mut self, poll: &PollResult, interval: Duration) {
        let [was_notified, was_notified_before] = self.notified;
        let has_changes = poll.unsettled || !poll.files.is_empty() || poll.application.is_some();
        self.pause = if has_changes || !was_notified_before {
            CONFIRM_DELAY.min(interval)
        } else {
            self.pause.saturating_mul(2).min(interval)
        };
        let pause = match (poll.unsettled, was_notified) {
            (true, _) => CONFIRM_DELAY.min(interval),
            (false, true) => self.pause,
            (false, false) => interval,
        };
        self.last = Instant::now();
        self.next = self.last + pause;
    }
}

impl PollWorker {
    fn poll(&mut self, again: &BTreeSet<PathBuf>) -> PollResult {
        // Notifications start before the files are read, so that no later change is missed.
        let folders = self.watcher.folders();
        self.notifications.watch(&folders);
        let poll = self.watcher.poll(again);
        let now = self.watcher.folders();
        if now != folders {
            self.notifications.watch(&now);
        }
        poll
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::mpsc};

    use catalog_model::{
        Connection, ConnectionCode, Connector, ConnectorId, ConnectorRegistry, PropertyDefinition,
        Settings,
        settings::{DeclarationGroup, Invalid},
    };

    use super::*;
    use crate::{home::Home, installation::Installation};

    /// A connector whose settings take long to read, like a file on a disk that does not respond.
    struct Slow(ConnectorId, std::sync::Mutex<mpsc::Receiver<()>>);

    impl Connector for Slow {
        fn id(&self) -> &ConnectorId {
            &self.0
        }

        fn stages(&self) -> &[&'static str] {
            &[]
        }

        fn properties(&self) -> &[PropertyDefinition] {
            &[]
        }

        fn settings(&self) -> &'static [DeclarationGroup] {
            &[]
        }

        fn open(
            &self,
            _code: ConnectionCode,
            settings: &mut Settings,
        ) -> Result<Box<dyn Connection>, Invalid> {
            let _ = self.1.lock().unwrap().recv();
            settings.refuse("code", String::new(), None);
            settings.checked(None)
        }
    }

    #[tokio::test]
    async fn a_poll_that_does_not_end_is_reported_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        fs::create_dir(home.connections()).unwrap();
        let file = home.connections().join("slow.conf");
        fs::write(&file, "name = A, code = a, connector_id = slow").unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let slow = Slow(ConnectorId::new("slow").unwrap(), ended.into());
        let connectors = Arc::new(ConnectorRegistry::default().with(Box::new(slow)));
        let clock = || jiff::Timestamp::UNIX_EPOCH;
        let mut watcher = FileWatcher::new(Installation {
            home,
            variables: Arc::default(),
            connectors,
            followers: Arc::default(),
            clock,
        });
        // The second poll that finds the file reads it.
        watcher.poll(&BTreeSet::new());
        let mut poller = Poller::new(watcher);
        assert!(poller.poll().is_none());
        poller.begin(&Table::default());
        let later = |seconds| Instant::now() + Duration::from_secs(seconds);
        assert!(poller.poll().unwrap().overdue(later(10)).is_none());
        let at = || poller.poll().unwrap().overdue(later(40)).unwrap();
        while !at().contains("slow.conf") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(end);
        while !matches!(poller.event().await, PollEvent::Polled(_)) {}
        assert!(poller.poll().is_none());
    }
}
