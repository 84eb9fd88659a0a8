//! Secrets that a connection file names and does not hold: `${secret_manager.NAME}`, as the reference has them.
//!
//! `conf/application.conf` says where they are, the connection file from which section it takes them. They are looked for
//! when one is asked for, each time the file is read, so that a changed one takes effect.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog_model::Settings;

use crate::{
    connection_file::block,
    hocon::{self, Diagnostic, Document, Files, MASK, Object, Severity, Value, Variables},
    home::{Home, shown},
    noted_files::NotedFiles,
    problem::Problem,
};

/// How a connection file names them.
const MANAGER: &str = "secret_manager";
/// How its setting in `conf/application.conf` is called.
const PROVIDER: &str = "secret-manager";
/// How a message begins that is about one that was not found.
const UNRESOLVED: &str = "`${secret_manager.";

/// Answers for variables of the environment, and with stars for secrets.
pub(crate) struct Masked<'a>(pub(crate) &'a BTreeMap<String, String>);

/// Answers for variables of the environment and for secrets.
pub(crate) struct Secrets<'a> {
    /// The connection file that asks.
    pub(crate) path: &'a Path,
    pub(crate) content: &'a [u8],
    pub(crate) home: &'a Home,
    pub(crate) variables: &'a BTreeMap<String, String>,
    pub(crate) files: &'a Arc<NotedFiles>,
    section: OnceCell<Result<Section, Missing>>,
    /// What was given out, and why the last one was not.
    given: RefCell<Vec<String>>,
    missing: RefCell<Option<Missing>>,
}

/// The secrets that a connection may have.
struct Section {
    name: String,
    file: PathBuf,
    root: Object,
}

/// Why there is no secret, and what to do.
#[derive(Clone)]
struct Missing {
    message: String,
    hint: String,
}

impl Variables for Masked<'_> {
    fn text(&self, path: &[String]) -> Option<String> {
        match path {
            [first, _, ..] if first == MANAGER => Some(MASK.to_owned()),
            _ => self.0.text(path),
        }
    }
}

impl Variables for Secrets<'_> {
    fn text(&self, path: &[String]) -> Option<String> {
        match path {
            [first, name @ ..] if first == MANAGER && !name.is_empty() => {
                self.secret(&name.join("."))
            }
            _ => self.variables.text(path),
        }
    }
}

