//! Files of secrets that others than their owner may read.

use std::path::Path;

use crate::{hocon::Severity, home::shown, problem::Problem};

/// What is wrong with who may read a file of secrets.
pub fn of_secrets(file: &Path) -> Option<Problem> {
    // A group may be there so that those who keep secrets can write them.
    let others = has_rights(file, 0o004);
    let shown = shown(file);
    others.then(|| {
        warning(
            format!("every user of this machine can read the secrets of `{shown}`"),
            format!("remove that right: `chmod o= {shown}`"),
        )
    })
}

/// What is wrong with who has rights on a key file.
pub fn of_key(file: &Path) -> Option<Problem> {
    let others = has_rights(file, 0o077);
    let shown = shown(file);
    others.then(|| {
        warning(
            format!("users other than its owner have access to the key file `{shown}`"),
            format!("remove their access: `chmod 600 {shown}`"),
        )
    })
}

fn warning(message: String, hint: String) -> Problem {
    Problem::General {
        severity: Severity::Warning,
        message,
        hint: Some(hint),
    }
}

/// Whether the file gives one of the rights of `mode`.
#[cfg(unix)]
fn has_rights(file: &Path, mode: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;

    use crate::input_file;

    input_file::metadata(file).is_ok_and(|file| file.permissions().mode() & mode != 0)
}

/// Rights of other systems are not read.
#[cfg(not(unix))]
fn has_rights(_file: &Path, _mode: u32) -> bool {
    false
}
