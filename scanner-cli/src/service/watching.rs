//! Who looks at the files, and when.

use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::{
    table::Table,
    watcher::{Look, Watcher},
};

/// The looks: one at a time, in a thread of its own.
pub(super) struct Watching {
    watcher: Option<Watcher>,
    look: Option<JoinHandle<(Watcher, Look)>>,
    next: Instant,
}

/// What changed is looked at again so soon, to see whether it is whole.
const SETTLE: Duration = Duration::from_millis(500);

impl Watching {
    /// The first look is due at once.
    pub(super) fn new(watcher: Watcher) -> Self {
        Self {
            watcher: Some(watcher),
            look: None,
            next: Instant::now(),
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
        let Some(mut watcher) = self.watcher.take() else {
            return;
        };
        let again = table.clashing();
        // Reading many files, or a network folder that does not answer, must not hold up the rest.
        self.look = Some(tokio::task::spawn_blocking(move || {
            let look = watcher.look(&again);
            (watcher, look)
        }));
    }

    /// The end of the look that runs; it never comes if none does.
    pub(super) async fn looked(&mut self) -> Option<Look> {
        let Some(look) = &mut self.look else {
            return std::future::pending().await;
        };
        let looked = look.await;
        self.look = None;
        let (watcher, look) = looked.ok()?;
        self.watcher = Some(watcher);
        Some(look)
    }

    /// Reckons when the next look is, after one that saw this.
    pub(super) fn after(&mut self, look: &Look, interval: Duration) {
        let pause = if look.unsettled {
            SETTLE.min(interval)
        } else {
            interval
        };
        self.next = Instant::now() + pause;
    }
}
