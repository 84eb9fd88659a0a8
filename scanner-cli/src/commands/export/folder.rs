//! A folder that appears when everything in it has been written, and replaces only what an earlier export wrote.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use catalog_web::SiteFiles;
use file_access::renaming::rename;

/// The file that every export writes first. A folder with it may be replaced.
const MARK: &str = ".catalog-export";
/// What the file says.
const MARK_TEXT: &str =
    "`scanner-cli catalog export` wrote this folder, and replaces it with the next export to it.\n";

/// Why a folder cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    #[error(
        "`{}` is not empty, and no export wrote it; name a new or an empty folder", path.display()
    )]
    InUse { path: PathBuf },
    #[error("cannot write the folder `{}`", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// A folder that is being written beside its final place. Removed if it is not completed.
pub(super) struct NewFolder {
    target: PathBuf,
    partial: PathBuf,
    is_complete: bool,
}

impl NewFolder {
    /// Begins to write a folder.
    ///
    /// # Errors
    /// If there is a folder or file of somebody else, or if it cannot be written.
    pub(super) fn create(target: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Io {
            path: target.to_path_buf(),
            source,
        };
        if !is_replaceable(target).map_err(failed)? {
            return Err(FolderError::InUse {
                path: target.to_path_buf(),
            });
        }
        let target = std::path::absolute(target).map_err(failed)?;
        let partial = beside(&target, ".partial").map_err(failed)?;
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        // What an export left that was killed.
        if partial.join(MARK).exists() {
            fs::remove_dir_all(&partial).map_err(failed)?;
        }
        fs::create_dir(&partial).map_err(failed)?;
        let folder = Self {
            target,
            partial,
            is_complete: false,
        };
        fs::write(folder.partial.join(MARK), MARK_TEXT).map_err(failed)?;
        Ok(folder)
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// If it cannot be renamed. The former folder is then in its place again.
    pub(super) fn complete(mut self) -> Result<(), FolderError> {
        self.replace().map_err(|source| FolderError::Io {
            path: self.target.clone(),
            source,
        })?;
        self.is_complete = true;
        Ok(())
    }

    fn replace(&self) -> io::Result<()> {
        // Someone may have put something there in the meantime.
        if !is_replaceable(&self.target)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !self.target.exists() {
            return rename(&self.partial, &self.target);
        }
        let former = beside(&self.target, ".former")?;
        if former.join(MARK).exists() {
            fs::remove_dir_all(&former)?;
        }
        rename(&self.target, &former)?;
        if let Err(error) = rename(&self.partial, &self.target) {
            rename(&former, &self.target)?;
            return Err(error);
        }
        fs::remove_dir_all(&former)
    }
}

impl SiteFiles for NewFolder {
    fn write(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let file = self.partial.join(path);
        match fs::write(&file, content) {
            // The folder of the first file in it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(&file, content)
            }
            written => written,
        }
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.is_complete {
            // The error that prevented it has been reported.
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

/// Whether there is nothing, an empty folder, or a folder that an export wrote.
fn is_replaceable(target: &Path) -> io::Result<bool> {
    match fs::metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
        Ok(found) if !found.is_dir() => Ok(false),
        Ok(_) if target.join(MARK).is_file() => Ok(true),
        Ok(_) => Ok(fs::read_dir(target)?.next().is_none()),
    }
}

/// A hidden folder beside another one, on the same file system.
fn beside(target: &Path, suffix: &str) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(suffix);
    Ok(target.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(target: &Path, page: &str) -> Result<(), FolderError> {
        let mut folder = NewFolder::create(target)?;
        folder.write("items/01/a.html", page.as_bytes()).unwrap();
        assert!(!target.join("items").exists() || page != "first");
        folder.complete()
    }

    #[test]
    fn a_folder_appears_at_the_end_and_replaces_the_former_export() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("new/site");
        export(&target, "first").unwrap();
        fs::write(target.join("old.html"), "old").unwrap();
        export(&target, "second").unwrap();
        let page = target.join("items/01/a.html");
        assert_eq!(fs::read_to_string(page).unwrap(), "second");
        assert!(!target.join("old.html").exists());
        assert_eq!(fs::read_dir(home.path().join("new")).unwrap().count(), 1);
    }

    #[test]
    fn an_empty_folder_is_used_and_a_folder_of_somebody_else_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let (empty, used, file) = (
            home.path().join("empty"),
            home.path().join("used"),
            home.path().join("file"),
        );
        fs::create_dir(&empty).unwrap();
        export(&empty, "first").unwrap();
        fs::create_dir(&used).unwrap();
        fs::write(used.join("letter.txt"), "mine").unwrap();
        fs::write(&file, "mine").unwrap();
        for target in [&used, &file] {
            let error = export(target, "first").unwrap_err();
            assert!(matches!(error, FolderError::InUse { .. }), "{error}");
        }
        assert_eq!(fs::read_to_string(used.join("letter.txt")).unwrap(), "mine");
    }

    #[test]
    fn an_export_that_fails_leaves_the_former_one() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("site");
        export(&target, "first").unwrap();
        drop(NewFolder::create(&target).unwrap());
        assert!(target.join("items/01/a.html").exists());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
