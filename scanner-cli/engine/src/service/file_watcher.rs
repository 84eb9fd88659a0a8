//! Polls the files of the home, and reports which have changed. It does not keep their settings.
//!
//! A change is accepted when two polls find the same content, so that a file that is still being written is not read
//! too early. Contents are compared by hash: modification times and names are not reliable on network folders and after
//! an editor has renamed files.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog_model::{ConnectorRegistry, FollowerRegistry};

use crate::{
    application_file::{Application, ApplicationReading},
    clock::Clock,
    connection_file::{ConnectionFile, InvalidFile, Reading},
    connections::{connection_files, listed, unreadable},
    home::{Home, shown},
    input_file::{self, FileKind},
    installation::Installation,
    problem::Problem,
    restrictions::Restrictions,
    service_state::PollProgress,
    settings_files::application_content,
    store::Catalog,
    tracked_files::{FileDigests, Fingerprint, TrackedFiles},
};

/// Polls the files of a home.
pub struct FileWatcher {
    pub(super) home: Home,
    pub(super) variables: Arc<BTreeMap<String, String>>,
    connectors: Arc<ConnectorRegistry>,
    followers: Arc<FollowerRegistry>,
    pub(super) clock: Clock,
    files: BTreeMap<PathBuf, WatchedFile>,
    settings: WatchedFile,
    /// The restrictions in the last valid `conf/application.conf`.
    restrictions: Arc<Restrictions>,
    /// Whether the restrictions have changed, so that all files must be read again.
    restrictions_changed: bool,
    /// The file that is being read.
    pub(super) progress: PollProgress,
}

/// The result of a poll.
#[derive(Default)]
pub struct PollResult {
    pub files: Vec<FileEvent>,
    /// The new content of `conf/application.conf`, if it has changed.
    pub application: Option<Result<Application, Vec<Problem>>>,
    /// The codes of the connections in the store, if a file changed and the store can be read.
    pub stored: Option<BTreeSet<String>>,
    /// Whether there are changes that another poll must confirm.
    pub unsettled: bool,
    /// Why the folder could not be read. Its files are unknown then.
    pub error: Option<String>,
    /// The message that there is no connection file.
    pub nothing_to_scan: Option<String>,
}

/// A change of a connection file.
pub enum FileEvent {
    Gone(PathBuf),
    Read {
        path: PathBuf,
        fingerprint: Fingerprint,
        read: Box<Result<ConnectionFile, InvalidFile>>,
    },
}

/// The accepted and the last polled content of a file.
#[derive(Default)]
struct WatchedFile {
    accepted: Option<Fingerprint>,
    /// The result of the last poll, if it differs from the accepted content.
    pending: Option<Option<Fingerprint>>,
    /// The other files that the file depends on.
    digests: FileDigests,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FileChange {
    None,
    Unconfirmed,
    Confirmed,
}

impl FileWatcher {
    /// Creates a watcher with no recorded state.
    pub fn new(installation: Installation) -> Self {
        let Installation {
            home,
            variables,
            connectors,
            followers,
            clock,
        } = installation;
        Self {
            home,
            variables,
            connectors,
            followers,
            clock,
            files: BTreeMap::new(),
            settings: WatchedFile::default(),
            restrictions: Arc::default(),
            restrictions_changed: false,
            progress: PollProgress::default(),
        }
    }

    /// Reads `conf/application.conf`.
    ///
    /// # Errors
    /// All errors in the file.
    pub fn begin(&mut self) -> Result<Application, Vec<Problem>> {
        let content = application_content(&self.home)?;
        let application = self.application(content.as_deref());
        // No connection file was read with other restrictions.
        self.restrictions_changed = false;
        application
    }

