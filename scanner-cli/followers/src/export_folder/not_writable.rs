//! Why files cannot be created in a folder, and what to do.

use std::{
    io,
    path::{Path, PathBuf},
};

use catalog_model::FollowError;
use file_access::{account::account, path_text::shown};

/// Why files cannot be created in a folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotWritable {
    pub(super) reason: String,
    pub(super) hint: Option<String>,
}

impl NotWritable {
    /// The reason for an error in creating `folder`, or a file in it.
    pub(super) fn new(folder: &Path, error: &io::Error) -> Self {
        let existing = existing(folder);
        let place = shown(&existing);
        let (reason, hint) = if existing.is_file() {
            let reason = format!("`{place}` is a file, not a folder");
            (reason, Some("set another `path`, or remove the file"))
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            let reason = format!("{} cannot create files in `{place}`", account());
            let hint = "let this user create files there, or set another `path`";
            (reason, Some(hint))
        } else {
            (without_path(error), None)
        };
        let hint = hint.map(str::to_owned);
        Self { reason, hint }
    }

    /// The error of a delivery to `path`.
    pub(super) fn for_file(self, path: &Path) -> FollowError {
        FollowError::Target {
            message: format!("`{}` cannot be written", shown(path)),
            hint: self.hint,
            source: Some(self.reason.into()),
        }
    }
}

/// The folder, or the closest one around it that exists.
pub(super) fn existing(folder: &Path) -> PathBuf {
    let mut folders = folder
        .ancestors()
        .map(|folder| match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        });
    folders
        .find(|folder| folder.exists())
        .unwrap_or(folder)
        .to_path_buf()
}

/// The error without the random name of a temporary file, which the library appends.
fn without_path(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((cause, _)) => cause.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_names_the_folder_or_file_in_the_way_and_no_temporary_file() {
        let home = tempfile::tempdir().unwrap();
        let reason = |folder: &str, kind: io::ErrorKind, text: &str| {
            let folder = home.path().join(folder);
            let found = NotWritable::new(&folder, &io::Error::new(kind, text.to_owned()));
            assert_eq!(found.hint.is_some(), kind != io::ErrorKind::StorageFull);
            found.reason.replace(&shown(home.path()), "HOME")
        };
        let denied = reason(
            "a/b",
            io::ErrorKind::PermissionDenied,
            "denied at path \"a/x.tmp\"",
        );
        assert!(
            denied.ends_with(" cannot create files in `HOME`"),
            "{denied}"
        );
        let full = reason("a", io::ErrorKind::StorageFull, "full at path \"a/x.tmp\"");
        assert_eq!(full, "full");
        std::fs::write(home.path().join("a"), "").unwrap();
        let file = reason("a/b", io::ErrorKind::NotADirectory, "in the way");
        let path = Path::new("HOME").join("a");
        assert_eq!(
            file,
            format!("`{}` is a file, not a folder", path.display())
        );
    }
}