impl<'a> Secrets<'a> {
    /// The secrets of the file at `path`, which has this content.
    pub(crate) fn of(
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
            section: OnceCell::new(),
            given: RefCell::default(),
            missing: RefCell::default(),
        }
    }

    /// Reads the file, its secrets in their places.
    pub(crate) fn read(&self) -> Result<Document, Vec<Diagnostic>> {
        let read = hocon::read(self.path, self.content, self, self.files.as_ref());
        read.map_err(|mut diagnostics| {
            for diagnostic in &mut diagnostics {
                let unresolved = diagnostic.message.starts_with(UNRESOLVED);
                if let Some(missing) = self.missing.borrow().clone().filter(|_| unresolved) {
                    diagnostic.message = missing.message;
                    diagnostic.hint = Some(missing.hint);
                }
            }
            diagnostics
        })
    }

    /// The problem without the secrets that were given out, whatever setting has them.
    pub(crate) fn scrub(&self, problem: Problem) -> Problem {
        let given = self.given.borrow();
        let clean = |text: String| {
            given
                .iter()
                .fold(text, |text, secret| without(&text, secret))
        };
        match problem {
            Problem::InFile(diagnostic) => Problem::InFile(Diagnostic {
                message: clean(diagnostic.message),
                hint: diagnostic.hint.map(clean),
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

    /// What is odd about where the secrets come from.
    pub(crate) fn warning(&self) -> Option<Problem> {
        let Some(Ok(section)) = self.section.get() else {
            return None;
        };
        others_may_read(&section.file).then(|| Problem::General {
            severity: Severity::Warning,
            message: format!(
                "every user of this machine may read the secrets of `{}`",
                shown(&section.file)
            ),
            hint: Some("take that right away: `chmod o= FILE`".to_owned()),
        })
    }

    fn secret(&self, name: &str) -> Option<String> {
        let section = self.section.get_or_init(|| self.open());
        let found = section.as_ref().map_err(Clone::clone);
        match found.and_then(|section| section.secret(name)) {
            Ok(secret) => {
                self.given.borrow_mut().push(secret.clone());
                Some(secret)
            }
            Err(missing) => {
                *self.missing.borrow_mut() = Some(missing);
                None
            }
        }
    }

    /// Looks where the secrets of this file are.
    fn open(&self) -> Result<Section, Missing> {
        let own = hocon::read(
            self.path,
            self.content,
            &Masked(self.variables),
            self.files.as_ref(),
        );
        // What else is wrong with the file, is told of the file.
        let mut own = self.settings(self.path, own.map(|own| own.root).unwrap_or_default());
        if !own.flag("secret_manager.enabled", false) {
            return Err(Missing::new(
                "this file takes no secrets from the secret manager",
                "write `secret_manager { enabled = true, key = \"…\" }` to let it, or take an environment variable",
            ));
        }
        let path = self.home.settings();
        let mut provider = self.settings(&path, self.root_of(&path)?);
        let key = |settings: &mut Settings, key: &str| settings.text(key).map(|text| text.value);
        let kind = key(&mut provider, "secret-manager.provider");
        let file = key(&mut provider, "secret-manager.configuration.file-path");
        let file = match (kind.as_deref().map(str::trim), file) {
            (Some("file"), Some(file)) => self.home.path(file.trim()),
            (Some("file") | None, None) => {
                let message = format!("`{}` does not say where secrets are", shown(&path));
                return Err(Missing::new(
                    message,
                    "write `secret-manager { key = \"…\", provider = \"file\", configuration { file-path = \"…\" } }` there",
                ));
            }
            (kind, _) => {
                let kind = kind.unwrap_or_default();
                let message = format!(
                    "`{PROVIDER}.provider` of `{}` is `{kind}`, which is not known here",
                    shown(&path)
                );
                return Err(Missing::new(
                    message,
                    "this scanner has the provider `file`",
                ));
            }
        };
        let section = key(&mut own, "secret_manager.key")
            .or_else(|| key(&mut provider, "secret-manager.key"));
        let Some(name) = section else {
            return Err(Missing::new(
                "nothing says of which section the secret is",
                "write `secret_manager.key` in this file, or `secret-manager.key` in `conf/application.conf`",
            ));
        };
        Ok(Section {
            root: self.root_of(&file)?,
            name,
            file,
        })
    }

    fn settings(&self, path: &Path, root: Object) -> Settings {
        Settings::new(path.display().to_string(), block(root), self.files.clone())
    }

    /// What a file holds. Of one that is no HOCON no text is quoted: it may be a secret.
    fn root_of(&self, path: &Path) -> Result<Object, Missing> {
        let missing = |why: String| {
            let hint =
                "the secrets are looked for as `conf/application.conf` says, from the home on"
                    .to_owned();
            let message = format!("secrets cannot be had: {why}");
            Missing { message, hint }
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
        let read = hocon::read(path, &content, self.variables, self.files.as_ref());
        read.map(|document| document.root).map_err(|diagnostics| {
            let place = diagnostics.first().map(|first| first.place.to_string());
            missing(format!(
                "there is a mistake at {}",
                place.unwrap_or_default()
            ))
        })
    }
}

impl Section {
    /// The secret of this name. Dots may be in its name, or in that of its section, quoted or not.
    fn secret(&self, name: &str) -> Result<String, Missing> {
        let wanted = format!("{}.{name}", self.name);
        let settings = hocon::settings(&self.root);
        let found = settings
            .iter()
            .find(|setting| setting.path.join(".") == wanted);
        match found.map(|setting| &setting.node.value) {
            Some(Value::String(text) | Value::Number(text)) => Ok(text.clone()),
            Some(Value::Bool(truth)) => Ok(truth.to_string()),
            _ => {
                let file = shown(&self.file);
                let message = format!(
                    "there is no secret `{name}` in the section `{}` of `{file}`",
                    self.name
                );
                Err(Missing::new(message, "write it there, or correct the name"))
            }
        }
    }
}

impl Missing {
    fn new(message: impl Into<String>, hint: &str) -> Self {
        Self {
            message: message.into(),
            hint: hint.to_owned(),
        }
    }
}

/// The text without the secret. A short one is only looked for where a message quotes it.
fn without(text: &str, secret: &str) -> String {
    match secret.trim() {
        "" => text.to_owned(),
        short if short.chars().count() < 4 => {
            text.replace(&format!("`{short}`"), &format!("`{MASK}`"))
        }
        long => text.replace(long, MASK),
    }
}

#[cfg(unix)]
fn others_may_read(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_file: &Path) -> bool {
    false
}
