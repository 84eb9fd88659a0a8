//! The setting `mode` of a file.

use std::path::Path;

use super::FOLDER_MODE;

/// The mode of a file, such as `0644`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileMode(u32);

/// The permissions that the owner needs: the scanner reads and writes the file.
const OWNER: u32 = 0o600;
/// All permissions that a file other than a program may have.
const ALL: u32 = 0o666;

impl FileMode {
    /// Reads octal digits such as `644`, `0644` or `0o644`. Returns `None` if the owner could not read and write the
    /// file, or if it would be a program.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let is_octal =
            matches!(digits.len(), 3 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let mode = u32::from_str_radix(digits, 8).ok().filter(|_| is_octal)?;
        (mode & OWNER == OWNER && mode & !ALL == 0).then_some(Self(mode))
    }

    /// Returns the mode as a number.
    #[cfg(unix)]
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Returns the mode of a new folder that is accessible to all accounts that may read the file.
    pub fn of_folder(self) -> u32 {
        FOLDER_MODE | if self.0 & 0o004 == 0 { 0 } else { 0o005 }
    }

    /// Whether the folder exists and denies access to an account that may read the file.
    #[cfg(unix)]
    pub fn is_shut_out_by(self, folder: &Path) -> bool {
        use crate::input_file;
        use std::os::unix::fs::PermissionsExt;

        let wanted = (self.0 & 0o044) >> 2;
        input_file::metadata(folder)
            .is_ok_and(|found| found.permissions().mode() & wanted != wanted)
    }

    /// Always false, because other systems have no modes.
    #[cfg(not(unix))]
    pub fn is_shut_out_by(self, _folder: &Path) -> bool {
        false
    }

    /// Sets this mode for the file, if it exists and has a different one.
    ///
    /// # Errors
    /// If the mode cannot be changed.
    #[cfg(unix)]
    pub fn apply_to(self, file: &Path) -> std::io::Result<()> {
        use std::{
            fs::{self, Permissions},
            os::unix::fs::PermissionsExt,
        };

        match fs::symlink_metadata(file) {
            Ok(found) if found.is_file() && found.permissions().mode() & 0o7777 != self.0 => {
                fs::set_permissions(file, Permissions::from_mode(self.0))
            }
            _ => Ok(()),
        }
    }

    /// Does nothing, because other systems have no modes.
    ///
    /// # Errors
    /// Never.
    #[cfg(not(unix))]
    pub fn apply_to(self, _file: &Path) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_octal_and_allows_the_owner_to_read_and_write() {
        for (text, mode) in [
            ("0644", Some(0o644)),
            ("644", Some(0o644)),
            ("0o640", Some(0o640)),
            (" 0600 ", Some(0o600)),
            ("0666", Some(0o666)),
            ("0444", None),
            ("0755", None),
            ("04644", None),
            ("1644", None),
            ("0648", None),
            ("6", None),
            ("", None),
            ("-644", None),
            ("+644", None),
            ("rw-r--r--", None),
        ] {
            assert_eq!(FileMode::parse(text).map(|mode| mode.0), mode, "{text}");
        }
    }

    #[test]
    fn a_new_folder_is_accessible_to_readers_of_the_file() {
        for (file, folder) in [
            ("0640", 0o750),
            ("0600", 0o750),
            ("0644", 0o755),
            ("0646", 0o755),
        ] {
            assert_eq!(FileMode::parse(file).unwrap().of_folder(), folder, "{file}");
        }
    }
}
