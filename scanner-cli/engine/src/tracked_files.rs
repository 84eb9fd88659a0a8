//! The files that a file leads to, includes and those that settings name, each noted with what it held: so a change of any
//! of them is a change of the file.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use catalog_model::{
    Diagnostic,
    settings::{Entries, FileSource},
};
use sha2::{Digest, Sha256};

use crate::{
    entries,
    hocon::{Files, IncludeError},
    home::Home,
    input_file::{self, FileKind},
    restrictions::{Restrictions, is_connection_text},
    settings_files::Disk,
};

/// The content of a file as a hash; none where it could not be read.
type Held = Option<[u8; 32]>;

/// A file as it was read.
#[derive(Clone, Copy, Debug)]
struct TrackedFile {
    kind: FileKind,
    held: Held,
}

/// Reads files, and notes which they were.
pub struct TrackedFiles {
    home: Home,
    restrictions: Arc<Restrictions>,
    noted: Mutex<Noted>,
}

/// Files, and what they held.
#[derive(Clone, Debug, Default)]
pub struct Noted(BTreeMap<PathBuf, TrackedFile>);

/// What a file and all that it leads to hold, as one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub String);

impl TrackedFiles {
    /// Relative paths of settings start at `home`.
    pub fn of(home: &Home) -> Self {
        Self::with_restrictions(home, Arc::default())
    }

    /// The same for a connection file, with what may be read of others.
    pub fn with_restrictions(home: &Home, restrictions: Arc<Restrictions>) -> Self {
        Self {
            home: home.clone(),
            restrictions,
            noted: Mutex::default(),
        }
    }

    /// What a connection file may use.
    pub fn restrictions(&self) -> &Restrictions {
        &self.restrictions
    }

    /// Reads a file of secrets, which no setting of a connection file names.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_secret(&self, path: &Path) -> io::Result<Vec<u8>> {
        let content = input_file::read(path, FileKind::Small);
        self.record(path, FileKind::Small, content.as_deref().ok());
        content
    }

    /// What was read so far.
    pub fn noted(&self) -> Noted {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.clone()
    }

    fn record(&self, path: &Path, kind: FileKind, content: Option<&[u8]>) {
        let held = content.map(hash);
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted
            .0
            .insert(path.to_path_buf(), TrackedFile { kind, held });
    }

    /// Reads a file whose path may be relative to the home.
    fn read_kind(&self, path: &str, kind: FileKind) -> io::Result<Vec<u8>> {
        let path = self.home.path(path);
        let content = input_file::read(&path, kind);
        self.record(&path, kind, content.as_deref().ok());
        content
    }
}

impl Noted {
    /// The folders of the files.
    pub fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let folders = self.0.keys().filter_map(|file| file.parent());
        folders.map(Path::to_path_buf)
    }

    /// The fingerprint of a file with this content, and of what it leads to as it was read.
    pub fn with(&self, content: &[u8]) -> Fingerprint {
        fingerprint(content, self.0.values().map(|file| file.held))
    }

    /// The same, but of what the files hold now.
    pub fn now(&self, content: &[u8]) -> Fingerprint {
        let held = |(path, file): (&PathBuf, &TrackedFile)| {
            let content = input_file::read(path, file.kind).ok();
            content.map(|content| hash(&content))
        };
        fingerprint(content, self.0.iter().map(held))
    }
}

impl Files for TrackedFiles {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let content = Disk.content(path);
        let read = content.as_ref().ok().and_then(Option::as_deref);
        self.record(path, FileKind::Settings, read);
        content
    }

    fn may_include(&self, path: &Path) -> Result<(), IncludeError> {
        self.restrictions.may_include(&self.home, path)
    }

    fn may_quote(&self, path: &Path) -> bool {
        is_connection_text(&self.home, path)
    }
}

/// The files of whoever is trusted with all secrets, such as `conf/application.conf`: any may be included and quoted.
pub struct Trusted<'a>(pub &'a TrackedFiles);

impl Files for Trusted<'_> {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.0.content(path)
    }
}

/// The files that a file of entries includes.
struct EntryFiles<'a>(&'a TrackedFiles);

impl Files for EntryFiles<'_> {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.0.content(path)
    }

    fn may_include(&self, path: &Path) -> Result<(), IncludeError> {
        self.0.may_include(path)
    }

    fn may_quote(&self, path: &Path) -> bool {
        self.0.restrictions.may_quote(&self.0.home, path)
    }
}

impl FileSource for TrackedFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.read_kind(path, FileKind::TrustStore)
    }

    fn entries(&self, path: &str, columns: &[&str]) -> Result<Entries, Diagnostic> {
        let content = self.read_kind(path, FileKind::Entries).map_err(|error| {
            Diagnostic::error(
                format!("the file `{path}` cannot be read: {error}"),
                "a relative path starts at the scanner's home folder".to_owned(),
            )
        })?;
        entries::read(&self.home.path(path), &content, columns, &EntryFiles(self))
    }

    fn may_quote(&self, path: &str) -> bool {
        self.restrictions
            .may_quote(&self.home, &self.home.path(path))
    }
}

fn fingerprint(content: &[u8], others: impl Iterator<Item = Held>) -> Fingerprint {
    let mut hasher = Sha256::new();
    hasher.update(hash(content));
    for held in others {
        // A file that is missing differs from every file that is there.
        hasher.update([u8::from(held.is_some())]);
        hasher.update(held.unwrap_or_default());
    }
    let bytes = hasher.finalize();
    Fingerprint(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn hash(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_changes_when_one_that_it_leads_to_does() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        fs::write(home.path("store.pem"), "a").unwrap();
        let files = TrackedFiles::of(&home);
        FileSource::read(&files, "store.pem").unwrap();
        assert!(files.content(&home.path("none.conf")).unwrap().is_none());
        let noted = files.noted();
        let then = noted.with(b"x");
        assert_eq!(noted.now(b"x"), then);
        assert_ne!(noted.now(b"y"), then);
        fs::write(home.path("none.conf"), "").unwrap();
        assert_ne!(noted.now(b"x"), then);
        fs::remove_file(home.path("none.conf")).unwrap();
        fs::write(home.path("store.pem"), "b").unwrap();
        assert_ne!(noted.now(b"x"), then);
    }
}
