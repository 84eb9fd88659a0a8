//! Values that are encrypted, `ENC[…]`, and the file that holds the key for them.
//!
//! Nothing here knows in which file a value stands.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use catalog_model::Settings;
use secrecy::{ExposeSecret, SecretString};

mod key;

pub use self::key::{Binding, DecryptionError, Key, Owner};
use crate::{
    file_rights,
    home::Home,
    input_file::{self, FileKind},
    temporary_file::{self, Purpose},
};

/// How an encrypted value begins, and how it ends.
const OPENING: &str = "ENC[";
const CLOSING: char = ']';
/// The setting of `conf/application.conf` that names the key file.
const KEY_FILE: &str = "encryption.key-file";

/// What came of reading or making a key file.
pub enum KeyFile {
    /// It is there.
    Found(Key),
    /// It was made just now.
    Made(Key),
    /// It holds something else than a whole key.
    Damaged,
}

/// Whether a text is meant to be an encrypted value.
pub fn is_encrypted(text: &str) -> bool {
    text.trim_start().starts_with(OPENING)
}

/// The key file, as the scanner's own settings name it.
pub fn key_file(settings: &mut Settings, home: &Home) -> PathBuf {
    match settings.text(KEY_FILE) {
        Some(path) => home.path(path.value.trim()),
        None => home.key(),
    }
}

/// Reads the key at `path`; makes one, of fresh random bytes, if there is no such file.
///
/// # Errors
/// When it cannot be read or created.
pub fn read_or_make(path: &Path) -> io::Result<KeyFile> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    let key = Key::generate()?;
    match write(path, &key.to_text()) {
        Ok(()) => Ok(KeyFile::Made(key)),
        // Another process was quicker: its key counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(error),
    }
}

fn read(path: &Path) -> io::Result<KeyFile> {
    let content = input_file::read(path, FileKind::Small)?;
    Ok(Key::of_file(&content).map_or(KeyFile::Damaged, KeyFile::Found))
}

/// Writes a key where nothing is yet. Nobody else may read the file at any moment, and it is never there in part.
fn write(path: &Path, key: &SecretString) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    file_rights::create_folder(folder)?;
    // A temporary file has the mode 0600 from the beginning, and keeps it when it gets its name.
    let mut file = temporary_file::create(folder, Purpose::Key)?;
    writeln!(file, "{}", key.expose_secret())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("conf").join("encryption.key");
        let Ok(KeyFile::Made(made)) = read_or_make(&path) else {
            panic!("it is not made");
        };
        let secret = SecretString::from("s3cr3t");
        let place = Binding {
            owner: Owner::Connection("qlik"),
            setting: "connection.auth.value",
        };
        let text = made.encrypt(&secret, Some(place)).unwrap();
        let Ok(KeyFile::Found(found)) = read_or_make(&path) else {
            panic!("it is not found");
        };
        let decrypted = found.decrypt(&text, place).unwrap();
        assert_eq!(decrypted.secret.expose_secret(), "s3cr3t");
        let other = Key::generate().unwrap().to_text();
        let error = write(&path, &other).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        for damaged in ["", "scanner-key-1:", "\u{feff}"] {
            fs::write(&path, damaged).unwrap();
            assert!(matches!(read_or_make(&path), Ok(KeyFile::Damaged)));
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
        assert_eq!(fs::read_dir(folder.path().join("conf")).unwrap().count(), 1);
    }
}