    /// Polls all files. The files in `again` are read even if they have not changed.
    pub fn poll(&mut self, again: &BTreeSet<PathBuf>) -> PollResult {
        let mut poll = PollResult::default();
        self.progress.set(Some(self.home.settings()));
        self.poll_settings(&mut poll);
        self.progress.set(Some(self.home.connections()));
        let folder = self.home.connections();
        match listed(&folder) {
            Ok((files, _)) => {
                poll.nothing_to_scan = nothing_to_scan(&folder, &files);
                self.poll_connections(files, again, &mut poll);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                poll.nothing_to_scan = nothing_to_scan(&folder, &[]);
                self.poll_connections(Vec::new(), again, &mut poll);
            }
            Err(error) => {
                let folder = shown(&folder);
                poll.error = Some(format!("the folder `{folder}` cannot be read: {error}"));
            }
        }
        self.restrictions_changed &= poll.error.is_some();
        if !poll.files.is_empty() {
            self.progress
                .set(self.home.store().file().map(Path::to_path_buf));
            poll.stored = stored_codes(&self.home);
        }
        self.progress.set(None);
        poll
    }

    /// The folders of all files that are polled.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let watched = self.files.values().chain([&self.settings]);
        let mut folders: BTreeSet<_> = watched.flat_map(|one| one.digests.folders()).collect();
        folders.insert(self.home.connections());
        folders.extend(self.home.settings().parent().map(Path::to_path_buf));
        folders
    }

    fn poll_connections(
        &mut self,
        existing: Vec<PathBuf>,
        again: &BTreeSet<PathBuf>,
        poll: &mut PollResult,
    ) {
        let known = self.files.keys().cloned();
        let paths: BTreeSet<_> = known.chain(existing.iter().cloned()).collect();
        for path in paths {
            self.progress.set(Some(path.clone()));
            let content = existing
                .contains(&path)
                .then(|| input_file::read(&path, FileKind::Settings));
            match content {
                Some(Ok(content)) => self.poll_file(path, &content, again, poll),
                Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                    self.poll_unreadable(path, &error, poll);
                }
                _ => self.poll_missing(path, poll),
            }
        }
    }

    fn poll_file(
        &mut self,
        path: PathBuf,
        content: &[u8],
        again: &BTreeSet<PathBuf>,
        poll: &mut PollResult,
    ) {
        let watched = self.files.entry(path.clone()).or_default();
        match watched.compare(Some(watched.digests.current_fingerprint(content))) {
            FileChange::None if !again.contains(&path) && !self.restrictions_changed => return,
            FileChange::Unconfirmed if !self.restrictions_changed => {
                poll.unsettled = true;
                return;
            }
            _ => {}
        }
        let reading = Reading {
            home: &self.home,
            variables: &self.variables,
            connectors: &self.connectors,
            now: (self.clock)(),
            restrictions: &self.restrictions,
        };
        let files = reading.files();
        let read = reading.read_tracking(&path, content, &files);
        if self.restrictions_changed && read.is_err() {
            // Its last valid settings may use what the new restrictions forbid, so they must not stay in use.
            poll.files.push(FileEvent::Gone(path.clone()));
        }
        let fingerprint = self.accept(&path, files.digests(), content);
        poll.files.push(FileEvent::Read {
            path,
            fingerprint,
            read: Box::new(read),
        });
    }

    fn poll_unreadable(&mut self, path: PathBuf, error: &io::Error, poll: &mut PollResult) {
        let message = error.to_string();
        let watched = self.files.entry(path.clone()).or_default();
        match watched.compare(Some(FileDigests::default().fingerprint(message.as_bytes()))) {
            FileChange::None => {}
            FileChange::Unconfirmed => poll.unsettled = true,
            FileChange::Confirmed => {
                let read = Box::new(Err(unreadable(&path, error)));
                let fingerprint = self.accept(&path, FileDigests::default(), message.as_bytes());
                poll.files.push(FileEvent::Read {
                    path,
                    fingerprint,
                    read,
                });
            }
        }
    }

    fn accept(&mut self, path: &Path, digests: FileDigests, content: &[u8]) -> Fingerprint {
        let fingerprint = digests.fingerprint(content);
        let watched = self.files.entry(path.to_path_buf()).or_default();
        watched.accepted = Some(fingerprint.clone());
        watched.digests = digests;
        fingerprint
    }

    fn poll_missing(&mut self, path: PathBuf, poll: &mut PollResult) {
        let Some(watched) = self.files.get_mut(&path) else {
            return;
        };
        match watched.compare(None) {
            // The file was created and removed before it was accepted.
            FileChange::None => drop(self.files.remove(&path)),
            FileChange::Unconfirmed => poll.unsettled = true,
            FileChange::Confirmed => {
                self.files.remove(&path);
                poll.files.push(FileEvent::Gone(path));
            }
        }
    }

    fn poll_settings(&mut self, poll: &mut PollResult) {
        let content = match application_content(&self.home) {
            Ok(content) => content,
            Err(problems) => {
                poll.application = Some(Err(problems));
                return;
            }
        };
        let digests = &self.settings.digests;
        let now = content
            .as_ref()
            .map(|content| digests.current_fingerprint(content));
        match self.settings.compare(now) {
            FileChange::None => {}
            FileChange::Unconfirmed => poll.unsettled = true,
            FileChange::Confirmed => poll.application = Some(self.application(content.as_deref())),
        }
    }

    fn application(&mut self, content: Option<&[u8]>) -> Result<Application, Vec<Problem>> {
        let files = Arc::new(TrackedFiles::new(&self.home));
        let reading = ApplicationReading {
            serves: None,
            home: &self.home,
            variables: &self.variables,
            followers: Some(&self.followers),
            now: (self.clock)(),
        };
        let read = Application::from_content(content, &reading, &files);
        let digests = files.digests();
        if let Ok(application) = &read
            && application.restrictions != self.restrictions
        {
            self.restrictions = application.restrictions.clone();
            self.restrictions_changed = true;
        }
        self.settings = WatchedFile {
            accepted: content.map(|content| digests.fingerprint(content)),
            pending: None,
            digests,
        };
        read
    }
}

