//! Notifications of the operating system about changes in folders. They are only hints to poll earlier: without them,
//! as on network folders, changes are found later, at the next regular poll.

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

/// Watches folders for changes.
pub(super) struct FileNotifications {
    /// Not set if the system does not support notifications.
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    /// Whether it was logged that notifications are incomplete.
    logged: bool,
}

impl FileNotifications {
    /// Creates a watcher without folders. `changed` is notified of changes.
    pub(super) fn new(changed: Arc<Notify>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| may_matter(event.kind)) {
                changed.notify_one();
            }
        });
        let mut notifications = Self {
            watcher: None,
            watched: BTreeSet::new(),
            logged: false,
        };
        match watcher {
            Ok(watcher) => notifications.watcher = Some(watcher),
            Err(error) => notifications.log_incomplete(&error),
        }
        notifications
    }

    /// Watches exactly these folders from now on. If a folder does not exist, the nearest existing parent is watched.
    pub(super) fn watch(&mut self, folders: &BTreeSet<PathBuf>) {
        let wanted: BTreeSet<_> = folders
            .iter()
            .filter_map(|one| nearest_existing(one))
            .collect();
        for folder in self.watched.difference(&wanted) {
            if let Some(watcher) = &mut self.watcher {
                // This fails if the folder was deleted.
                let _ = watcher.unwatch(folder);
            }
        }
        for folder in &wanted {
            self.watch_one(folder);
        }
        self.watched = wanted;
    }

    /// Watches a folder. A folder that is already watched is added again, because it may have been deleted and created
    /// again.
    fn watch_one(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        // On Linux, a folder is watched once, however often it is added. Elsewhere, each time keeps another handle open.
        if !cfg!(target_os = "linux") && self.watched.contains(folder) {
            let _ = watcher.unwatch(folder);
        }
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            self.log_incomplete(&error);
        }
    }

    fn log_incomplete(&mut self, error: &notify::Error) {
        if !self.logged {
            info!(
                "file-change notifications are incomplete on this system; some changes are found by polling only: {error}"
            );
        }
        self.logged = true;
    }
}

/// The folder, or its nearest existing parent.
fn nearest_existing(folder: &Path) -> Option<PathBuf> {
    let above = folder.ancestors();
    // The parent of a relative path may be the empty path, which stands for the current folder.
    let named = above.map(|one| match one.as_os_str().is_empty() {
        true => Path::new("."),
        false => one,
    });
    let mut existing = named.filter(|one| input_file::is_folder(one));
    existing.next().map(Path::to_path_buf)
}

/// Whether the content of a file may have changed. Read accesses, including those of the scanner itself, are ignored.
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
    fn the_nearest_existing_parent_of_a_missing_folder_is_watched() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("a/b");
        assert_eq!(nearest_existing(&missing).unwrap(), folder.path());
        std::fs::create_dir_all(&missing).unwrap();
        assert_eq!(nearest_existing(&missing).unwrap(), missing);
        assert_eq!(
            nearest_existing(Path::new("no-such-folder")).unwrap(),
            Path::new(".")
        );
    }

    /// On Windows, an open handle keeps the name of a deleted folder in use.
    #[test]
    fn a_folder_that_is_watched_again_and_again_can_be_removed_afterwards() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("conf");
        std::fs::create_dir(&folder).unwrap();
        let mut notifications = FileNotifications::new(Arc::new(Notify::new()));
        for _ in 0..3 {
            notifications.watch(&[folder.clone()].into());
        }
        notifications.watch(&BTreeSet::new());
        std::fs::remove_dir(&folder).unwrap();
        // Notifications are stopped by another thread.
        let begun = std::time::Instant::now();
        while std::fs::create_dir(&folder).is_err() {
            assert!(begun.elapsed().as_secs() < 10, "a handle is still open");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    #[test]
    fn read_accesses_are_not_changes() {
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
