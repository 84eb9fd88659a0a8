//! The access lists of files and folders.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use windows_permissions::{
    constants::{SeObjectType::SE_FILE_OBJECT, SecurityInformation as Part},
    wrappers::{
        ConvertSecurityDescriptorToStringSecurityDescriptor,
        ConvertStringSecurityDescriptorToSecurityDescriptor, GetNamedSecurityInfo,
        SetNamedSecurityInfo,
    },
};

use super::sddl::{self, Kind};
use crate::input_file::entries_in;

/// Maximum depth of folders below a home that [`give`] visits.
const MAX_DEPTH: usize = 8;

/// Removes the access of groups that many people belong to.
///
/// # Errors
/// If the list cannot be read or changed. Only the owner and administrators may change it.
pub fn make_private(path: &Path) -> io::Result<()> {
    let list = read(path)?;
    match sddl::private(&list, kind(path)) {
        Some(private) => write(path, &private),
        None => Ok(()),
    }
}

/// Gives a file the entries that were set for the file that it will replace.
///
/// # Errors
/// If one of the lists cannot be read, or that of `file` cannot be changed.
pub fn keep(former: &Path, file: &Path) -> io::Result<()> {
    match sddl::own_entries(&read(former)?) {
        Some(list) => write(file, &list),
        None => Ok(()),
    }
}

/// Makes a folder private, and lets the account with the SID `account` change everything in it.
///
/// # Errors
/// If a list in the folder cannot be changed.
pub fn give(folder: &Path, account: &str) -> io::Result<()> {
    give_below(folder, account, MAX_DEPTH)
}

fn give_below(path: &Path, account: &str, depth: usize) -> io::Result<()> {
    let kind = kind(path);
    let list = read(path)?;
    let list = sddl::private(&list, kind).unwrap_or(list);
    if let Some(list) = sddl::with_account(&list, kind, account) {
        write(path, &list)?;
    }
    if kind == Kind::Folder && depth > 0 {
        for (entry, kind) in entries_in(path)? {
            // A link may lead out of the folder.
            if !kind.is_symlink() {
                give_below(&entry, account, depth - 1)?;
            }
        }
    }
    Ok(())
}

/// Whether a group that many people belong to may read the file. False if the list cannot be read.
pub fn others_may_read(path: &Path) -> bool {
    read(path).is_ok_and(|list| sddl::rights_of_others(&list).read)
}

/// Whether such a group may change the file or the folder.
pub fn others_may_write(path: &Path) -> bool {
    read(path).is_ok_and(|list| sddl::rights_of_others(&list).write)
}

fn kind(path: &Path) -> Kind {
    match path.is_dir() {
        true => Kind::Folder,
        false => Kind::File,
    }
}

/// The owner and the list of a file, as text.
fn read(path: &Path) -> io::Result<String> {
    let parts = Part::Owner | Part::Dacl;
    let descriptor = GetNamedSecurityInfo(&name(path)?, SE_FILE_OBJECT, parts)?;
    let text = ConvertSecurityDescriptorToStringSecurityDescriptor(&descriptor, parts)?;
    text.into_string().map_err(|text| {
        let text = text.to_string_lossy().into_owned();
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}

fn write(path: &Path, list: &str) -> io::Result<()> {
    let descriptor = ConvertStringSecurityDescriptorToSecurityDescriptor(list)?;
    let inheritance = match sddl::is_protected(list) {
        true => Part::ProtectedDacl,
        false => Part::UnprotectedDacl,
    };
    let parts = Part::Dacl | inheritance;
    let list = descriptor.dacl();
    SetNamedSecurityInfo(&name(path)?, SE_FILE_OBJECT, parts, None, None, list, None)
}

/// The path as these functions need it: absolute.
fn name(path: &Path) -> io::Result<OsString> {
    std::path::absolute(path).map(PathBuf::into_os_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "Wine maps access lists to modes of Unix, and keeps the access of others"]
    fn a_private_file_is_read_by_its_owner_and_not_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "x").unwrap();
        let everyone = "D:P(A;;FA;;;S-1-5-18)(A;;FA;;;S-1-5-32-544)(A;;FA;;;S-1-1-0)";
        write(&path, everyone).unwrap();
        let shown = || read(&path).unwrap();
        assert!(
            others_may_read(&path) && others_may_write(&path),
            "{}",
            shown()
        );
        make_private(&path).unwrap();
        assert!(
            !others_may_read(&path) && !others_may_write(&path),
            "{}",
            shown()
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "x");
        std::fs::write(&path, "y").unwrap();
    }
}
