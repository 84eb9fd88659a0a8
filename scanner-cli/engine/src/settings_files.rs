//! Reads settings files: included files, and `conf/application.conf`.

use std::{collections::BTreeMap, io, path::Path};

use crate::{
    hocon::{
        self, Document, Files, LocatedProblem, MASK, Node, Severity, SourceDiagnostic, Value,
        ValueVisibility, Variables,
    },
    home::{Home, shown},
    input_file::{self, FileKind},
    problem::Problem,
};

/// The name of the secret manager in substitutions: `${secret_manager.NAME}`.
pub const SECRET_MANAGER: &str = "secret_manager";

/// The setting of `conf/application.conf` with the followers, which may use secrets of the secret manager.
pub const FOLLOWERS: &str = "followers";
/// The other settings that may use them.
pub const SCANNER_SECRETS: [&str; 6] = [
    "http.auth.token",
    "http.auth.password",
    "store.password",
    "store.tls.truststore.password",
    "store.proxy.password",
    "store.proxy.windows.password",
];

/// Maximum number of misplaced secrets that are reported.
const MAX_MISPLACED: usize = 50;

/// Reads included files from disk: only regular files, and only up to a maximum size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match input_file::read(path, FileKind::Settings) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The content of `conf/application.conf`, or `None` if the file does not exist.
///
/// # Errors
/// If it cannot be read.
pub fn application_content(home: &Home) -> Result<Option<Vec<u8>>, Vec<Problem>> {
    let path = home.settings();
    match input_file::read(&path, FileKind::Settings) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(vec![Problem::general(
            format!("`{}` cannot be read: {error}", shown(&path)),
            None,
        )]),
    }
}

/// Resolves environment variables, and replaces secrets of the secret manager with stars.
struct MaskedSecrets<'a>(&'a BTreeMap<String, String>);

impl Variables for MaskedSecrets<'_> {
    fn text(&self, path: &[String]) -> Option<String> {
        match path {
            [first, _, ..] if first == SECRET_MANAGER => Some(MASK.to_owned()),
            path => self.0.text(path),
        }
    }

    fn is_secret(&self, path: &[String]) -> bool {
        matches!(path, [first, _, ..] if first == SECRET_MANAGER)
    }
}

/// Reads `conf/application.conf` with the secrets of followers replaced by stars. The file itself sets where secrets
/// are, so it must be readable without them.
///
/// # Errors
/// Errors in the HOCON syntax, and errors for secrets outside of the followers.
pub fn application_document(
    path: &Path,
    content: &[u8],
    variables: &BTreeMap<String, String>,
    files: &dyn Files,
) -> Result<Document, Vec<SourceDiagnostic>> {
    let document = hocon::read(path, content, &MaskedSecrets(variables), files)?;
    let mut misplaced = Vec::new();
    for entry in document.root.iter().filter(|one| one.key != FOLLOWERS) {
        find_secrets(&entry.key, &entry.value, &mut misplaced);
    }
    if misplaced.is_empty() {
        return Ok(document);
    }
    misplaced.truncate(MAX_MISPLACED);
    let misplaced = misplaced.into_iter();
    let misplaced =
        misplaced.map(|found| SourceDiagnostic::in_file(path, content, Severity::Error, found));
    Err(misplaced.collect())
}

/// Whether a value, or a value in it, comes from the secret manager.
pub fn has_secret(node: &Node) -> bool {
    node.secret
        || match &node.value {
            Value::List(nodes) => nodes.iter().any(has_secret),
            Value::Object(block) => block.iter().any(|entry| has_secret(&entry.value)),
            _ => false,
        }
}

fn find_secrets(setting: &str, node: &Node, misplaced: &mut Vec<LocatedProblem>) {
    match &node.value {
        _ if SCANNER_SECRETS.contains(&setting) => {}
        Value::Object(block) => {
            for entry in block.iter() {
                find_secrets(&format!("{setting}.{}", entry.key), &entry.value, misplaced);
            }
        }
        _ if has_secret(node) => misplaced.push(LocatedProblem {
            place: node.place.clone(),
            message: format!(
                "`{setting}` cannot be a secret of the secret manager: in this file, only followers, the login of `http.auth` and the passwords in `store` can use them"
            ),
            hint: Some("write the value itself, or use an environment variable".to_owned()),
            value: ValueVisibility::Hidden,
        }),
        _ => {}
    }
}
