//! Tracks the files that a settings file depends on, such as included files and files named by settings, with their
//! digests. A change of any of them counts as a change of the settings file.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use catalog_model::{
    Diagnostic,
    settings::{CommandRunner, Entries, FileSource, Named},
};
use sha2::{Digest, Sha256};

use crate::{
    commands::Commands,
    entries, exposure,
    hocon::{Files, IncludeError},
    home::Home,
    input_file::{self, FileKind},
    restrictions::{Restrictions, is_connection_text},
    settings_files::Disk,
    writable,
};

/// The hash of the content of a file, or `None` if it could not be read.
type ContentHash = Option<[u8; 32]>;

/// A file that was read.
#[derive(Clone, Debug)]
struct TrackedFile {
    kind: FileKind,
    digest: ContentHash,
    /// The path from the home, or the whole path of a file elsewhere. Fingerprints have the files in its order, so that machines
    /// with homes in other folders agree.
    place: PathBuf,
}

/// Reads files, and records which files were read.
pub struct TrackedFiles {
    home: Home,
    restrictions: Arc<Restrictions>,
    digests: Mutex<FileDigests>,
}

/// The files that were read, with their digests.
#[derive(Clone, Debug, Default)]
pub struct FileDigests(BTreeMap<PathBuf, TrackedFile>);

/// A hash of the content of a file and of all files that it depends on, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub String);

impl TrackedFiles {
    /// Creates a tracker without restrictions. Relative paths in settings start at `home`.
    pub fn new(home: &Home) -> Self {
        Self::with_restrictions(home, Arc::default())
    }

    /// Creates a tracker for a connection file, which may read only what the restrictions allow.
    pub fn with_restrictions(home: &Home, restrictions: Arc<Restrictions>) -> Self {
        Self {
            home: home.clone(),
            restrictions,
            digests: Mutex::default(),
        }
    }

    /// What a connection file may use.
    pub fn restrictions(&self) -> &Restrictions {
        &self.restrictions
    }

    /// Reads a file of secrets.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_secret(&self, path: &Path) -> io::Result<Vec<u8>> {
        let content = input_file::read(path, FileKind::Small);
        self.record(path, FileKind::Small, content.as_deref().ok());
        content
    }

    /// The files that were read so far.
    pub fn digests(&self) -> FileDigests {
        let digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        digests.clone()
    }

    fn record(&self, path: &Path, kind: FileKind, content: Option<&[u8]>) {
        let home = self.home.path("");
        let file = TrackedFile {
            kind,
            digest: content.map(hash),
            place: path.strip_prefix(home).unwrap_or(path).to_path_buf(),
        };
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        digests.0.insert(path.to_path_buf(), file);
    }

    /// Reads a file whose path may be relative to the home.
    fn read_kind(&self, path: &str, kind: FileKind) -> io::Result<Vec<u8>> {
        let path = self.home.path(path);
        let content = input_file::read(&path, kind);
        self.record(&path, kind, content.as_deref().ok());
        content
    }
}

impl FileDigests {
    /// The folders of the files.
    pub fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let folders = self.0.keys().filter_map(|file| file.parent());
        folders.map(Path::to_path_buf)
    }

    /// The fingerprint of a file with this content and of the files that it depends on, as they were when they were
    /// read.
    pub fn fingerprint(&self, content: &[u8]) -> Fingerprint {
        let files = self.0.values();
        fingerprint(content, files.map(|file| (&*file.place, file.digest)))
    }

    /// The same with the current content of the files that it depends on.
    pub fn current_fingerprint(&self, content: &[u8]) -> Fingerprint {
        let files = self.0.iter();
        let files = files.map(|(path, file)| {
            let content = input_file::read(path, file.kind).ok();
            (&*file.place, content.map(|content| hash(&content)))
        });
        fingerprint(content, files)
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

/// The files of a trusted settings file such as `conf/application.conf`. It may include and quote any file.
pub struct Trusted<'a>(pub &'a TrackedFiles);

impl Files for Trusted<'_> {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.0.content(path)
    }
}

