//! The session with a site, kept between commands.
//!
//! A site allows a user five sessions, each of which ends half an hour after its last use. If sessions were not kept,
//! the sixth command within half an hour would be rejected. Sessions are kept per site, header and account, so that all
//! connections of an account share one. A kept session never causes a failure: the client renews a session that has
//! ended.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use catalog_model::{Connection, ConnectionCode, Diagnostic, SessionHold, Sessions};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    file_rights::{create_folder, give_to_owner_of},
    home::{Home, shown},
    input_file::{self, FileKind},
    renaming::{persist, persist_new},
    temporary_file::{self, Purpose},
};

/// The session of a connection, and its file.
pub struct KeptSession<'a> {
    sessions: Option<Box<dyn Sessions + 'a>>,
    /// Not set if the connection does not use sessions.
    path: Option<PathBuf>,
    /// Why sessions cannot be kept: the salt cannot be read or written.
    salt_error: Option<io::Error>,
}

/// Age after which the file of an unused session is removed. The session itself ended long before.
const MAX_UNUSED: Duration = Duration::from_secs(48 * 60 * 60);

/// Held while a session is read and its file is written. Connections share sessions: one that still has a session must not
/// write the file after another one has ended the session and removed the file.
static WRITING: Mutex<()> = Mutex::new(());

impl<'a> KeptSession<'a> {
    /// Passes the kept session to the connection, if there is one.
    pub fn resume(connection: &'a dyn Connection, home: &Home, code: &ConnectionCode) -> Self {
        remove_file(&home.data(code, "session"));
        let sessions = connection.sessions();
        let (path, salt_error) = match salt(&home.session_salt()) {
            Ok(salt) => {
                let key = sessions.as_ref().map(|sessions| sessions.key(&salt));
                (key.map(|key| home.session(&key)), None)
            }
            Err(error) => (None, Some(error)),
        };
        if let (Some(path), Some(sessions)) = (&path, &sessions)
            && let Ok(kept) = input_file::read_text(path, FileKind::Small)
        {
            sessions.resume(&SecretString::from(kept));
        }
        Self {
            sessions,
            path,
            salt_error,
        }
    }

    /// Writes the current session to its file, if there is one.
    ///
    /// # Errors
    /// If the session cannot be written to the home.
    pub fn keep(&self) -> Result<(), Diagnostic> {
        let kept = match (&self.path, &self.salt_error) {
            (_, Some(error)) if self.current().is_some() => Err(error.to_string()),
            (Some(path), _) => self.write_to(path).map_err(|error| error.to_string()),
            (None, _) => Ok(()),
        };
        kept.map_err(|error| {
            let place = self.path.as_deref().map_or_else(|| "the folder `data`".to_owned(), |path| {
                format!("`{}`", shown(path))
            });
            Diagnostic::warning(format!("the session cannot be kept in {place}: {error}"), "give the scanner's account write access: a site allows a user five sessions at a time, each for half an hour".to_owned())
        })
    }

    /// Releases the session. Ends it on the site if the settings say so and no other scan uses it.
    pub async fn end(&self, hold: SessionHold) -> Vec<Diagnostic> {
        drop(hold);
        let ended = match &self.sessions {
            Some(sessions) => sessions.end().await,
            None => None,
        };
        ended.into_iter().chain(self.keep().err()).collect()
    }

    fn current(&self) -> Option<SecretString> {
        self.sessions.as_ref()?.current()
    }

    fn write_to(&self, path: &Path) -> io::Result<()> {
        let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        match self.current() {
            Some(session) => write(path, &session),
            None => {
                remove_file(path);
                Ok(())
            }
        }
    }
}

/// Removes the sessions that none of these connections uses, and returns their number.
pub fn remove_others(home: &Home, connections: &[&dyn Connection]) -> usize {
    let salt = input_file::read_text(&home.session_salt(), FileKind::Small);
    let key = |connection: &&dyn Connection| {
        let salt = salt.as_ref().ok()?;
        Some(connection.sessions()?.key(salt))
    };
    let used: Vec<_> = connections
        .iter()
        .filter_map(key)
        .map(|key| home.session(&key))
        .collect();
    let folder = home.path("data");
    let mut removed = 0;
    for (path, _) in input_file::entries_in(&folder).unwrap_or_default() {
        let name = path.file_name().and_then(|name| name.to_str());
        let is_session = name.is_some_and(Home::is_session_name);
        if is_session && !used.iter().any(|used| used.file_name() == path.file_name()) {
            remove_file(&path);
            removed += 1;
        }
    }
    removed
}

