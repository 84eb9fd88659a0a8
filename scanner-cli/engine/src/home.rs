//! The scanner's home folder: what lies where.

use std::{
    io,
    path::{Path, PathBuf},
};

use catalog_model::{ConnectionCode, settings::FileSource};

pub use file_access::path_text::{shown, shown_absolute};

use crate::{
    file_rights::create_folder,
    input_file::{self, FileKind},
    problem::Problem,
    temporary_file,
};

/// The home folder. Paths of settings that are relative start here.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
}

/// How the name of a session's file begins and ends.
const SESSION: &str = "site-";
const SESSION_END: &str = ".session";

impl Home {
    /// The home in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether there is such a folder; whether it can be read, whoever reads it says.
    ///
    /// # Errors
    /// When there is not.
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
        let hint = "the home is the folder with `connections/`: name it with `--home` or `SCANNER_HOME`, or make it first";
        Err(Problem::general(message, hint.to_owned()))
    }

    /// Where the connection files are.
    pub fn connections(&self) -> PathBuf {
        self.folder.join("connections")
    }

    /// The scanner's own settings.
    pub fn settings(&self) -> PathBuf {
        self.path("conf/application.conf")
    }

    /// The key for encrypted values, where nothing else is set.
    pub fn key(&self) -> PathBuf {
        self.path("conf/encryption.key")
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.folder.join("data").join("catalog.db")
    }

    /// The lock of the followers' turn.
    pub fn turn(&self) -> PathBuf {
        // No connection's: their names end in other words.
        self.folder.join("data").join("followers.turn")
    }

    /// The lock of the long-running scanner. No connection's lock begins with a dot.
    pub fn lock(&self) -> PathBuf {
        self.folder.join("data").join(".scanner.lock")
    }

    /// What the long-running scanner tells of itself.
    pub fn status(&self) -> PathBuf {
        self.folder.join("data").join("status.json")
    }

    /// The full path of the folder. Not the canonical one: on Windows that begins with `\\?\`, where `cmd.exe` cannot work.
    ///
    /// # Errors
    /// If the current folder is unknown.
    pub fn absolute(&self) -> io::Result<PathBuf> {
        std::path::absolute(&self.folder)
    }

    /// A path of the home as it is seen from there.
    pub fn relative(&self, path: &Path) -> String {
        let folder = self.path("");
        let path = path.strip_prefix(folder).unwrap_or(path);
        path.display().to_string()
    }

    /// A path that a setting names.
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

    /// A folder for what waits to be copied: of the home if that can be, so that it is on a disk, else the system's.
    pub fn aside(&self) -> PathBuf {
        let data = self.folder.join("data");
        // Whether a folder can be written, only writing says: a mount, an owner or a list of rights may forbid it.
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

    /// What two connections must not share: the code, and where capitals make no other file name, its letters.
    pub fn identity(code: &ConnectionCode) -> String {
        if cfg!(any(windows, target_os = "macos")) {
            code.as_str().to_lowercase()
        } else {
            code.to_string()
        }
    }

    /// What two enabled connections must not share on any system: a home may move to one where capitals make no other file
    /// name.
    pub fn folded(code: &ConnectionCode) -> String {
        code.as_str().to_lowercase()
    }

    /// Whether the code can be part of a file's name, of which systems take 255 bytes.
    pub fn can_name(code: &ConnectionCode) -> bool {
        file_name(code).len() <= 200
    }

    /// The file of a kept session. Connections of one account on one site have the same key.
    pub fn session(&self, key: &str) -> PathBuf {
        let name = format!("{SESSION}{key}{SESSION_END}");
        self.folder.join("data").join(name)
    }

    /// Whether a file of this name is a kept session.
    pub fn names_session(name: &str) -> bool {
        name.starts_with(SESSION) && name.ends_with(SESSION_END)
    }

    /// A random text of this home, without which a session's key gives nothing away.
    pub fn session_salt(&self) -> PathBuf {
        self.folder.join("data").join(".session.salt")
    }

    /// A file of the scanner's own about a connection, such as its lock.
    pub fn data(&self, code: &ConnectionCode, ending: &str) -> PathBuf {
        self.folder
            .join("data")
            .join(format!("{}.{ending}", file_name(code)))
    }
}

impl FileSource for Home {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        input_file::read(&self.folder.join(path), FileKind::TrustStore)
    }
}

/// The name of an export. The ending is the one that the reference's visualization plugin looks for.
pub fn export_name(code: &ConnectionCode) -> String {
    format!("{}.visualization.ndjson", file_name(code))
}

/// The code as a file name: letters and digits of ASCII, `_`, `-` and inner `.` stay, every other byte is written `%XX`,
/// and so is the first letter of a name that Windows keeps for a device. Different codes give different names, though on
/// some systems names that differ in capitals alone are one file: such codes clash.
fn file_name(code: &ConnectionCode) -> String {
    let mut name = String::new();
    for (index, byte) in code.as_str().bytes().enumerate() {
        let stays = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => index > 0 || !names_device(code.as_str()),
            b'_' | b'-' => true,
            b'.' => index > 0,
            _ => false,
        };
        if stays {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name
}

/// Whether Windows takes a file of this name for a device, whatever its ending.
fn names_device(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let numbered = |device: &str| {
        let number = stem.strip_prefix(device);
        number.is_some_and(|number| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
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

    #[test]
    fn a_code_becomes_a_name_that_stays_in_its_folder() {
        for (code, name) in [
            ("qlik-prod_1", "qlik-prod_1"),
            ("v1.2", "v1.2"),
            ("..", "%2E."),
            ("../etc", "%2E.%2Fetc"),
            ("a/b", "a%2Fb"),
            ("a%2Fb", "a%252Fb"),
            ("Straße", "Stra%C3%9Fe"),
            ("con", "%63on"),
            ("Com1.x", "%43om1.x"),
            ("console", "console"),
        ] {
            assert_eq!(file_name(&ConnectionCode::new(code).unwrap()), name);
        }
    }
}
