//! The session with a site, kept between commands.
//!
//! A site gives a user five sessions, each of which lives for half an hour after its last use. Without this file the
//! sixth command within half an hour would be locked out.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use catalog_model::{Connection, Warning};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    home::shown,
    input_file::{self, FileKind},
    temporary_file::{self, Purpose},
};

/// The session of a connection, and the file that it is kept in.
pub(crate) struct KeptSession<'a> {
    connection: &'a dyn Connection,
    path: PathBuf,
}

impl<'a> KeptSession<'a> {
    /// Lets the connection continue the session that `path` keeps, if there is one.
    pub(crate) fn resume(connection: &'a dyn Connection, path: PathBuf) -> Self {
        if let Ok(kept) = input_file::read_text(&path, FileKind::Small) {
            connection.resume(&SecretString::from(kept));
        }
        Self { connection, path }
    }

    /// Keeps the session, if there is one.
    pub(crate) fn keep(&self) -> Result<(), Warning> {
        let Some(session) = self.connection.session() else {
            return Ok(());
        };
        write(&self.path, &session).map_err(|error| Warning {
            message: format!("the session cannot be kept in `{}`: {error}", shown(&self.path)),
            hint: Some(
                "let the scanner write there: a site gives a user five sessions, each for half an hour".to_owned(),
            ),
        })
    }
}

/// Writes `session` to a file that nobody else may read.
fn write(path: &Path, session: &SecretString) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // A temporary file has the mode 0600, and keeps it when it is renamed.
    let mut file = temporary_file::create(folder, Purpose::Session)?;
    file.write_all(session.expose_secret().as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_kept_where_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("a.session");
        write(&path, &SecretString::from("first")).unwrap();
        write(&path, &SecretString::from("cookie")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "cookie");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }
}
