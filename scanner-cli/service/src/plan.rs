//! What is to be installed.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Name of the service if `--name` is not set.
pub const DEFAULT_NAME: &str = "scanner-cli";

/// Maximum length of a name, in bytes. Windows allows 256, systemd 255 with the suffix `.service`.
const MAX_NAME_BYTES: usize = 80;

/// A service to install.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The name of the service.
    pub name: ServiceName,
    /// Absolute path of the program.
    pub program: PathBuf,
    /// Absolute path of the home.
    pub home: PathBuf,
    /// For whom it is installed.
    pub scope: Scope,
    /// The account that it runs as. If it is not set, the default of the system.
    pub account: Option<String>,
}

/// For whom a service is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For the whole system: it starts with the machine.
    System,
    /// For the user who installs it. Only systemd has such services.
    User,
}

/// A name that systemd and Windows accept, and that needs no quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName(String);

impl FromStr for ServiceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        if begins_well && text.len() <= MAX_NAME_BYTES && text.bytes().all(is_allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "must begin with a letter or digit and have only letters, digits, `-`, `_` and `.` (at most {MAX_NAME_BYTES})"
        ))
    }
}

impl ServiceName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The home of a service if neither `--home` nor `SCANNER_HOME` is set: `%ProgramData%\scanner` on Windows, `/var/lib/scanner`
/// elsewhere, and `$XDG_DATA_HOME/scanner` or `~/.local/share/scanner` for a user. Returns `None` if the variables that it
/// depends on are not set.
#[must_use]
pub fn default_home(scope: Scope, variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let folder = |name: &str| {
        // Windows ignores the case of names.
        let found = variables
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        let path = found.map(|(_, value)| PathBuf::from(value));
        path.filter(|path| path.is_absolute())
    };
    match scope {
        Scope::System if cfg!(windows) => Some(folder("ProgramData")?.join("scanner")),
        Scope::System => Some(Path::new("/var/lib").join("scanner")),
        Scope::User => {
            let data =
                folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))?;
            Some(data.join("scanner"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_needs_no_quotes_in_any_manager() {
        for (text, is_valid) in [
            ("scanner-cli", true),
            ("scanner_2.prod", true),
            ("2", true),
            ("", false),
            ("-x", false),
            (".x", false),
            ("a b", false),
            ("a/b", false),
            ("a@b", false),
            ("ä", false),
        ] {
            assert_eq!(text.parse::<ServiceName>().is_ok(), is_valid, "{text}");
        }
        assert!("a".repeat(MAX_NAME_BYTES).parse::<ServiceName>().is_ok());
        assert!(
            "a".repeat(MAX_NAME_BYTES + 1)
                .parse::<ServiceName>()
                .is_err()
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_default_home_depends_on_the_scope() {
        let variables = |list: &[(&str, &str)]| {
            let list = list
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            list.collect::<BTreeMap<_, _>>()
        };
        for (scope, list, expected) in [
            (Scope::System, &[][..], Some("/var/lib/scanner")),
            (
                Scope::User,
                &[("HOME", "/home/ada")],
                Some("/home/ada/.local/share/scanner"),
            ),
            (
                Scope::User,
                &[("HOME", "/home/ada"), ("XDG_DATA_HOME", "/data")],
                Some("/data/scanner"),
            ),
            (Scope::User, &[("HOME", "relative")], None),
            (Scope::User, &[], None),
        ] {
            let found = default_home(scope, &variables(list));
            assert_eq!(found, expected.map(PathBuf::from), "{list:?}");
        }
    }

    #[cfg(windows)]
    #[test]
    fn the_default_home_is_in_the_folder_of_program_data() {
        let variables = BTreeMap::from([("PROGRAMDATA".to_owned(), r"C:\ProgramData".to_owned())]);
        let home = default_home(Scope::System, &variables);
        assert_eq!(home, Some(PathBuf::from(r"C:\ProgramData\scanner")));
    }
}
