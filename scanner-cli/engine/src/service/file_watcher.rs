//! Looks at the files of the home, and says which have become others. Nothing here remembers what they mean.
//!
//! A file is taken up when two looks see the same content, so one that is still being written is waited for. Contents are
//! compared by hash: neither times of change nor names tell, on network folders and after an editor's rename.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog_model::ConnectorRegistry;

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
    tracked_files::{Fingerprint, Noted, TrackedFiles},
};

/// Looks at the files of a home.
pub struct FileWatcher {
    pub(super) home: Home,
    pub(super) variables: Arc<BTreeMap<String, String>>,
    connectors: Arc<ConnectorRegistry>,
    pub(super) clock: Clock,
    files: BTreeMap<PathBuf, Watched>,
    settings: Watched,
    /// What connection files may use, as the last valid settings of the scanner say.
    restrictions: Arc<Restrictions>,
    /// Whether that has changed, so that all files are read again.
    has_other_restrictions: bool,
    /// Which file is being read.
    pub(super) progress: PollProgress,
}

/// What a poll saw.
#[derive(Default)]
pub struct PollResult {
    pub files: Vec<FileNews>,
    /// What the scanner's own settings have become.
    pub application: Option<Result<Application, Vec<Problem>>>,
    /// The codes of the connections that the store has, if a file changed and the store can be read.
    pub stored: Option<BTreeSet<String>>,
    /// Whether something changed that another poll has to confirm.
    pub unsettled: bool,
    /// Why the folder could not be looked at; then nothing is known of its files.
    pub error: Option<String>,
    /// That there is no connection file, and what to do.
    pub nothing: Option<String>,
}

/// What became of a connection file.
pub enum FileNews {
    Gone(PathBuf),
    Read {
        path: PathBuf,
        fingerprint: Fingerprint,
        read: Box<Result<ConnectionFile, InvalidFile>>,
    },
}

/// A file as it was taken up, and as it was last seen.
#[derive(Default)]
struct Watched {
    taken: Option<Fingerprint>,
    /// What the last poll saw, if it was something else.
    pending: Option<Option<Fingerprint>>,
    /// What else counts.
    noted: Noted,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Same,
    Unsettled,
    News,
}

impl FileWatcher {
    /// Who has not looked at anything yet.
    pub fn new(installation: Installation) -> Self {
        let Installation {
            home,
            variables,
            connectors,
            clock,
        } = installation;
        Self {
            home,
            variables,
            connectors,
            clock,
            files: BTreeMap::new(),
            settings: Watched::default(),
            restrictions: Arc::default(),
            has_other_restrictions: false,
            progress: PollProgress::default(),
        }
    }

