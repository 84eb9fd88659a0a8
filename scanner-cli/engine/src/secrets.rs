//! Secrets that are not in plain text in a connection file: `${secret_manager.NAME}`, as in the Zeenea scanner, and
//! encrypted values.
//!
//! `conf/application.conf` says where they and the key are, the connection file from which section it takes them. They
//! are looked for when one is asked for, each time the file is read, so that a changed one takes effect. What was given
//! out is in no text about the file or its connection. Who may use what, `restrictions.rs` says.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeMap,
    path::Path,
    sync::Arc,
};

use catalog_model::{Connection, Place, Settings, encoding};

mod decryption;
mod discreet;
pub mod exposure;
mod folder;
mod given;
mod masked;
mod names;
mod own;
mod provider;
mod section;

use self::{
    decryption::KeyInFile, discreet::Discreet, given::MAX_SECRETS, own::Own, provider::Provider,
};
pub use self::{given::Given, masked::Masked};
use crate::{
    hocon::{
        self, Diagnostic, Document, Files, Found, Object, Severity, Shown, Value, Variables,
        is_secret, render_path,
    },
    home::{Home, shown},
    noted_files::{NotedFiles, Trusted},
    problem::Problem,
    restrictions::{Codes, is_connection_text},
};

/// How a connection file names them.
const MANAGER: &str = "secret_manager";
/// How its setting in `conf/application.conf` is called.
const PROVIDER: &str = "secret-manager";

/// Maximum number of warnings about secrets of a file.
const MAX_NOTICED: usize = 50;

/// Answers for variables of the environment and for secrets.
pub struct Secrets<'a> {
    /// The connection file that asks.
    pub path: &'a Path,
    /// The content of that file.
    pub content: &'a [u8],
    /// The home.
    pub home: &'a Home,
    /// Variables of the environment.
    pub variables: &'a BTreeMap<String, String>,
    /// The files that it may lead to.
    pub files: &'a Arc<NotedFiles>,
    own: OnceCell<Own>,
    /// Whether the code of the file has decided what is given out.
    has_asked_for_code: Cell<bool>,
    provider: OnceCell<Result<Provider, Missing>>,
    key: OnceCell<Result<KeyInFile, Missing>>,
    /// What was given out, and why the last one was not, with its path.
    given: RefCell<Given>,
    missing: RefCell<Option<(Vec<String>, Missing)>>,
    /// What is odd about what was given out.
    noticed: RefCell<Vec<Problem>>,
}

/// Why there is no secret, and what to do.
#[derive(Clone)]
struct Missing {
    message: String,
    hint: String,
}

/// A secret of the secret manager.
struct FoundSecret {
    text: String,
    /// Where it stands.
    place: String,
    /// The codes that may use it: each of these has to contain that of the connection.
    codes: Vec<Codes>,
    /// The section that it is in, if there are any.
    section: String,
}

impl Variables for Secrets<'_> {
    fn text(&self, path: &[String]) -> Option<String> {
        let answer = match path {
            [first, name @ ..] if first == MANAGER && !name.is_empty() => {
                self.answer(&name.join("."))
            }
            [name] => self.variable(name, self.variables.get(name)?),
            _ => return None,
        };
        let missing = |missing| self.missing.replace(Some((path.to_vec(), missing)));
        answer.map_err(missing).ok()
    }

    fn is_secret(&self, path: &[String]) -> bool {
        match path {
            [first, _, ..] => first == MANAGER,
            _ => self.files.restrictions().is_restricted(),
        }
    }
}

impl<'a> Secrets<'a> {
    /// The secrets of the file at `path`, which has this content.
    pub fn of(
        path: &'a Path,
        content: &'a [u8],
        home: &'a Home,
        variables: &'a BTreeMap<String, String>,
        files: &'a Arc<NotedFiles>,
    ) -> Self {
        Self {
            path,
            content,
            home,
            variables,
            files,
            own: OnceCell::new(),
            has_asked_for_code: Cell::new(false),
            provider: OnceCell::new(),
            key: OnceCell::new(),
            given: RefCell::default(),
            missing: RefCell::default(),
            noticed: RefCell::default(),
        }
    }