/// Writes `session` to a file that only its owner can read.
fn write(path: &Path, session: &SecretString) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    // A temporary file has the mode 0600, and keeps it when it is renamed.
    let mut file = temporary_file::create(folder, Purpose::Session)?;
    give_to_folder_owner(folder, file.as_file())?;
    file.write_all(session.expose_secret().as_bytes())?;
    persist(file, path)?;
    remove_unused(folder);
    Ok(())
}

/// Gives the file to the owner of its folder, so that the service's account can read and replace it. Fails if that is
/// not possible.
fn give_to_folder_owner(folder: &Path, file: &fs::File) -> io::Result<()> {
    give_to_owner_of(folder, file).map_err(|error| {
        let message =
            "it cannot be given to the owner of its folder, whose commands could not use it";
        io::Error::new(error.kind(), message)
    })
}

/// The random text of this home. Without it, the name of a session file reveals nothing about the account.
fn salt(path: &Path) -> io::Result<String> {
    let read = || {
        let text = input_file::read_text(path, FileKind::Small).ok()?;
        let is_salt = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_salt.then_some(text)
    };
    if let Some(salt) = read() {
        return Ok(salt);
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    // The standard library's keys are random.
    let random = RandomState::new();
    let salt = format!("{:016x}{:016x}", random.hash_one(0), random.hash_one(1));
    let mut file = temporary_file::create(folder, Purpose::Session)?;
    give_to_folder_owner(folder, file.as_file())?;
    file.write_all(salt.as_bytes())?;
    // Another scan may have been faster, or the file system may only support replacing files.
    let Err(error) = persist_new(file, path) else {
        return Ok(salt);
    };
    if let Some(salt) = read() {
        return Ok(salt);
    }
    let is_replaceable = match fs::symlink_metadata(path) {
        Ok(found) => found.is_file(),
        Err(missing) => missing.kind() == io::ErrorKind::NotFound,
    };
    if !is_replaceable {
        return Err(error.error);
    }
    persist(error.file, path)?;
    Ok(read().unwrap_or(salt))
}

/// Removes the files of sessions that were not used for a long time. If the clock was changed, a session is renewed too
/// early at worst.
fn remove_unused(folder: &Path) {
    let Ok(entries) = input_file::entries_in(folder) else {
        return;
    };
    for (path, _) in entries {
        let name = path.file_name().and_then(|name| name.to_str());
        let is_session = name.is_some_and(Home::is_session_name);
        let written = fs::symlink_metadata(&path).and_then(|found| found.modified());
        let is_unused = written.is_ok_and(|written| age(written) > MAX_UNUSED);
        if is_session && is_unused {
            remove_file(&path);
        }
    }
}

fn age(time: SystemTime) -> Duration {
    time.elapsed().unwrap_or_else(|ahead| ahead.duration())
}

/// Removes a file, but not a folder or a link. Errors are ignored: a remaining file does no harm.
fn remove_file(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_file_is_readable_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("site-a.session");
        write(&path, &SecretString::from("first")).unwrap();
        write(&path, &SecretString::from("cookie")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "cookie");
        let salt_path = folder.path().join("data/.salt");
        let first = salt(&salt_path).unwrap();
        assert_eq!(salt(&salt_path).unwrap(), first);
        fs::write(&salt_path, "not a salt").unwrap();
        assert_ne!(salt(&salt_path).unwrap(), first);
        #[cfg(unix)]
        for path in [path, salt_path] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }

    #[test]
    fn simultaneous_scans_share_one_salt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/.session.salt");
        let scans: Vec<_> = (0..8)
            .map(|_| path.clone())
            .map(|path| std::thread::spawn(move || salt(&path).unwrap()))
            .collect();
        let salts: Vec<_> = scans.into_iter().map(|scan| scan.join().unwrap()).collect();
        assert!(salts.iter().all(|salt| *salt == salts[0]), "{salts:?}");
    }

    #[test]
    fn files_of_old_sessions_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        for (name, age) in [
            ("site-old.session", 3),
            ("site-young.session", 1),
            ("other.session", 3),
            ("site-other", 3),
        ] {
            let file = fs::File::create(data.join(name)).unwrap();
            let day = Duration::from_secs(24 * 60 * 60);
            let now = file.metadata().unwrap().modified().unwrap();
            file.set_modified(now - age * day).unwrap();
        }
        write(&data.join("site-new.session"), &SecretString::from("x")).unwrap();
        let mut names: Vec<_> = fs::read_dir(data)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let expected = [
            "other.session",
            "site-new.session",
            "site-other",
            "site-young.session",
        ];
        assert_eq!(names, expected);
    }
}
