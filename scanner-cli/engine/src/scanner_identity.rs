//! What a scanner is called in a store that several scanners share.

use std::{collections::BTreeMap, io};

use crate::{
    home::{Home, shown},
    input_file::{self, FileKind},
    problem::Problem,
};

/// The name of the scanner in `agent-identifier`, else that of its machine.
pub fn scanner_identity(home: &Home, variables: &BTreeMap<String, String>) -> String {
    let name = scanner_name(home).ok().flatten();
    name.unwrap_or_else(|| host_name(variables))
}

/// The name of the machine.
pub fn host_name(variables: &BTreeMap<String, String>) -> String {
    let variable = |name: &str| variables.get(name).cloned();
    own_name()
        .or_else(|| variable("COMPUTERNAME"))
        .or_else(|| variable("HOSTNAME"))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "scanner".to_owned())
}

#[cfg(unix)]
fn own_name() -> Option<String> {
    let name = rustix::system::uname();
    name.nodename().to_str().ok().map(str::to_owned)
}

#[cfg(not(unix))]
fn own_name() -> Option<String> {
    None
}

/// The name of the scanner, if the home has one.
///
/// # Errors
/// If the name is invalid, or its file cannot be read.
pub fn scanner_name(home: &Home) -> Result<Option<String>, Problem> {
    let path = home.path("agent-identifier");
    let text = match input_file::read_text(&path, FileKind::Small) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", shown(&path));
            return Err(Problem::general(message, None));
        }
    };
    let name = text.trim();
    let fits = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if name.is_empty() || !name.chars().all(fits) {
        let message = format!("`{}` does not contain a valid scanner name", shown(&path));
        let hint = "write one line of letters, digits, `_` and `-`".to_owned();
        return Err(Problem::general(message, hint));
    }
    Ok(Some(name.to_owned()))
}
