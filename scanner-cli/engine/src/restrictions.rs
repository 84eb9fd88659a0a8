//! What connection files may use: `config` in `conf/application.conf`, and the files that contain secrets.
//!
//! Anyone who can write a connection file decides where its secrets are sent. Therefore a connection file must not get
//! the secrets of other connections. `conf/application.conf` is trusted, and so are the files that it names.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use catalog_model::Settings;

use crate::{
    encryption,
    hocon::{
        IncludeError, LocatedProblem, Node, Object, Severity, SourceDiagnostic, Value,
        ValueVisibility,
    },
    home::{Home, shown},
    input_file,
    problem::Problem,
    secret_places::secret_paths,
    settings_files::{Disk, application_content, application_document},
    settings_tree::wrong_setting,
};

mod codes;

pub use self::codes::Codes;

/// The setting that limits what connection files may use.
const RESTRICT: &str = "config.restrict";
/// The setting that lists the variables that restricted connection files may use.
const VARIABLES: &str = "config.variables";

/// Restrictions for connection files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// The environment variables that may be used, each with the codes that may use it. `None` if all variables may be
    /// used.
    variables: Option<BTreeMap<String, Codes>>,
    /// Files and folders that contain secrets.
    secret_paths: Vec<PathBuf>,
}

impl Restrictions {
    /// Reads the restrictions of a home.
    ///
    /// # Errors
    /// The errors in `conf/application.conf`: if it is invalid, the restrictions are unknown.
    pub fn read(home: &Home, variables: &BTreeMap<String, String>) -> Result<Self, Vec<Problem>> {
        let path = home.settings();
        let content = application_content(home)?.unwrap_or_default();
        let read = application_document(&path, &content, variables, &Disk);
        let document =
            read.map_err(|found| found.into_iter().map(Problem::InFile).collect::<Vec<_>>())?;
        let (restrictions, errors) = Self::from_root(&document.root, home, variables);
        let show =
            |found| SourceDiagnostic::in_file(&path, &content, Severity::Error, found).into();
        match errors.is_empty() {
            true => Ok(restrictions),
            false => Err(errors.into_iter().map(show).collect()),
        }
    }

    /// The restrictions in `conf/application.conf`, and the errors in them.
    pub fn from_root(
        root: &Object,
        home: &Home,
        variables: &BTreeMap<String, String>,
    ) -> (Self, Vec<LocatedProblem>) {
        let file = home.settings().display().to_string();
        let settings = || Settings::new(file.clone(), root.clone(), Arc::new(home.clone()));
        // Errors in these settings are reported when a secret is read.
        let mut others = settings();
        let mut secret_paths = secret_paths(&mut others, home, variables);
        secret_paths.push(encryption::key_file(&mut others, home));
        let mut settings = settings();
        let restrict = settings.flag(RESTRICT, false);
        let mut errors: Vec<_> = settings.problems().into_iter().map(wrong_setting).collect();
        let allowed = match root.get("config").map(|config| &config.value) {
            Some(Value::Object(config)) => allowed_variables(config, &mut errors),
            _ => BTreeMap::new(),
        };
        let restrictions = Self {
            variables: restrict.then_some(allowed),
            secret_paths,
        };
        (restrictions, errors)
    }

    /// Whether `config.restrict` is set.
    pub fn is_restricted(&self) -> bool {
        self.variables.is_some()
    }

    /// The codes that may use an environment variable, or `None` if no connection may use it.
    pub fn variable(&self, name: &str) -> Option<&Codes> {
        match &self.variables {
            None => Some(&Codes::ALL),
            Some(variables) => variables.get(name),
        }
    }

    /// Whether a connection file may include the file at `path`.
    ///
    /// # Errors
    /// If it may not; the error contains the reason.
    pub fn may_include(&self, home: &Home, path: &Path) -> Result<(), IncludeError> {
        let path = canonical(path);
        if self.contains_secrets(&path) {
            return Err(IncludeError {
                message: format!("`{}` contains secrets and cannot be included", shown(&path)),
                hint: "write `${secret_manager.NAME}` for a secret of the secret manager"
                    .to_owned(),
            });
        }
        if !self.is_restricted() {
            return Ok(());
        }
        let folder = canonical(&home.path(""));
        let Ok(inner) = path.strip_prefix(&folder) else {
            return Err(IncludeError {
                message: format!(
                    "`{}` is outside of the scanner's home and cannot be included",
                    shown(&path)
                ),
                hint: format!(
                    "copy the file into the home; `{RESTRICT}` in `conf/application.conf` limits what can be included"
                ),
            });
        };
        if is_own_file(inner) {
            return Err(IncludeError {
                message: format!(
                    "`{}` may contain secrets of other connections and cannot be included",
                    shown(inner)
                ),
                hint: format!(
                    "move shared settings to a separate file, such as `connections/shared/common.conf`; \
                     `{RESTRICT}` in `conf/application.conf` limits what can be included"
                ),
            });
        }
        Ok(())
    }

