//! The scanner's home folder: what lies where.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use catalog_model::{ConnectionCode, settings::FileSource};

/// The home folder. Paths of settings that are relative start here.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    folder: PathBuf,
}

impl Home {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the connection files are.
    pub(crate) fn connections(&self) -> PathBuf {
        self.folder.join("connections")
    }

    /// The file that the items of a connection are exported to. The ending is the one that the reference's
    /// visualization plugin looks for.
    pub(crate) fn export(&self, code: &ConnectionCode) -> PathBuf {
        let name = format!("{}.visualization.ndjson", file_name(code));
        self.folder.join("export").join(name)
    }

    /// Whether the code can be part of a file's name, of which systems take 255 bytes.
    pub(crate) fn can_name(code: &ConnectionCode) -> bool {
        file_name(code).len() <= 200
    }

    /// A file of the scanner's own about a connection, such as its kept session.
    pub(crate) fn data(&self, code: &ConnectionCode, ending: &str) -> PathBuf {
        self.folder
            .join("data")
            .join(format!("{}.{ending}", file_name(code)))
    }
}

impl FileSource for Home {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.folder.join(path))
    }
}

/// Finds a path in a person's terms: below the current folder without its prefix.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// The code as a file name on any system: letters and digits of ASCII, `_`, `-` and inner `.` stay, every other byte
/// is written `%XX`. Different codes give different names.
fn file_name(code: &ConnectionCode) -> String {
    let mut name = String::new();
    for (index, byte) in code.as_str().bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            b'.' if index > 0 => name.push('.'),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(file_name(&ConnectionCode::new(code).unwrap()), name);
        }
    }
}