/// The files that are included in a file of entries.
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

    fn exposures(&self, named: Named<'_>) -> Vec<Diagnostic> {
        match named {
            Named::Secret(path) => {
                let warning = exposure::private_key_warning(&self.home.path(path));
                warning.into_iter().collect()
            }
            Named::Command(words) => writable::command_warnings(&self.home, words),
        }
    }

    fn commands(&self) -> Option<Arc<dyn CommandRunner>> {
        // Restricted connection files must not decide what the scanner's account runs.
        let is_allowed = !self.restrictions.is_restricted();
        is_allowed.then(|| Arc::new(Commands::new(self.home.clone())) as Arc<dyn CommandRunner>)
    }
}

fn fingerprint<'a>(
    content: &[u8],
    others: impl Iterator<Item = (&'a Path, ContentHash)>,
) -> Fingerprint {
    let mut hasher = Sha256::new();
    hasher.update(hash(content));
    for (_, digest) in others.collect::<BTreeMap<_, _>>() {
        // A missing file has a different hash than any existing file.
        hasher.update([u8::from(digest.is_some())]);
        hasher.update(digest.unwrap_or_default());
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

    use catalog_model::contract::{FilesUnderTest, check_files};

    use super::*;

    #[test]
    fn the_files_of_a_home_keep_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        let people =
            "ACME\\ann,ann@a.example\nACME\\bob,bob@a.example\nACME\\ann,other@a.example\n";
        let settings = "\"ACME\\\\ann\" = a\nACME.bob = b\n";
        let ann = ["ACME\\ann", "ACME\\bob", "ACME\\ann"];
        for (path, content) in [
            ("conf/people.csv", people),
            ("conf/people.conf", settings),
            ("conf/encryption.key", "s3cr3t"),
            ("hooks/notify.conf", "password = \"s3cr3t"),
            ("connections/other.conf", "auth.value = s3cr3t : }"),
        ] {
            fs::create_dir_all(home.path(path).parent().unwrap()).unwrap();
            fs::write(home.path(path), content).unwrap();
        }
        let files = TrackedFiles::new(&home);
        for entries in [
            ("conf/people.csv", &ann[..]),
            ("conf/people.conf", &["ACME\\ann", "ACME"]),
        ] {
            for secret in [
                "conf/encryption.key",
                "hooks/notify.conf",
                "connections/other.conf",
            ] {
                let case = FilesUnderTest {
                    entries,
                    columns: &["user", "email"],
                    secret,
                    secret_text: "s3cr3t",
                    missing: "conf/none.csv",
                };
                assert_eq!(check_files(&files, &case), Ok(()), "{secret}");
            }
        }
    }

    #[test]
    fn the_same_files_in_homes_in_other_folders_have_the_same_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("m.pem");
        fs::write(&elsewhere, "b").unwrap();
        let fingerprints = ["a", "z"].map(|name| {
            let home = Home::new(folder.path().join(name));
            fs::create_dir(home.path("")).unwrap();
            fs::write(home.path("store.pem"), "a").unwrap();
            let files = TrackedFiles::new(&home);
            FileSource::read(&files, "store.pem").unwrap();
            files.read_secret(&elsewhere).unwrap();
            let digests = files.digests();
            assert_eq!(digests.current_fingerprint(b"x"), digests.fingerprint(b"x"));
            digests.fingerprint(b"x")
        });
        assert_eq!(fingerprints[0], fingerprints[1]);
    }

    #[test]
    fn the_fingerprint_changes_with_the_files_that_a_file_depends_on() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        fs::write(home.path("store.pem"), "a").unwrap();
        let files = TrackedFiles::new(&home);
        FileSource::read(&files, "store.pem").unwrap();
        assert!(files.content(&home.path("none.conf")).unwrap().is_none());
        let digests = files.digests();
        let then = digests.fingerprint(b"x");
        assert_eq!(digests.current_fingerprint(b"x"), then);
        assert_ne!(digests.current_fingerprint(b"y"), then);
        fs::write(home.path("none.conf"), "").unwrap();
        assert_ne!(digests.current_fingerprint(b"x"), then);
        fs::remove_file(home.path("none.conf")).unwrap();
        fs::write(home.path("store.pem"), "b").unwrap();
        assert_ne!(digests.current_fingerprint(b"x"), then);
    }
}
