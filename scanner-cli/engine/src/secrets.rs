//! Secrets that are not in plain text in connection files and in the settings of followers: `${secret_manager.NAME}`,
//! as in the Zeenea scanner, and encrypted values.
//!
//! `conf/application.conf` sets where the secrets and the key are, and a connection file sets the section of its
//! secrets. Secrets are read each time the file is read, so that changed secrets take effect. They are redacted in all
//! texts about the file, its connection and its followers. `restrictions.rs` decides what a connection file may use.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeMap,
    path::Path,
    sync::Arc,
};

use catalog_model::{Connection, Place, Settings, encoding};

mod decryption;
mod folder;
mod followers;
mod masked_variables;
mod names;
mod own_settings;
mod provider;
mod redacted_connection;
mod redacted_follower;
mod redactor;
mod scanner;
mod section;

use self::{
    decryption::KeyInFile, own_settings::OwnSettings, provider::Provider,
    redacted_connection::RedactedConnection, redactor::MAX_SECRETS,
};
pub use self::{masked_variables::MaskedVariables, redactor::Redactor, scanner::SecretBlock};
use crate::{
    exposure,
    hocon::{
        self, Document, Files, LocatedProblem, Object, Severity, SourceDiagnostic, Value,
        ValueVisibility, Variables, is_secret,
    },
    home::{Home, shown},
    problem::Problem,
    restrictions::{Codes, is_connection_text},
    settings_files::{SECRET_MANAGER as MANAGER, application_document},
    tracked_files::{TrackedFiles, Trusted},
};

/// The name of the secret manager in `conf/application.conf`.
const PROVIDER: &str = "secret-manager";

/// Maximum number of warnings about secrets of a file.
const MAX_WARNINGS: usize = 50;

/// What a settings file configures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Configures {
    /// A connection: the file may use only its own secrets.
    Connection,
    /// Followers: the file is `conf/application.conf`, which may use all secrets.
    Followers,
}

/// Resolves environment variables and secrets.
pub struct Secrets<'a> {
    configures: Configures,
    /// The file that uses the secrets.
    pub path: &'a Path,
    /// The content of that file.
    pub content: &'a [u8],
    /// The home.
    pub home: &'a Home,
    /// Variables of the environment.
    pub variables: &'a BTreeMap<String, String>,
    /// Tracks the files that it depends on.
    pub files: &'a Arc<TrackedFiles>,
    own: OnceCell<OwnSettings>,
    /// Whether the code of the file was used to decide about a secret.
    has_asked_for_code: Cell<bool>,
    provider: OnceCell<Result<Provider, SecretError>>,
    key: OnceCell<Result<KeyInFile, SecretError>>,
    /// The secrets that were returned.
    redactor: RefCell<Redactor>,
    missing: RefCell<Option<(Vec<String>, SecretError)>>,
    /// The warnings about secrets.
    warnings: RefCell<Vec<Problem>>,
}

/// Why a secret cannot be used, and what to do.
#[derive(Clone)]
struct SecretError {
    message: String,
    hint: String,
}

