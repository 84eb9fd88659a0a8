//! Checks who can write the files that determine what the scanner runs. Anyone who can write them decides what the
//! scanner's account runs.

use std::path::{Path, PathBuf};

use catalog_model::Diagnostic;

use crate::{home::Home, problem::Problem};

/// Warnings about accounts that can write the file of a hook, or the program and scripts that it runs.
pub fn hook_warnings<'a>(
    home: &Home,
    file: &Path,
    words: impl Iterator<Item = &'a String>,
) -> Vec<Problem> {
    let of_file = file_warning(home, "the hook file", file).into_iter();
    let of_words = program_warnings(home, "the program of a hook", words);
    of_file.chain(of_words).map(Problem::General).collect()
}

/// A warning about accounts that can write `conf/application.conf`.
pub fn settings_warning(home: &Home) -> Option<Problem> {
    file_warning(home, "the settings file", &home.settings()).map(Problem::General)
}

/// Warnings about accounts that can write the program and the scripts of a command in a connection file.
pub(crate) fn command_warnings(home: &Home, words: &[String]) -> Vec<Diagnostic> {
    program_warnings(home, "the program", words.iter())
}

fn program_warnings<'a>(
    home: &Home,
    what: &str,
    words: impl Iterator<Item = &'a String>,
) -> Vec<Diagnostic> {
    // A command that is not a file in the home is looked up by the system.
    let files = words.map(|word| home.path(word));
    let files = files.filter(|file| file.is_file());
    let warnings = files.filter_map(|file| file_warning(home, what, &file));
    warnings.collect()
}

/// A warning about accounts that can write a file, or replace it by writing its folder or a parent folder up to the
/// home.
fn file_warning(home: &Home, what: &str, file: &Path) -> Option<Diagnostic> {
    rights::warning(home, what, file).or_else(|| {
        let mut folders = folders(&home.path(""), file).into_iter();
        folders.find_map(|folder| rights::warning(home, "the folder", &folder))
    })
}

fn folders(home: &Path, file: &Path) -> Vec<PathBuf> {
    let here = |folder: &Path| match folder.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => folder.to_path_buf(),
    };
    let Some(own) = file.parent() else {
        return Vec::new();
    };
    let around = own.ancestors().take_while(|folder| *folder != home);
    match own.starts_with(home) {
        true => around.chain([home]).map(here).collect(),
        false => vec![here(own)],
    }
}

#[cfg(unix)]
mod rights {
    use std::{os::unix::fs::MetadataExt, path::Path};

    use catalog_model::Diagnostic;

    use crate::{
        home::{Home, shown},
        input_file,
    };

    /// Write permission of the group and of all other users.
    const WRITE: u32 = 0o022;
    /// In a folder with this mode bit, only the owner of a file may replace it.
    const STICKY: u32 = 0o1000;

    pub(super) fn warning(home: &Home, what: &str, path: &Path) -> Option<Diagnostic> {
        let found = input_file::metadata(path).ok()?;
        let shown = shown(path);
        let mode = found.mode();
        let is_open = mode & WRITE != 0 && !(found.is_dir() && mode & STICKY != 0);
        if is_open {
            let whom = match mode & 0o002 {
                0 => "its group",
                _ => "every user of this machine",
            };
            return Some(Diagnostic::warning(
                format!("{whom} can change {what} `{shown}` and with it what the scanner runs"),
                format!("remove the write permission: `chmod go-w {shown}`"),
            ));
        }
        let owner = found.uid();
        let trusted = [0, rustix::process::geteuid().as_raw()];
        let of_home =
            input_file::metadata(&home.path("")).or_else(|_| input_file::metadata(Path::new(".")));
        if trusted.contains(&owner) || of_home.is_ok_and(|of_home| of_home.uid() == owner) {
            return None;
        }
        Some(Diagnostic::warning(
            format!(
                "another user ({owner}) owns {what} `{shown}` and can change what the scanner runs"
            ),
            format!("change the owner to root or to the scanner's account: `chown root {shown}`"),
        ))
    }
}

#[cfg(windows)]
mod rights {
    use std::path::Path;

    use catalog_model::Diagnostic;
    use file_access::access_list;

    use crate::{
        exposure::removal_of_others,
        home::{Home, shown},
    };

    pub(super) fn warning(_home: &Home, what: &str, path: &Path) -> Option<Diagnostic> {
        let shown = shown(path);
        access_list::others_may_write(path).then(|| {
            Diagnostic::warning(
                format!(
                    "every user of this machine can change {what} `{shown}` and with it what the scanner runs"
                ),
                format!("remove their access: `{}`", removal_of_others(&shown)),
            )
        })
    }
}

/// Permissions of other systems are not checked.
#[cfg(not(any(unix, windows)))]
mod rights {
    use std::path::Path;

    use catalog_model::Diagnostic;

    use crate::home::Home;

    pub(super) fn warning(_home: &Home, _what: &str, _path: &Path) -> Option<Diagnostic> {
        None
    }
}
