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
            remedy(&shown, "o="),
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
            remedy(&shown, "o="),
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
            remedy(&shown, "600"),
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

/// Whether a group that many people belong to may read the file. On Windows, the rights to change a file are a matter of its
/// folder, too.
#[cfg(windows)]
fn has_rights(file: &Path, _mode: u32) -> bool {
    file_access::access_list::others_may_read(file)
}

/// Permissions of other systems are not checked.
#[cfg(not(any(unix, windows)))]
fn has_rights(_file: &Path, _mode: u32) -> bool {
    false
}

/// The command that removes the access of others to a file. `mode` is its argument on Unix.
#[cfg(not(windows))]
fn remedy(shown: &str, mode: &str) -> String {
    format!("remove their access: `chmod {mode} {shown}`")
}

/// The command that removes the access of others to a file.
#[cfg(windows)]
fn remedy(shown: &str, _mode: &str) -> String {
    format!("remove their access: `{}`", removal_of_others(shown))
}

/// The command that removes the groups *Everyone*, *Authenticated Users* and *Users* from the access list of a file or a folder.
/// Their names depend on the language of Windows, their SIDs do not.
#[cfg(windows)]
pub(crate) fn removal_of_others(shown: &str) -> String {
    format!("icacls \"{shown}\" /inheritance:d /remove:g *S-1-1-0 *S-1-5-11 *S-1-5-32-545")
}
