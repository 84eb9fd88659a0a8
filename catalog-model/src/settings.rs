//! The settings of a connection file, read by name and type.
//!
//! A connector reads all that it wants and then asks [`Settings::check`]: so a person learns of every fault of a file
//! at once, each with its line. Nothing here knows a file format or touches a disk.

use std::{error::Error, fmt, io, sync::Arc};

use crate::{Diagnostic, Place, with_causes};

mod command;
mod declaration;
mod durations;
mod limits;
mod read;
mod tree;
mod unknown;

pub use command::CommandRunner;
pub use declaration::{Declaration, DeclarationGroup, Need, SettingKind};
pub use durations::duration;
use limits::MAX_PROBLEMS;
use read::alternatives;
pub use tree::{Entry, Map, Node, Object, Value};
pub use unknown::{UnknownSetting, UnknownSettings};

/// The settings of one connection, and a record of what was read of them and what was wrong.
pub struct Settings {
    root: Object,
    file: Arc<str>,
    /// Where a setting that is missing should be.
    place: Place,
    files: Arc<dyn FileSource>,
    declared: Vec<Declaration>,
    known_keys: Vec<String>,
    problems: Vec<SettingProblem>,
    warnings: Vec<SettingProblem>,
}

/// A value that was read, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it is.
    pub place: Place,
}

/// A file that a setting names, read whole.
#[derive(Clone)]
pub struct SettingFile {
    /// The path as the setting has it.
    pub path: String,
    /// The content of the file.
    pub bytes: Vec<u8>,
    /// Where the setting is.
    pub place: Place,
}

/// Provides the files that settings name, such as a trust store.
pub trait FileSource: Send + Sync {
    /// Reads the whole file; a relative path starts at the scanner's home.
    ///
    /// # Errors
    /// If the file is missing or cannot be read.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// What runs the commands that settings name; `None` if commands are not supported.
    fn commands(&self) -> Option<Arc<dyn CommandRunner>> {
        None
    }

    /// Warnings about files that other users of the machine can read or change. The default implementation returns none.
    fn exposures(&self, named: Named<'_>) -> Vec<Diagnostic> {
        let _ = named;
        Vec::new()
    }

    /// Whether messages may quote lines of the file. They must not quote a file that may contain secrets, such as one that
    /// a setting names by mistake, or on purpose to read it through the messages.
    fn may_quote(&self, path: &str) -> bool {
        let _ = path;
        true
    }

    /// Reads a file of entries, each with its name: settings that hold a text or a block, or a table, of whose rows
    /// each is a block. The first of `columns` is then the name; a table without a heading has these columns. Of two
    /// entries with one name both come back. By default, no format is supported.
    ///
    /// # Errors
    /// If the file is missing, cannot be read, or is not in a format that is known.
    fn entries(&self, path: &str, columns: &[&str]) -> Result<Entries, Diagnostic> {
        let _ = columns;
        let message = format!("the file `{path}` has an unknown format");
        Err(Diagnostic::error(message, None))
    }
}

/// What a setting names that other users of the machine must not read or change.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// The path of a file with a secret, such as a private key.
    Secret(&'a str),
    /// A program with its arguments, which may be scripts.
    Command(&'a [String]),
}

/// Settings by name, in the order of their file.
pub type Entries = Vec<(String, Node)>;

/// Something wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// The dotted name of the setting.
    pub key: String,
    /// Where the setting is, or the block that lacks it.
    pub place: Place,
    /// What is wrong; never a secret's text.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Whether the place is that of `key` itself.
    pub place_kind: PlaceKind,
    /// From which byte of the setting's text on it is wrong, where that much is known: then the place is still that of
    /// the whole text, escapes and quotes apart.
    pub within: Option<usize>,
}

/// What is at the place of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// The setting that the problem is about.
    Setting,
    /// What should contain it, or is in its place. The line may contain a secret whose key is misspelt.
    Other,
}

/// Says that the settings have problems; [`Settings::problems`] lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid(());

