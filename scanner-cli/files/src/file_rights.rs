//! Owner, group and mode of new files and folders.
//!
//! A new file has the mode 0640 and a new folder 0750, minus the umask: a catalog with another account gets access
//! through the group. Locks and secrets have the mode 0600: on Unix, everyone who may read a file may lock it. Files
//! that root creates belong to the owner of their folder, so that the service's account can replace them. On other
//! systems, files inherit the permissions of their folder.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use tempfile::NamedTempFile;

mod mode;

pub use self::mode::FileMode;

/// Mode of a new file that others may be allowed to read.
#[cfg(unix)]
pub const FILE_MODE: u32 = 0o640;
/// Mode of a new folder.
pub const FOLDER_MODE: u32 = 0o750;
/// Mode of a lock or a secret.
#[cfg(unix)]
const PRIVATE_MODE: u32 = 0o600;

/// Makes a folder, and those above it, if they do not exist.
///
/// # Errors
/// If one of them cannot be made.
pub fn create_folder(path: &Path) -> io::Result<()> {
    create_folder_with(path, FOLDER_MODE)
}

/// Makes a folder with this mode, and those above it, if they do not exist.
///
/// # Errors
/// If one of them cannot be made.
pub fn create_folder_with(path: &Path, mode: u32) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = parent(path);
    create_folder_with(parent, mode)?;
    match make_folder(path, mode) {
        // Another process was first.
        Err(_) if path.is_dir() => return Ok(()),
        made => made?,
    }
    #[cfg(unix)]
    if let Ok(folder) = open_folder(path) {
        let _ = give_to_owner_of(parent, &folder);
    }
    Ok(())
}

/// Opens a lock, never through a link, and makes it if it does not exist. Nobody but its owner may hold it.
///
/// # Errors
/// If it cannot be made or opened, or is not a file of the scanner's own.
pub fn open_lock(path: &Path) -> io::Result<File> {
    use crate::input_file::open_own;

    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    private(&mut options);
    match open_own(path, &mut options) {
        Ok(file) => {
            make_private(path, &file)?;
            Ok(file)
        }
        Err(error) => {
            // An administrator's command of an earlier version may have made it; to read it is enough to lock it.
            let file = open_own(path, OpenOptions::new().read(true)).ok();
            let file = file.filter(|_| is_own(parent(path)));
            file.ok_or(error)
        }
    }
}

/// Options for a new file that is written, and must not exist.
pub fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE_MODE);
    options
}

/// Gives a temporary file its name. A file that it replaces leaves it its mode and its group, unless `mode` is set.
///
/// # Errors
/// If it cannot be renamed.
pub fn replace(file: NamedTempFile, path: &Path, mode: Option<FileMode>) -> io::Result<()> {
    take_rights(file.as_file(), path, mode);
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(mode).create(path)
}

#[cfg(not(unix))]
fn make_folder(path: &Path, _mode: u32) -> io::Result<()> {
    fs::create_dir(path)
}

#[cfg(unix)]
fn open_folder(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;

    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, PRIVATE_MODE);
}

#[cfg(not(unix))]
fn private(_options: &mut OpenOptions) {}

/// Takes away the rights that others have on a lock of an earlier version.
#[cfg(unix)]
fn make_private(path: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let found = file.metadata()?;
    if found.nlink() > 1 {
        // What is written to it would be written to another file, too.
        let message = "it is a file with more than one name (hard links), not a lock";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    // If the mode cannot be changed, the file belongs to another account, which has opened it to others.
    let _ = give_to_owner_of(parent(path), file);
    if found.permissions().mode() & 0o077 != 0 {
        let _ = file.set_permissions(fs::Permissions::from_mode(PRIVATE_MODE));
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(_path: &Path, _file: &File) -> io::Result<()> {
    Ok(())
}

/// Whether `path` belongs to the user of this process.
#[cfg(unix)]
fn is_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.metadata()
        .is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn is_own(_path: &Path) -> bool {
    true
}

/// Gives a file that was made in `folder` to the owner of that folder.
///
/// # Errors
/// If it belongs to somebody else and stays so: only root may change that.
#[cfg(unix)]
pub fn give_to_owner_of(folder: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let (found, owner) = (file.metadata()?, folder.metadata()?);
    if found.uid() == owner.uid() {
        return Ok(());
    }
    if found.is_file() && found.nlink() > 1 {
        let message = "it is a file with a second name";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}

/// Gives a file that was made in `folder` to the owner of that folder: other systems do so themselves.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn give_to_owner_of(_folder: &Path, _file: &File) -> io::Result<()> {
    Ok(())
}

/// Gives a file the mode and the group of the file `path` that it is to replace, or the mode that is set.
#[cfg(unix)]
pub fn take_rights(file: &File, path: &Path, mode: Option<FileMode>) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let former = fs::symlink_metadata(path).ok();
    let former = former.filter(|former| former.is_file());
    if let Some(former) = &former
        && file
            .metadata()
            .is_ok_and(|found| found.gid() != former.gid())
        && let Err(error) = fchown(file, None, Some(former.gid()))
    {
        tracing::warn!(
            "`{}` cannot keep its group {}: {error}; add the scanner's account to that group",
            crate::path_text::shown(path),
            former.gid()
        );
    }
    let mode = mode.map(FileMode::bits);
    let mode = mode.or_else(|| former.map(|former| former.permissions().mode() & 0o777));
    if let Some(mode) = mode {
        // After the change of the group, so that no other group has rights for a moment.
        let _ = file.set_permissions(fs::Permissions::from_mode(mode));
    }
}

/// Gives a file the rights of the file that it is to replace: other systems have rights of folders.
#[cfg(not(unix))]
pub fn take_rights(_file: &File, _path: &Path, _mode: Option<FileMode>) {}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_folders_are_closed_to_others_and_present_ones_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        create_folder(&open.join("a/b")).unwrap();
        create_folder(&open.join("a/b")).unwrap();
        assert_eq!(mode(&open), 0o777);
        for new in ["a", "a/b"] {
            assert_eq!(mode(&open.join(new)) & 0o027, 0, "{new}");
        }
        fs::write(open.join("file"), "").unwrap();
        assert!(create_folder(&open.join("file/c")).is_err());
    }

    #[test]
    fn a_lock_is_closed_to_others_and_one_with_a_second_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        fs::write(&path, "process 1").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        open_lock(&path).unwrap();
        assert_eq!(mode(&path), PRIVATE_MODE);
        fs::hard_link(&path, folder.path().join("other")).unwrap();
        let error = open_lock(&path).unwrap_err();
        assert!(error.to_string().contains("more than one name"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "process 1");
    }

    #[test]
    fn a_file_that_is_replaced_leaves_its_mode_and_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        fs::write(&path, "former").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        // Only root may choose any group.
        let group = match rustix::process::geteuid().is_root() {
            true => 4_711,
            false => path.metadata().unwrap().gid(),
        };
        std::os::unix::fs::chown(&path, None, Some(group)).unwrap();
        for (set, expected) in [("", 0o664), ("604", 0o604), ("", 0o604)] {
            let file = NamedTempFile::new_in(folder.path()).unwrap();
            replace(file, &path, FileMode::parse(set)).unwrap();
            assert_eq!(mode(&path), expected);
            assert_eq!(path.metadata().unwrap().gid(), group);
        }
    }
}