fn stored_codes(home: &Home) -> Option<BTreeSet<String>> {
    let catalog = Catalog::open(home.store()).ok()?;
    let connections = catalog.as_ref().map(Catalog::connections);
    let codes = connections.unwrap_or_default().iter();
    Some(codes.map(|connection| connection.code.clone()).collect())
}

impl WatchedFile {
    /// Compares the current content of the file, or `None` if it does not exist.
    fn compare(&mut self, now: Option<Fingerprint>) -> FileChange {
        if now == self.accepted {
            self.pending = None;
            return FileChange::None;
        }
        if self.pending.as_ref() == Some(&now) {
            self.pending = None;
            return FileChange::Confirmed;
        }
        self.pending = Some(now);
        FileChange::Unconfirmed
    }
}

/// Why there is nothing to scan, if there are no connection files.
fn nothing_to_scan(folder: &Path, files: &[PathBuf]) -> Option<String> {
    if !files.is_empty() {
        return None;
    }
    let why = connection_files(folder).err()?;
    let hint = why.hint().map(|hint| format!("; {hint}"));
    Some(format!("{}{}", why.message(), hint.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_after_it_was_written_completely() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        let (clock, connectors) = (|| jiff::Timestamp::UNIX_EPOCH, Arc::default());
        let mut watcher = FileWatcher::new(Installation {
            home: home.clone(),
            variables: Arc::default(),
            connectors,
            followers: Arc::default(),
            clock,
        });
        watcher.begin().unwrap();
        fs::create_dir(home.connections()).unwrap();
        let file = home.connections().join("a.conf");
        let mut poll = |content: Option<&str>| {
            match content {
                Some(content) => fs::write(&file, content).unwrap(),
                None => drop(fs::remove_file(&file)),
            }
            let poll = watcher.poll(&BTreeSet::new());
            (poll.files.len(), poll.unsettled)
        };
        let (half, whole) = (
            Some("name = A, co"),
            Some("name = A, code = a, enabled = false"),
        );
        assert_eq!(poll(half), (0, true));
        assert_eq!(poll(whole), (0, true));
        assert_eq!(poll(whole), (1, false));
        assert_eq!(poll(whole), (0, false));
        // While an editor renames files, the file is missing for a moment.
        assert_eq!(poll(None), (0, true));
        assert_eq!(poll(whole), (0, false));
        assert_eq!(poll(None), (0, true));
        assert_eq!(poll(None), (1, false));
    }
}