    /// Reads the file, its named secrets in their places; encrypted values are as they are written.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(&self) -> Result<Document, Vec<Diagnostic>> {
        let read = hocon::read(self.path, self.content, self, self.files.as_ref());
        read.map_err(|mut diagnostics| {
            if let Some((path, missing)) = self.missing.take() {
                let name = format!("`${{{}}}`", render_path(&path));
                let is_about = |one: &&mut Diagnostic| one.message.starts_with(&name);
                if let Some(diagnostic) = diagnostics.iter_mut().find(is_about) {
                    diagnostic.message = missing.message;
                    diagnostic.hint = Some(missing.hint);
                }
            }
            diagnostics
        })
    }

    /// The problem without the secrets that were given out, whatever setting has them.
    pub fn scrub(&self, problem: Problem) -> Problem {
        let given = self.given.borrow();
        let clean = |text: String| given.clean(text);
        match problem {
            Problem::InFile(diagnostic) => Problem::InFile(Diagnostic {
                message: clean(diagnostic.message),
                hint: diagnostic.hint.map(clean),
                // The file may be a link to one that is none of ours.
                line: diagnostic
                    .line
                    .filter(|_| is_connection_text(self.home, self.path)),
                ..diagnostic
            }),
            Problem::General {
                severity,
                message,
                hint,
            } => Problem::General {
                severity,
                message: clean(message),
                hint: hint.map(clean),
            },
        }
    }

    /// The connection, in whose texts no secret shows that was given out to its file.
    pub fn hide_in(&self, connection: Box<dyn Connection>) -> Box<dyn Connection> {
        let given = self.given.borrow();
        if given.is_empty() {
            return connection;
        }
        let given = given.clone();
        Box::new(Discreet { connection, given })
    }

    /// All secrets of the file: what was given out to it, and what it holds itself. Of one of several lines each counts.
    pub fn all(&self, root: &Object) -> Given {
        let mut all = self.given.borrow().clone();
        for setting in hocon::settings(root) {
            let path = &setting.path;
            if (1..=path.len()).any(|length| is_secret(&path[..length])) {
                add_texts(&mut all, &setting.node.value);
            }
        }
        all
    }

    /// What is wrong with the number of secrets, which `all` has.
    pub fn excess(&self, all: &Given) -> Option<Problem> {
        all.has_too_many().then(|| {
            let Missing { message, hint } = too_many();
            let place = Place::new(self.path.display().to_string(), 1, 1);
            let found = Found {
                place,
                message,
                hint: Some(hint),
                value: Shown::No,
            };
            Diagnostic::in_file(self.path, self.content, Severity::Error, found).into()
        })
    }

    /// What is odd about where the secrets and the key come from, and about encrypted values.
    pub fn warnings(&self) -> Vec<Problem> {
        let provider = self.provider.get().and_then(|found| found.as_ref().ok());
        let file = provider.and_then(Provider::file);
        let key = self.key.get().and_then(|key| key.as_ref().ok());
        let secrets = file.and_then(exposure::of_secrets);
        let key = key.and_then(|key| exposure::of_key(&key.file));
        let noticed = self.noticed.take().into_iter();
        noticed.chain(secrets).chain(key).collect()
    }

    fn notice(&self, problem: Problem) {
        let mut noticed = self.noticed.borrow_mut();
        if noticed.len() < MAX_NOTICED {
            noticed.push(problem);
        }
    }

    fn settings(&self, path: &Path, root: Object) -> Settings {
        Settings::new(path.display().to_string(), root, self.files.clone())
    }

    /// What a file holds. Of one that is no HOCON no text is quoted: it may be a secret.
    fn root_of(&self, path: &Path) -> Result<Object, Missing> {
        let because =
            |why: String, hint: &str| Missing::new(format!("secrets cannot be read: {why}"), hint);
        let missing = |why: String| {
            because(
                why,
                "`secret-manager` in `conf/application.conf` sets where the secrets are; a relative path starts at the home",
            )
        };
        let content = match self.files.content(path) {
            Ok(Some(content)) => content,
            Ok(None) => return Err(missing(format!("there is no file `{}`", shown(path)))),
            Err(error) => {
                return Err(missing(format!(
                    "`{}` cannot be read: {error}",
                    shown(path)
                )));
            }
        };
        if let Err(not_text) = encoding::check_nul(&content) {
            let (what, hint) = not_text.explain();
            return Err(because(format!("`{}` {what}", shown(path)), hint));
        }
        let read = hocon::read(path, &content, self.variables, &Trusted(self.files));
        read.map(|document| document.root).map_err(|diagnostics| {
            let place = diagnostics.first().map(|first| first.place.to_string());
            missing(format!(
                "there is a syntax error at {}",
                place.unwrap_or_default()
            ))
        })
    }
}

fn add_texts(given: &mut Given, value: &Value) {
    match value {
        Value::String(text) | Value::Number(text) => text.lines().for_each(|line| given.add(line)),
        Value::List(nodes) => nodes.iter().for_each(|node| add_texts(given, &node.value)),
        Value::Null | Value::Bool(_) | Value::Object(_) => {}
    }
}

fn too_many() -> Missing {
    let message = format!("the file has more than {MAX_SECRETS} secrets");
    Missing::new(message, "split it: a connection needs only a few")
}

impl Missing {
    fn new(message: impl Into<String>, hint: &str) -> Self {
        Self {
            message: message.into(),
            hint: hint.to_owned(),
        }
    }
}

fn text(settings: &mut Settings, key: &str) -> Option<String> {
    settings.text(key).map(|text| text.value)
}
