//! The session with a site, kept between commands.
//!
//! A site gives a user five sessions, each of which lives for half an hour after its last use. Without this file the
//! sixth command within half an hour would be locked out.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use secrecy::{ExposeSecret, SecretString};

/// The kept session, if there is one.
pub(crate) fn read(path: &Path) -> Option<SecretString> {
    fs::read_to_string(path).ok().map(SecretString::from)
}

/// Keeps `session` in a file that nobody else may read.
pub(crate) fn write(path: &Path, session: &SecretString) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // A temporary file has the mode 0600, and keeps it when it is renamed.
    let mut file = tempfile::Builder::new()
        .prefix(".session-")
        .suffix(".tmp")
        .tempfile_in(folder)?;
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
        assert!(read(&path).is_none());
        write(&path, &SecretString::from("first")).unwrap();
        write(&path, &SecretString::from("cookie")).unwrap();
        assert_eq!(read(&path).unwrap().expose_secret(), "cookie");
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
