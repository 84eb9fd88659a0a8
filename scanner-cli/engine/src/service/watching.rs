//! Who looks at the files, and when.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Notify, task::JoinHandle};

use super::{
    notices::Notices,
    table::Table,
    watcher::{Look, Watcher},
};
use crate::service_state::{PollNow, PollProgress};

/// The looks: one at a time, in a thread of its own.
pub(super) struct Watching {
    eyes: Option<Eyes>,
    look: Option<JoinHandle<(Eyes, Look)>>,
    /// When the last poll began.
    begun: Instant,
    progress: PollProgress,
    next: Instant,
    /// Told when something in a folder changed.
    heard: Arc<Notify>,
    /// Whether something was heard since the last look began, and before that.
    hints: [bool; 2],
    /// So long after a look a hint is heeded: longer and longer while what changes is none of our files.
    pause: Duration,
    last: Instant,
}

/// What looks are done with.
struct Eyes {
    watcher: Watcher,
    notices: Notices,
}

/// What happens to who watches.
pub(super) enum Event {
    Looked(Box<Look>),
    /// A look may be due earlier.
    Heard,
    /// A look panicked, and said so.
    Fault,
}

/// What changed is looked at again so soon, to see whether it is whole.
const SETTLE: Duration = Duration::from_millis(500);

impl Watching {
    /// The first look is due at once.
    pub(super) fn new(watcher: Watcher) -> Self {
        let heard = Arc::new(Notify::new());
        let notices = Notices::new(Arc::clone(&heard));
        Self {
            progress: watcher.progress.clone(),
            begun: Instant::now(),
            eyes: Some(Eyes { watcher, notices }),
            look: None,
            next: Instant::now(),
            heard,
            hints: [false; 2],
            pause: SETTLE,
            last: Instant::now(),
        }
    }

    /// Somebody wants a look now.
    pub(super) fn wake(&mut self) {
        self.next = Instant::now();
    }

    /// Begins a look that is due.
    pub(super) fn begin(&mut self, table: &Table) {
        if self.next > Instant::now() {
            return;
        }
        let Some(mut eyes) = self.eyes.take() else {
            return;
        };
        self.hints = [false, self.hints[0]];
        self.begun = Instant::now();
        let again = table.clashing();
        // Reading many files, or a network folder that does not answer, must not hold up the rest.
        self.look = Some(tokio::task::spawn_blocking(move || {
            let look = eyes.look(&again);
            (eyes, look)
        }));
    }

    /// The poll that runs.
    pub(super) fn poll(&self) -> Option<PollNow> {
        self.look.as_ref().map(|_| PollNow {
            begun: self.begun,
            at: self.progress.clone(),
        })
    }

    /// What happens next.
    pub(super) async fn event(&mut self) -> Event {
        tokio::select! {
            looked = ended(&mut self.look) => {
                self.look = None;
                let Some((eyes, look)) = looked else {
                    return Event::Fault;
                };
                self.eyes = Some(eyes);
                Event::Looked(Box::new(look))
            }
            () = self.heard.notified() => {
                self.hints[0] = true;
                self.next = self.next.min(self.last + self.pause);
                Event::Heard
            }
        }
    }

    /// Reckons when the next look is, after one that saw this.
    pub(super) fn after(&mut self, look: &Look, interval: Duration) {
        let [heard, heard_before] = self.hints;
        let saw = look.unsettled || !look.files.is_empty() || look.application.is_some();
        self.pause = if saw || !heard_before {
            SETTLE.min(interval)
        } else {
            self.pause.saturating_mul(2).min(interval)
        };
        let pause = match (look.unsettled, heard) {
            (true, _) => SETTLE.min(interval),
            (false, true) => self.pause,
            (false, false) => interval,
        };
        self.last = Instant::now();
        self.next = self.last + pause;
    }
}

impl Eyes {
    fn look(&mut self, again: &BTreeSet<PathBuf>) -> Look {
        // Before anything is read: what changes later is heard of, or seen.
        let folders = self.watcher.folders();
        self.notices.arm(&folders);
        let look = self.watcher.look(again);
        let now = self.watcher.folders();
        if now != folders {
            self.notices.arm(&now);
        }
        look
    }
}

/// The end of the look that runs; it never comes if none does.
async fn ended(look: &mut Option<JoinHandle<(Eyes, Look)>>) -> Option<(Eyes, Look)> {
    match look {
        Some(look) => look.await.ok(),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::mpsc};

    use catalog_model::{
        Connection, ConnectionCode, Connector, ConnectorId, ConnectorRegistry, Settings,
        settings::Invalid,
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
        let mut watcher = Watcher::new(Installation {
            home,
            variables: Arc::default(),
            connectors,
            clock,
        });
        // The second poll that sees it reads it.
        watcher.look(&BTreeSet::new());
        let mut watching = Watching::new(watcher);
        assert!(watching.poll().is_none());
        watching.begin(&Table::default());
        let later = |seconds| Instant::now() + Duration::from_secs(seconds);
        assert!(watching.poll().unwrap().overdue(later(10)).is_none());
        let at = || watching.poll().unwrap().overdue(later(40)).unwrap();
        while !at().contains("slow.conf") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(end);
        while !matches!(watching.event().await, Event::Looked(_)) {}
        assert!(watching.poll().is_none());
    }
}
