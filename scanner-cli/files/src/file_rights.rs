//! Owner, group and mode of new files and folders.
//!
//! A new file has the mode 0640 and a new folder 0750, minus the umask: a catalog with another account gets access
//! through the group. Locks and secrets have the mode 0600: on Unix, everyone who may read a file may lock it. Files
//! that root creates belong to the owner of their folder, so that the service's account can replace them. On Windows, new
//! folders and secrets are private (`access_list`), and other files inherit the list of their folder.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use tempfile::NamedTempFile;

#[cfg(windows)]
use crate::access_list;
use crate::renaming::persist;

mod mode;

pub use self::mode::FileMode;

/// Mode of a new file that its group may read.
#[cfg(unix)]
pub const FILE_MODE: u32 = 0o640;
/// Mode of a new folder.
pub const FOLDER_MODE: u32 = 0o750;
/// Mode of a lock or a secret.
#[cfg(unix)]
const PRIVATE_MODE: u32 = 0o600;

/// Creates a folder and its parents, if they do not exist.
///
/// # Errors
/// If one of them cannot be created.
pub fn create_folder(path: &Path) -> io::Result<()> {
    create_folder_with(path, FOLDER_MODE)
}

/// Creates a folder with this mode, and its parents, if they do not exist.
///
/// # Errors
/// If one of them cannot be created.
pub fn create_folder_with(path: &Path, mode: u32) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = parent(path);
    create_folder_with(parent, mode)?;
    match make_folder(path, mode) {
        // Another process has created it.
        Err(_) if path.is_dir() => return Ok(()),
        made => made?,
    }
    #[cfg(unix)]
    if let Ok(folder) = open_folder(path) {
        let _ = give_to_owner_of(parent, &folder);
    }
    // A file system without lists, such as FAT, is used as it is.
    #[cfg(windows)]
    if mode & 0o007 == 0 {
        let _ = access_list::make_private(path);
    }
    Ok(())
}

/// Opens a lock file, never through a link, and creates it if it does not exist. Only its owner may lock it.
///
/// # Errors
/// If it cannot be created or opened, or is not a lock file of the scanner.
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
            // A command of an earlier version may have created it for an administrator. Opening it for reading is
            // enough to lock it.
            let file = open_own(path, OpenOptions::new().read(true)).ok();
            let file = file.filter(|_| is_own(parent(path)));
            file.ok_or(error)
        }
    }
}

/// Returns the options for writing a new file, which must not exist.
pub fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE_MODE);
    options
}

/// Renames a temporary file to its final name. It gets the mode and the group of the file that it replaces, unless
/// `mode` is set.
///
/// # Errors
/// If it cannot be renamed.
pub fn replace(file: NamedTempFile, path: &Path, mode: Option<FileMode>) -> io::Result<()> {
    take_rights(file.as_file(), file.path(), path, mode);
    persist(file, path).map(drop)
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

/// Removes the permissions of other accounts from a lock file of an earlier version.
#[cfg(unix)]
fn make_private(path: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let found = file.metadata()?;
    if found.nlink() > 1 {
        // Writing to it would change another file.
        let message = "it is a file with more than one name (hard links), not a lock";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    // If the mode cannot be changed, the file belongs to another account, which allows others to use it.
    let _ = give_to_owner_of(parent(path), file);
    if found.permissions().mode() & 0o077 != 0 {
        let _ = file.set_permissions(fs::Permissions::from_mode(PRIVATE_MODE));
    }
    Ok(())
}

/// Removes the access of others. They could lock the file: on Windows, everyone who may read a file may lock it.
#[cfg(windows)]
fn make_private(path: &Path, _file: &File) -> io::Result<()> {
    // If the list cannot be changed, the file belongs to another account, which allows others to use it.
    let _ = access_list::make_private(path);
    Ok(())
}

#[cfg(not(any(unix, windows)))]
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

/// Makes the owner of `folder` the owner of a file that was created in it.
///
/// # Errors
/// If the owner of the file is different and cannot be changed. Only root can change it.
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

/// Does nothing, because other systems do this themselves.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn give_to_owner_of(_folder: &Path, _file: &File) -> io::Result<()> {
    Ok(())
}

/// Gives a file the mode and the group of the file `path` that it will replace, or the mode `mode`.
#[cfg(unix)]
pub fn take_rights(file: &File, _name: &Path, path: &Path, mode: Option<FileMode>) {
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
        // After the change of the group, so that no other group gets access in between.
        let _ = file.set_permissions(fs::Permissions::from_mode(mode));
    }
}

/// Gives the file `name` the entries that were set for the file `path` that it will replace. Others come from the folder.
#[cfg(windows)]
pub fn take_rights(_file: &File, name: &Path, path: &Path, _mode: Option<FileMode>) {
    if path.is_file()
        && let Err(error) = access_list::keep(path, name)
    {
        tracing::warn!(
            "`{}` cannot keep its access list: {error}; the list of its folder applies",
            crate::path_text::shown(path)
        );
    }
}

/// Does nothing, because files inherit the permissions of their folder on other systems.
#[cfg(not(any(unix, windows)))]
pub fn take_rights(_file: &File, _name: &Path, _path: &Path, _mode: Option<FileMode>) {}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_folders_deny_access_to_others_and_existing_folders_are_unchanged() {
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
    fn a_lock_file_denies_access_to_others_and_must_not_have_a_second_name() {
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
    fn a_replaced_file_passes_on_its_mode_and_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        fs::write(&path, "former").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        // Only root may set any group.
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