    /// Begins with the scanner's own settings.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn begin(&mut self) -> Result<Application, Vec<Problem>> {
        let content = application_content(&self.home)?;
        let application = self.application(content.as_deref());
        // No file was read under others.
        self.has_other_restrictions = false;
        application
    }

    /// Looks at all files. Those of `again` count as new, although they are as they were.
    pub fn poll(&mut self, again: &BTreeSet<PathBuf>) -> PollResult {
        let mut poll = PollResult::default();
        self.progress.set(Some(self.home.settings()));
        self.look_at_settings(&mut poll);
        self.progress.set(Some(self.home.connections()));
        let folder = self.home.connections();
        match listed(&folder) {
            Ok((files, _)) => {
                poll.nothing = nothing_to_scan(&folder, &files);
                self.look_at(files, again, &mut poll);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                poll.nothing = nothing_to_scan(&folder, &[]);
                self.look_at(Vec::new(), again, &mut poll);
            }
            Err(error) => {
                let folder = shown(&folder);
                poll.error = Some(format!("the folder `{folder}` cannot be read: {error}"));
            }
        }
        self.has_other_restrictions &= poll.error.is_some();
        if !poll.files.is_empty() {
            self.progress.set(Some(self.home.store()));
            poll.stored = stored_codes(&self.home);
        }
        self.progress.set(None);
        poll
    }

    /// The folders of all files that a poll reads.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let watched = self.files.values().chain([&self.settings]);
        let mut folders: BTreeSet<_> = watched.flat_map(|one| one.noted.folders()).collect();
        folders.insert(self.home.connections());
        folders.extend(self.home.settings().parent().map(Path::to_path_buf));
        folders
    }

    fn look_at(&mut self, there: Vec<PathBuf>, again: &BTreeSet<PathBuf>, poll: &mut PollResult) {
        let known = self.files.keys().cloned();
        let paths: BTreeSet<_> = known.chain(there.iter().cloned()).collect();
        for path in paths {
            self.progress.set(Some(path.clone()));
            let content = there
                .contains(&path)
                .then(|| input_file::read(&path, FileKind::Settings));
            match content {
                Some(Ok(content)) => self.look_at_file(path, &content, again, poll),
                Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                    self.cannot_read(path, &error, poll);
                }
                _ => self.look_at_nothing(path, poll),
            }
        }
    }

    fn look_at_file(
        &mut self,
        path: PathBuf,
        content: &[u8],
        again: &BTreeSet<PathBuf>,
        poll: &mut PollResult,
    ) {
        let watched = self.files.entry(path.clone()).or_default();
        match watched.see(Some(watched.noted.now(content))) {
            Verdict::Same if !again.contains(&path) && !self.has_other_restrictions => return,
            Verdict::Unsettled if !self.has_other_restrictions => {
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
        if self.has_other_restrictions && read.is_err() {
            // Its last valid settings are from a time when it could use what it cannot use now: they do not stay.
            poll.files.push(FileNews::Gone(path.clone()));
        }
        let fingerprint = self.take(&path, files.noted(), content);
        poll.files.push(FileNews::Read {
            path,
            fingerprint,
            read: Box::new(read),
        });
    }

    fn cannot_read(&mut self, path: PathBuf, error: &io::Error, poll: &mut PollResult) {
        let said = error.to_string();
        let watched = self.files.entry(path.clone()).or_default();
        match watched.see(Some(Noted::default().with(said.as_bytes()))) {
            Verdict::Same => {}
            Verdict::Unsettled => poll.unsettled = true,
            Verdict::News => {
                let read = Box::new(Err(unreadable(&path, error)));
                let fingerprint = self.take(&path, Noted::default(), said.as_bytes());
                poll.files.push(FileNews::Read {
                    path,
                    fingerprint,
                    read,
                });
            }
        }
    }

    fn take(&mut self, path: &Path, noted: Noted, content: &[u8]) -> Fingerprint {
        let fingerprint = noted.with(content);
        let watched = self.files.entry(path.to_path_buf()).or_default();
        watched.taken = Some(fingerprint.clone());
        watched.noted = noted;
        fingerprint
    }

    fn look_at_nothing(&mut self, path: PathBuf, poll: &mut PollResult) {
        let Some(watched) = self.files.get_mut(&path) else {
            return;
        };
        match watched.see(None) {
            // It came and went before it was taken up.
            Verdict::Same => drop(self.files.remove(&path)),
            Verdict::Unsettled => poll.unsettled = true,
            Verdict::News => {
                self.files.remove(&path);
                poll.files.push(FileNews::Gone(path));
            }
        }
    }

    fn look_at_settings(&mut self, poll: &mut PollResult) {
        let content = match application_content(&self.home) {
            Ok(content) => content,
            Err(problems) => {
                poll.application = Some(Err(problems));
                return;
            }
        };
        let noted = &self.settings.noted;
        let now = content.as_ref().map(|content| noted.now(content));
        match self.settings.see(now) {
            Verdict::Same => {}
            Verdict::Unsettled => poll.unsettled = true,
            Verdict::News => poll.application = Some(self.application(content.as_deref())),
        }
    }

    fn application(&mut self, content: Option<&[u8]>) -> Result<Application, Vec<Problem>> {
        let files = TrackedFiles::of(&self.home);
        let reading = ApplicationReading {
            home: &self.home,
            variables: &self.variables,
            now: (self.clock)(),
        };
        let read = Application::of(content, &reading, &files);
        let noted = files.noted();
        if let Ok(application) = &read
            && application.restrictions != self.restrictions
        {
            self.restrictions = application.restrictions.clone();
            self.has_other_restrictions = true;
        }
        self.settings = Watched {
            taken: content.map(|content| noted.with(content)),
            pending: None,
            noted,
        };
        read
    }
}

fn stored_codes(home: &Home) -> Option<BTreeSet<String>> {
    let catalog = Catalog::open(&home.store()).ok()?;
    let connections = catalog.as_ref().map(Catalog::connections);
    let codes = connections.unwrap_or_default().iter();
    Some(codes.map(|connection| connection.code.clone()).collect())
}

impl Watched {
    /// Notes what the file holds now, or that it is not there.
    fn see(&mut self, now: Option<Fingerprint>) -> Verdict {
        if now == self.taken {
            self.pending = None;
            return Verdict::Same;
        }
        if self.pending.as_ref() == Some(&now) {
            self.pending = None;
            return Verdict::News;
        }
        self.pending = Some(now);
        Verdict::Unsettled
    }
}

/// Why there is nothing to scan, if there is no connection file.
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
    fn a_file_that_is_being_written_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        let (clock, connectors) = (|| jiff::Timestamp::UNIX_EPOCH, Arc::default());
        let mut watcher = FileWatcher::new(Installation {
            home: home.clone(),
            variables: Arc::default(),
            connectors,
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
        // An editor that renames leaves a moment without a file.
        assert_eq!(poll(None), (0, true));
        assert_eq!(poll(whole), (0, false));
        assert_eq!(poll(None), (0, true));
        assert_eq!(poll(None), (1, false));
    }
}
