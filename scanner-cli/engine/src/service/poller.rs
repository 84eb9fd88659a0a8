//! Who looks at the files, and when.

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
use crate::service_state::{PollNow, PollProgress};

/// The looks: one at a time, in a thread of its own.
pub(super) struct Poller {
    worker: Option<PollWorker>,
    /// The poll that runs; one at most.
    poll: BackgroundTasks<(PollWorker, PollResult)>,
    /// When the last poll began.
    begun: Instant,
    progress: PollProgress,
    next: Instant,
    /// Told when something in a folder changed.
    heard: Arc<Notify>,
    /// Whether something was heard since the last poll began, and before that.
    hints: [bool; 2],
    /// So long after a poll a hint is heeded: longer and longer while what changes is none of our files.
    pause: Duration,
    last: Instant,
}

/// What looks are done with.
struct PollWorker {
    watcher: FileWatcher,
    notices: FileNotifications,
}

/// What happens to who watches.
pub(super) enum PollEvent {
    Polled(Box<PollResult>),
    /// A poll may be due earlier.
    Notified,
    /// A poll panicked, and said so.
    Panicked,
}

/// What changed is looked at again so soon, to see whether it is whole.
const SETTLE: Duration = Duration::from_millis(500);

impl Poller {
    /// The first poll is due at once.
    pub(super) fn new(watcher: FileWatcher) -> Self {
        let heard = Arc::new(Notify::new());
        let notices = FileNotifications::new(Arc::clone(&heard));
        Self {
            progress: watcher.progress.clone(),
            begun: Instant::now(),
            worker: Some(PollWorker { watcher, notices }),
            poll: BackgroundTasks::new(),
            next: Instant::now(),
            heard,
            hints: [false; 2],
            pause: SETTLE,
            last: Instant::now(),
        }
    }

    /// Somebody wants a poll now.
    pub(super) fn wake(&mut self) {
        self.next = Instant::now();
    }

    /// Begins a poll that is due.
    pub(super) fn begin(&mut self, table: &Table) {
        if self.next > Instant::now() {
            return;
        }
        let Some(mut worker) = self.worker.take() else {
            return;
        };
        self.hints = [false, self.hints[0]];
        self.begun = Instant::now();
        let again = table.clashing();
        // Reading many files, or a network folder that does not answer, must not hold up the rest.
        self.poll.start_blocking(move || {
            let poll = worker.poll(&again);
            (worker, poll)
        });
    }

    /// The poll that runs.
    pub(super) fn poll(&self) -> Option<PollNow> {
        (!self.poll.is_empty()).then(|| PollNow {
            begun: self.begun,
            at: self.progress.clone(),
        })
    }

    /// What happens next.
    pub(super) async fn event(&mut self) -> PollEvent {
        tokio::select! {
            ended = self.poll.ended() => {
                let TaskEnd::Finished((worker, poll)) = ended else {
                    return PollEvent::Panicked;
                };
                self.worker = Some(worker);
                PollEvent::Polled(Box::new(poll))
            }
            () = self.heard.notified() => {
                self.hints[0] = true;
                self.next = self.next.min(self.last + self.pause);
                PollEvent::Notified
            }
        }
    }

    /// Reckons when the next poll is, after one that saw this.
    pub(super) fn after(&mut self, poll: &PollResult, interval: Duration) {
        let [heard, heard_before] = self.hints;
        let saw = poll.unsettled || !poll.files.is_empty() || poll.application.is_some();
        self.pause = if saw || !heard_before {
            SETTLE.min(interval)
        } else {
            self.pause.saturating_mul(2).min(interval)
        };
        let pause = match (poll.unsettled, heard) {
            (true, _) => SETTLE.min(interval),
            (false, true) => self.pause,
            (false, false) => interval,
        };
        self.last = Instant::now();
        self.next = self.last + pause;
    }
}

impl PollWorker {
    fn poll(&mut self, again: &BTreeSet<PathBuf>) -> PollResult {
        // Before anything is read: what changes later is heard of, or seen.
        let folders = self.watcher.folders();
        self.notices.arm(&folders);
        let poll = self.watcher.poll(again);
        let now = self.watcher.folders();
        if now != folders {
            self.notices.arm(&now);
        }
        poll
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::mpsc};

    use catalog_model::{
        Connection, ConnectionCode, Connector, ConnectorId, ConnectorRegistry, PropertyDefinition,
        Settings, settings::Invalid,
    };

    use super::*;
    use crate::{home::Home, installation::Installation};

    /// A kind of source whose settings take long to read, as a file does on a disk that does not answer.
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
            clock,
        });
        // The second poll that sees it reads it.
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