/// A secret of the secret manager.
struct FoundSecret {
    text: String,
    /// The place of the secret.
    place: String,
    /// Lists of codes that may use it. Each of them must contain the code of the connection.
    codes: Vec<Codes>,
    /// The section that contains it; empty if there are no sections.
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
    /// The secrets of the file at `path` with this content.
    pub fn new(
        path: &'a Path,
        content: &'a [u8],
        home: &'a Home,
        variables: &'a BTreeMap<String, String>,
        files: &'a Arc<TrackedFiles>,
    ) -> Self {
        Self {
            configures: Configures::Connection,
            path,
            content,
            home,
            variables,
            files,
            own: OnceCell::new(),
            has_asked_for_code: Cell::new(false),
            provider: OnceCell::new(),
            key: OnceCell::new(),
            redactor: RefCell::default(),
            missing: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// Reads the file and resolves its secrets. Encrypted values are not decrypted.
    ///
    /// # Errors
    /// The errors in the file.
    pub fn read(&self) -> Result<Document, Vec<SourceDiagnostic>> {
        let trusted = Trusted(self.files);
        let files: &dyn Files = match self.configures {
            Configures::Connection => self.files.as_ref(),
            Configures::Followers => &trusted,
        };
        let read = hocon::read(self.path, self.content, self, files);
        read.map_err(|mut diagnostics| {
            if let Some((path, missing)) = self.missing.take() {
                let is_about =
                    |one: &&mut SourceDiagnostic| one.unresolved.as_deref() == Some(&path);
                if let Some(diagnostic) = diagnostics.iter_mut().find(is_about) {
                    diagnostic.message = missing.message;
                    diagnostic.hint = Some(missing.hint);
                }
            }
            diagnostics
        })
    }

    /// Redacts all secrets of the file in a problem.
    pub fn redact(&self, problem: Problem) -> Problem {
        let redactor = self.redactor.borrow();
        let clean = |text: String| redactor.redact(text);
        match problem {
            Problem::InFile(diagnostic) => Problem::InFile(SourceDiagnostic {
                message: clean(diagnostic.message),
                hint: diagnostic.hint.map(clean),
                line: diagnostic.line.filter(|_| self.may_quote()),
                ..diagnostic
            }),
            Problem::General(diagnostic) => Problem::General(diagnostic.map_texts(clean)),
        }
    }

    /// Redacts a secret that comes from elsewhere.
    pub fn hide(&self, secret: &str) {
        self.redactor.borrow_mut().add(secret);
    }

    /// Whether messages may quote the file. A connection file may be a link to any other file.
    fn may_quote(&self) -> bool {
        match self.configures {
            Configures::Connection => is_connection_text(self.home, self.path),
            Configures::Followers => true,
        }
    }

    /// Wraps a connection so that the secrets of its file are redacted in all of its texts.
    pub fn redact_connection(&self, connection: Box<dyn Connection>) -> Box<dyn Connection> {
        let redactor = self.redactor.borrow();
        if redactor.is_empty() {
            return connection;
        }
        let redactor = redactor.clone();
        Box::new(RedactedConnection {
            connection,
            redactor,
        })
    }

    /// All secrets of the file: those that were resolved, and those that the file contains itself. Each line of a
    /// secret with several lines is a secret.
    pub fn all(&self, root: &Object) -> Redactor {
        let mut all = self.redactor.borrow().clone();
        add_secret_settings(&mut all, root);
        all
    }

    /// The error if `all` has too many secrets.
    pub fn excess(&self, all: &Redactor) -> Option<SourceDiagnostic> {
        all.has_too_many().then(|| {
            let SecretError { message, hint } = too_many();
            let place = Place::new(self.path.display().to_string(), 1, 1);
            let found = LocatedProblem {
                place,
                message,
                hint: Some(hint),
                value: ValueVisibility::Hidden,
            };
            SourceDiagnostic::in_file(self.path, self.content, Severity::Error, found)
        })
    }

    /// The warnings about the files of the secrets and of the key, and about encrypted values.
    pub fn warnings(&self) -> Vec<Problem> {
        let provider = self.provider.get().and_then(|found| found.as_ref().ok());
        let file = provider.and_then(Provider::file);
        let key = self.key.get().and_then(|key| key.as_ref().ok());
        let secrets = file.and_then(exposure::secrets_warning);
        let key = key.and_then(|key| exposure::key_warning(&key.file));
        let warnings = self.warnings.take().into_iter();
        warnings.chain(secrets).chain(key).collect()
    }

    fn warn(&self, problem: Problem) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < MAX_WARNINGS {
            warnings.push(problem);
        }
    }

    /// Creates the settings of a file. The files that they name are tracked.
    pub fn settings(&self, path: &Path, root: Object) -> Settings {
        Settings::new(path.display().to_string(), root, self.files.clone())
    }

    /// Reads a file of the secret manager, or the settings that name it. If it is not valid HOCON, the error does not
    /// quote it, because any text may be a secret.
    fn root_of(&self, path: &Path) -> Result<Object, SecretError> {
        let because = |why: String, hint: &str| {
            SecretError::new(format!("secrets cannot be read: {why}"), hint)
        };
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
        let files = &Trusted(self.files);
        let read = match path == self.home.settings() {
            true => application_document(path, &content, self.variables, files),
            false => hocon::read(path, &content, self.variables, files),
        };
        read.map(|document| document.root).map_err(|diagnostics| {
            let place = diagnostics.first().map(|first| first.place.to_string());
            missing(format!(
                "there is a syntax error at {}",
                place.unwrap_or_default()
            ))
        })
    }
}

/// Adds the values of all settings whose names mark them as secrets.
fn add_secret_settings(redactor: &mut Redactor, block: &Object) {
    for setting in hocon::settings(block) {
        let path = &setting.path;
        if (1..=path.len()).any(|length| is_secret(&path[..length])) {
            add_texts(redactor, &setting.node.value);
        } else if let Value::List(nodes) = &setting.node.value {
            for node in nodes {
                if let Value::Object(inner) = &node.value {
                    add_secret_settings(redactor, inner);
                }
            }
        }
    }
}

fn add_texts(redactor: &mut Redactor, value: &Value) {
    match value {
        Value::String(text) | Value::Number(text) => {
            text.lines().for_each(|line| redactor.add(line))
        }
        Value::List(nodes) => nodes
            .iter()
            .for_each(|node| add_texts(redactor, &node.value)),
        Value::Object(block) => block
            .iter()
            .for_each(|entry| add_texts(redactor, &entry.value.value)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn too_many() -> SecretError {
    let message = format!("the file has more than {MAX_SECRETS} secrets");
    SecretError::new(
        message,
        "remove some: a connection or follower needs only a few",
    )
}

impl SecretError {
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