impl Settings {
    /// Takes the settings of `file` as a tree; the files that they name come from `files`.
    #[must_use]
    pub fn new(file: impl Into<Arc<str>>, root: Object, files: Arc<dyn FileSource>) -> Self {
        let file = file.into();
        Self {
            root,
            place: Place::new(file.clone(), 1, 1),
            file,
            files,
            declared: Vec::new(),
            known_keys: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The same settings as a block at this place of the file: what is missing is missing there.
    #[must_use]
    pub fn in_block(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// The file that the settings come from.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Records that the setting `key` is wrong in a way that only its reader can know. A setting has one
    /// problem, the first.
    pub fn refuse(
        &mut self,
        key: &str,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.record(SettingProblem {
            key: key.to_owned(),
            place: self.nearest_place(key),
            message: message.into(),
            hint: hint.into(),
            place_kind: if self.find(key).is_some() {
                PlaceKind::Setting
            } else {
                PlaceKind::Other
            },
            within: None,
        });
    }

    /// The value, or `None` and the error as a problem of the setting `key`. `hint` says what the error advises.
    pub fn accept<T, E: Error>(
        &mut self,
        key: &str,
        made: Result<T, E>,
        hint: fn(&E) -> Option<&str>,
    ) -> Option<T> {
        match made {
            Ok(value) => Some(value),
            Err(error) => {
                let message = format!("`{key}`: {}", with_causes(&error));
                self.refuse(key, message, hint(&error).map(str::to_owned));
                None
            }
        }
    }

    /// Records a problem whose place its reader knows better: within a list, or in a file that a setting names. Of very
    /// many problems, the first are kept.
    pub fn record(&mut self, problem: SettingProblem) {
        if self.problems.len() < MAX_PROBLEMS
            && self.problems.iter().all(|known| known.key != problem.key)
        {
            self.problems.push(problem);
        }
    }

    /// Records a warning: the settings can be used. Of very many warnings, the first are kept.
    pub fn warn(&mut self, oddity: SettingProblem) {
        if self.warnings.len() < MAX_PROBLEMS {
            self.warnings.push(oddity);
        }
    }

    /// Warns about other users of the machine who can read or change what the setting `key` names.
    pub fn warn_of_exposure(&mut self, key: &str, named: Named<'_>) {
        for exposure in self.files.exposures(named) {
            self.warn(SettingProblem {
                key: key.to_owned(),
                place: self.nearest_place(key),
                message: format!("`{key}`: {}", exposure.message),
                hint: exposure.hint,
                place_kind: PlaceKind::Setting,
                within: None,
            });
        }
    }

    /// What is odd, in the order in which it was found.
    #[must_use]
    pub fn warnings(&self) -> &[SettingProblem] {
        &self.warnings
    }

    /// What runs the commands that settings name; `None` if commands are not supported here.
    #[must_use]
    pub fn commands(&self) -> Option<Arc<dyn CommandRunner>> {
        self.files.commands()
    }

    /// Whether messages may quote the file that a setting names.
    #[must_use]
    pub fn may_quote_file(&self, path: &str) -> bool {
        self.files.may_quote(path)
    }

    /// Whether everything that was read so far is valid.
    ///
    /// # Errors
    /// If a read has recorded a problem.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(Invalid(()))
        }
    }

    /// A value that a successful [`check`](Self::check) guarantees.
    ///
    /// # Errors
    /// If the value is missing, which only a read with a recorded problem can leave behind.
    pub fn checked<T>(&self, value: Option<T>) -> Result<T, Invalid> {
        value.ok_or(Invalid(()))
    }

    /// The problems so far, in the order of the file.
    #[must_use]
    pub fn problems(&self) -> Vec<SettingProblem> {
        let mut problems = self.problems.clone();
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems
    }

    /// Whether the file does not have the setting `key`, dotted.
    #[must_use]
    pub fn lacks(&self, key: &str) -> bool {
        self.find(key).is_none()
    }

    /// Where the setting or block `key`, dotted, is; `None` if the file does not have it, or it is `null`.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Option<Place> {
        let found = self.find(key)?;
        (!matches!(found.value, Value::Null)).then(|| found.place.clone())
    }

    /// Whether `key` has any value.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The setting `key`, dotted, if the file has it.
    fn find(&self, key: &str) -> Option<&Node> {
        let mut block = &self.root;
        let mut names = key.split('.').peekable();
        while let Some(name) = names.next() {
            let setting = block.setting(name)?;
            if names.peek().is_none() {
                return Some(setting);
            }
            let Value::Object(inner) = &setting.value else {
                return None;
            };
            block = inner;
        }
        None
    }

    /// The innermost block there is that `key` belongs into, and what it is called there.
    fn block_for<'a>(&self, key: &'a str) -> (Option<&'a str>, &'a str) {
        key.rmatch_indices('.')
            .map(|(dot, _)| (&key[..dot], &key[dot + 1..]))
            .find(|(block, _)| {
                (self.find(block)).is_some_and(|found| matches!(found.value, Value::Object(_)))
            })
            .map_or((None, key), |(block, name)| (Some(block), name))
    }

    /// The place of `key`, else of the innermost block that should hold it, else of all settings.
    fn nearest_place(&self, key: &str) -> Place {
        let mut prefix = key;
        loop {
            if let Some(setting) = self.find(prefix) {
                return setting.place.clone();
            }
            match prefix.rfind('.') {
                Some(dot) => prefix = &prefix[..dot],
                None => return self.place.clone(),
            }
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("file", &self.file)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SettingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingFile")
            .field("path", &self.path)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
