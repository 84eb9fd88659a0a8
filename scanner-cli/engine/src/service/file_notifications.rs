//! What the system tells of folders: hints that something in them has changed. The looks are the truth; where there are
//! no hints, as on network folders, they come late and nothing else.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::sync::Notify;
use tracing::info;

use crate::input_file;

/// Hears of changes in folders.
pub(super) struct FileNotifications {
    /// None where the system does not tell of changes.
    watcher: Option<RecommendedWatcher>,
    armed: BTreeSet<PathBuf>,
    /// Whether it was told that some changes are not heard of.
    told: bool,
}

impl FileNotifications {
    /// Hears of nothing yet; `heard` is told of what it hears.
    pub(super) fn new(heard: Arc<Notify>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| may_matter(event.kind)) {
                heard.notify_one();
            }
        });
        let mut notices = Self {
            watcher: None,
            armed: BTreeSet::new(),
            told: false,
        };
        match watcher {
            Ok(watcher) => notices.watcher = Some(watcher),
            Err(error) => notices.tell(&error),
        }
        notices
    }

    /// Hears of changes in these folders from now on, and of no others. Of a folder that is not there, it hears when it
    /// comes.
    pub(super) fn arm(&mut self, folders: &BTreeSet<PathBuf>) {
        let wanted: BTreeSet<_> = folders.iter().filter_map(|one| there(one)).collect();
        for folder in self.armed.difference(&wanted) {
            if let Some(watcher) = &mut self.watcher {
                // It may have gone with its folder.
                let _ = watcher.unwatch(folder);
            }
        }
        for folder in &wanted {
            self.arm_one(folder);
        }
        self.armed = wanted;
    }

    /// Watches a folder, again if it is watched: one that was deleted and made anew is another to the system.
    fn arm_one(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            self.tell(&error);
        }
    }

    fn tell(&mut self, error: &notify::Error) {
        if !self.told {
            info!(
                "file-change notifications are incomplete on this system; some changes are found by polling only: {error}"
            );
        }
        self.told = true;
    }
}

/// The folder, or the nearest one above it that is there.
fn there(folder: &Path) -> Option<PathBuf> {
    let above = folder.ancestors();
    // What is above the folder that the program stands in has no name.
    let named = above.map(|one| match one.as_os_str().is_empty() {
        true => Path::new("."),
        false => one,
    });
    let mut there = named.filter(|one| input_file::is_folder(one));
    there.next().map(Path::to_path_buf)
}

/// Whether content may have changed: that a file was read, by the scanner itself perhaps, is no reason to read it again.
fn may_matter(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_folder_that_is_missing_the_nearest_above_is_watched() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("a/b");
        assert_eq!(there(&missing).unwrap(), folder.path());
        std::fs::create_dir_all(&missing).unwrap();
        assert_eq!(there(&missing).unwrap(), missing);
        assert_eq!(there(Path::new("no-such-folder")).unwrap(), Path::new("."));
    }

    #[test]
    fn reading_is_no_change() {
        for (kind, matters) in [
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), false),
            (
                EventKind::Access(AccessKind::Close(AccessMode::Read)),
                false,
            ),
            (
                EventKind::Access(AccessKind::Close(AccessMode::Write)),
                true,
            ),
            (EventKind::Any, true),
        ] {
            assert_eq!(may_matter(kind), matters, "{kind:?}");
        }
    }
}
