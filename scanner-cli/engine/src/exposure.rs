//! Warnings about files of secrets that accounts other than the owner can read.

use std::path::Path;

use catalog_model::Diagnostic;

use crate::{home::shown, problem::Problem};

/// A warning if all users can read a file of secrets.
pub fn secrets_warning(file: &Path) -> Option<Problem> {
    // Access of the group is allowed: it may be intended for the people who maintain the secrets.
    let others = has_rights(file, 0o004);
    let shown = shown(file);
    others.then(|| {
        Problem::warning(
            format!("every user of this machine can read the secrets of `{shown}`"),
            format!("remove this permission: `chmod o= {shown}`"),
        )
    })
}

/// A warning if all users can read a file with a private key. Access of the group is allowed: a file of root may be intended for
/// the group of the scanner's account.
pub(crate) fn private_key_warning(file: &Path) -> Option<Diagnostic> {
    let others = has_rights(file, 0o004);
    let shown = shown(file);
    others.then(|| {
        Diagnostic::warning(
            format!("every user of this machine can read the private key in `{shown}`"),
            format!("remove this permission: `chmod o= {shown}`"),
        )
    })
}

/// A warning if users other than the owner have access to a key file.
pub fn key_warning(file: &Path) -> Option<Problem> {
    let others = has_rights(file, 0o077);
    let shown = shown(file);
    others.then(|| {
        Problem::warning(
            format!("users other than its owner have access to the key file `{shown}`"),
            format!("remove their access: `chmod 600 {shown}`"),
        )
    })
}

/// Whether the file has one of the permissions in `mode`.
#[cfg(unix)]
fn has_rights(file: &Path, mode: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;

    use crate::input_file;

    input_file::metadata(file).is_ok_and(|file| file.permissions().mode() & mode != 0)
}

/// Permissions of other systems are not checked.
#[cfg(not(unix))]
fn has_rights(_file: &Path, _mode: u32) -> bool {
    false
}
