//! Encrypted values, `ENC[…]`, and the file that contains their key.
//!
//! Nothing here depends on the file that contains a value.

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
    renaming::persist_new,
    temporary_file::{self, Purpose},
};

/// The start and the end of an encrypted value.
const OPENING: &str = "ENC[";
const CLOSING: char = ']';
/// The setting of `conf/application.conf` that names the key file.
const KEY_FILE: &str = "encryption.key-file";

/// The result of reading or creating a key file.
pub enum KeyFile {
    /// The file exists.
    Found(Key),
    /// The file was created now.
    Created(Key),
    /// The file does not contain a complete key.
    Damaged,
}

/// Whether a text looks like an encrypted value.
pub fn is_encrypted(text: &str) -> bool {
    text.trim_start().starts_with(OPENING)
}

/// The path of the key file according to `conf/application.conf`.
pub fn key_file(settings: &mut Settings, home: &Home) -> PathBuf {
    match settings.text(KEY_FILE) {
        Some(path) => home.path(path.value.trim()),
        None => home.key(),
    }
}

/// Reads the key at `path`. If the file does not exist, creates it with a random key.
///
/// # Errors
/// If it cannot be read or created.
pub fn read_or_create(path: &Path) -> io::Result<KeyFile> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    let key = Key::generate()?;
    match write(path, &key.to_text()) {
        Ok(()) => Ok(KeyFile::Created(key)),
        // Another process was faster: use its key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(error),
    }
}

fn read(path: &Path) -> io::Result<KeyFile> {
    let content = input_file::read(path, FileKind::Small)?;
    Ok(Key::from_file_content(&content).map_or(KeyFile::Damaged, KeyFile::Found))
}

/// Writes a key to a new file. Other accounts can never read the file, and it is never incomplete.
fn write(path: &Path, key: &SecretString) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    file_rights::create_folder(folder)?;
    // A temporary file is created with mode 0600, and keeps it when it is renamed.
    let mut file = temporary_file::create(folder, Purpose::Key)?;
    writeln!(file, "{}", key.expose_secret())?;
    file.as_file().sync_all()?;
    persist_new(file, path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_key_file_is_created_once_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("conf").join("encryption.key");
        let Ok(KeyFile::Created(made)) = read_or_create(&path) else {
            panic!("the key file was not created");
        };
        let secret = SecretString::from("s3cr3t");
        let place = Binding {
            owner: Owner::Connection("qlik"),
            setting: "connection.auth.value",
        };
        let text = made.encrypt(&secret, Some(place)).unwrap();
        let Ok(KeyFile::Found(found)) = read_or_create(&path) else {
            panic!("the key file was not found");
        };
        let decrypted = found.decrypt(&text, place).unwrap();
        assert_eq!(decrypted.secret.expose_secret(), "s3cr3t");
        let other = Key::generate().unwrap().to_text();
        let error = write(&path, &other).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        for damaged in ["", "scanner-key-1:", "\u{feff}"] {
            fs::write(&path, damaged).unwrap();
            assert!(matches!(read_or_create(&path), Ok(KeyFile::Damaged)));
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
        assert_eq!(fs::read_dir(folder.path().join("conf")).unwrap().count(), 1);
    }
}