    /// Whether messages may quote a file that a connection file names. Files outside of the home and files that may
    /// contain secrets must not be quoted.
    pub fn may_quote(&self, home: &Home, path: &Path) -> bool {
        let path = canonical(path);
        let folder = canonical(&home.path(""));
        let inner = path.strip_prefix(&folder);
        !self.contains_secrets(&path) && inner.is_ok_and(|inner| !is_own_file(inner))
    }

    fn contains_secrets(&self, path: &Path) -> bool {
        let secret = self.secret_paths.iter();
        secret
            .map(|secret| canonical(secret))
            .any(|secret| path.starts_with(secret))
    }
}

/// Whether messages may quote the file at `path` as a connection file or an included file: it must be in the folder of
/// connection files after links are followed.
pub fn is_connection_text(home: &Home, path: &Path) -> bool {
    canonical(path).starts_with(canonical(&home.connections()))
}

/// Whether a path in the home is a file that may contain secrets: a connection file, the settings file, a key file, a
/// hook, or a file in `data`.
fn is_own_file(inner: &Path) -> bool {
    let mut names = inner.components().map(Component::as_os_str);
    let first = names.next().unwrap_or_default().to_ascii_lowercase();
    let second = names.next().unwrap_or_default().to_ascii_lowercase();
    let is_file = names.next().is_none();
    let second = Path::new(&second);
    let ends_in = |ending: &str| second.extension().is_some_and(|found| found == ending);
    match first.to_str() {
        Some("data" | "hooks") => true,
        Some("connections") => is_file && ends_in("conf"),
        Some("conf") => is_file && (second == Path::new("application.conf") || ends_in("key")),
        _ => false,
    }
}

/// The path with all links followed, as far as it exists. The rest is unchanged.
fn canonical(path: &Path) -> PathBuf {
    let path = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    if let Ok(canonical) = input_file::canonical(path) {
        return canonical;
    }
    let name = path.components().next_back();
    match (path.parent(), name) {
        (Some(parent), Some(Component::ParentDir)) => {
            let mut parent = canonical(parent);
            parent.pop();
            parent
        }
        (Some(parent), Some(name)) if parent != path => canonical(parent).join(name),
        _ => path.to_path_buf(),
    }
}

/// The list `config.variables`: names, or blocks `{ name, codes }`.
fn allowed_variables(config: &Object, errors: &mut Vec<LocatedProblem>) -> BTreeMap<String, Codes> {
    let mut refuse = |node: &Node, message: String| {
        errors.push(LocatedProblem {
            place: node.place.clone(),
            message,
            hint: Some(format!(
                "write `{VARIABLES} = [ NAME, {{ name = NAME, codes = [ CODE ] }} ]`"
            )),
            value: ValueVisibility::Shown,
        });
    };
    let mut allowed = BTreeMap::new();
    let nodes = match config.get("variables").map(|node| (node, &node.value)) {
        None | Some((_, Value::Null)) => return allowed,
        Some((_, Value::List(nodes))) => nodes,
        Some((node, _)) => {
            refuse(node, format!("`{VARIABLES}` must be a list"));
            return allowed;
        }
    };
    for node in nodes {
        match allowed_variable(&node.value) {
            Some((name, codes)) => drop(allowed.insert(name, codes)),
            None => refuse(
                node,
                format!("an element of `{VARIABLES}` is not the name of a variable"),
            ),
        }
    }
    allowed
}

fn allowed_variable(value: &Value) -> Option<(String, Codes)> {
    let name = |value: &Value| match value {
        Value::String(name) if !name.trim().is_empty() => Some(name.trim().to_owned()),
        _ => None,
    };
    let Value::Object(fields) = value else {
        return Some((name(value)?, Codes::ALL));
    };
    let codes = match fields.get("codes") {
        Some(codes) => Codes::from_value(&codes.value)?,
        None => Codes::ALL,
    };
    let known = 1 + usize::from(codes.is_limited());
    let name = name(&fields.get("name")?.value)?;
    (fields.len() == known).then_some((name, codes))
}
