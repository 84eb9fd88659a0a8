//! The scanner's home folder and the paths in it.

use std::{
    io,
    path::{Path, PathBuf},
};

use catalog_followers::ndjson::export_name;
use catalog_model::{ConnectionCode, FollowerName, settings::FileSource};
use file_access::path_text::file_name;
use sha2::{Digest, Sha256};

pub use file_access::path_text::{shown, shown_absolute};

use crate::{
    file_rights::create_folder,
    input_file::{self, FileKind},
    problem::Problem,
    store::StoreLocation,
    temporary_file,
};

/// The home folder. Relative paths in settings start here.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
    /// The store, if it is not in the home.
    elsewhere: Option<StoreLocation>,
}

/// The start and the end of the file name of a session.
const SESSION: &str = "site-";
const SESSION_END: &str = ".session";

/// Maximum number of bytes of a follower's name in the file name of its lock. Systems allow file names of 255 bytes.
const MAX_LOCK_NAME: usize = 200;

impl Home {
    /// The home at this path.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            elsewhere: None,
        }
    }

    /// Checks that the folder exists. Errors when reading it are reported later.
    ///
    /// # Errors
    /// If it does not exist, or is not a folder.
    pub fn check(&self) -> Result<(), Problem> {
        let path = self.path("");
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        let message = match input_file::metadata(&path) {
            Ok(found) if !found.is_dir() => {
                format!("the home `{}` is not a folder", shown_absolute(&path))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                format!("there is no folder `{}`", shown_absolute(&path))
            }
            Ok(_) | Err(_) => return Ok(()),
        };
        let hint = "the home is the folder that contains `connections/`: set it with `--home` or `SCANNER_HOME`, or create it first";
        Err(Problem::general(message, hint.to_owned()))
    }

    /// The folder of the connection files.
    pub fn connections(&self) -> PathBuf {
        self.folder.join("connections")
    }

    /// The settings file of the scanner.
    pub fn settings(&self) -> PathBuf {
        self.path("conf/application.conf")
    }

    /// The default path of the key for encrypted values.
    pub fn key(&self) -> PathBuf {
        self.path("conf/encryption.key")
    }

    /// The store: a file in the home, unless it is on a server.
    pub fn store(&self) -> StoreLocation {
        let elsewhere = self.elsewhere.clone();
        elsewhere.unwrap_or_else(|| self.store_file().into())
    }

    /// The store in the home, if it is not elsewhere.
    pub fn store_file(&self) -> PathBuf {
        self.folder.join("data").join("catalog.db")
    }

    /// Uses a store that is not in the home.
    pub fn set_store(&mut self, store: StoreLocation) {
        self.elsewhere = Some(store);
    }

    /// The lock of the deliveries to a follower. The locks of connections have another extension.
    pub fn follower_lock(&self, follower: &FollowerName) -> PathBuf {
        let mut name = file_name(follower.as_str());
        if name.len() > MAX_LOCK_NAME {
            let digest = Sha256::digest(follower.as_str());
            name = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        }
        self.folder.join("data").join(format!("{name}.follower"))
    }

    /// The lock of the service. No lock of a connection starts with a dot.
    pub fn lock(&self) -> PathBuf {
        self.folder.join("data").join(".scanner.lock")
    }

    /// The file in which the service publishes its state.
    pub fn status(&self) -> PathBuf {
        self.folder.join("data").join("status.json")
    }

    /// The absolute path of the folder. It is not the canonical path: on Windows, that one starts with `\\?\`, which
    /// `cmd.exe` does not support.
    ///
    /// # Errors
    /// If the current folder is unknown.
    pub fn absolute(&self) -> io::Result<PathBuf> {
        std::path::absolute(&self.folder)
    }

    /// A path relative to the home.
    pub fn relative(&self, path: &Path) -> String {
        let folder = self.path("");
        let path = path.strip_prefix(folder).unwrap_or(path);
        path.display().to_string()
    }

    /// Resolves a path in a setting.
    pub fn path(&self, path: &str) -> PathBuf {
        let path = if path.is_empty() {
            self.folder.clone()
        } else {
            self.folder.join(path)
        };
        path.strip_prefix(".")
            .map(Path::to_path_buf)
            .unwrap_or(path)
    }

    /// The file that the items of a connection are exported to.
    pub fn export(&self, code: &ConnectionCode) -> PathBuf {
        self.folder.join("export").join(export_name(code))
    }

    /// A folder for temporary files: `data` in the home if it is writable, because that is on a disk, otherwise the
    /// system's temporary folder.
    pub fn temporary_folder(&self) -> PathBuf {
        let data = self.folder.join("data");
        // Only writing shows whether a folder is writable: a mount, an owner or an access list may prevent it.
        match create_folder(&data).and_then(|()| tempfile::tempfile_in(&data)) {
            Ok(_) => data,
            Err(_) => std::env::temp_dir(),
        }
    }

    /// Removes temporary files of processes that were killed.
    pub fn remove_leftovers(&self) {
        let folders = [
            self.folder.join("data"),
            self.folder.join("conf"),
            self.folder.join("export"),
        ];
        for folder in folders {
            temporary_file::remove_leftovers(&folder);
        }
    }

    /// The text that must be unique for each connection: the code, in lower case on systems where file names ignore
    /// case.
    pub fn identity(code: &ConnectionCode) -> String {
        if cfg!(any(windows, target_os = "macos")) {
            code.as_str().to_lowercase()
        } else {
            code.to_string()
        }
    }

    /// The text that must be unique for each enabled connection on all systems: a home may be moved to a system where
    /// file names ignore case.
    pub fn case_folded(code: &ConnectionCode) -> String {
        code.as_str().to_lowercase()
    }

    /// Whether the code is short enough for a file name. Systems allow 255 bytes.
    pub fn fits_file_name(code: &ConnectionCode) -> bool {
        file_name(code.as_str()).len() <= 200
    }

    /// The file of a kept session. Connections with the same account and site have the same key.
    pub fn session(&self, key: &str) -> PathBuf {
        let name = format!("{SESSION}{key}{SESSION_END}");
        self.folder.join("data").join(name)
    }

    /// Whether a file of this name is a kept session.
    pub fn is_session_name(name: &str) -> bool {
        name.starts_with(SESSION) && name.ends_with(SESSION_END)
    }

    /// The file of a random text. Without it, the key of a session reveals nothing about the account.
    pub fn session_salt(&self) -> PathBuf {
        self.folder.join("data").join(".session.salt")
    }

    /// A file about a connection in `data`, such as its lock.
    pub fn data(&self, code: &ConnectionCode, ending: &str) -> PathBuf {
        self.folder
            .join("data")
            .join(format!("{}.{ending}", file_name(code.as_str())))
    }
}

impl FileSource for Home {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        input_file::read(&self.folder.join(path), FileKind::TrustStore)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_can_work_in_the_full_path_of_a_home() {
        let home = Home::new(PathBuf::from("."));
        let full = home.absolute().unwrap();
        assert!(full.is_absolute() && full.is_dir());
        assert!(!full.display().to_string().starts_with(r"\\?\"));
    }
}
