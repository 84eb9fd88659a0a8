//! Clocks that are wrong, with Debian's package `libfaketime`.

use std::{fs, path::PathBuf};

use super::Failed;

/// The library that changes the time of a program.
const LIBRARY: &str = "faketime/libfaketime.so.1";

/// Where the library is.
pub(super) fn library() -> Result<PathBuf, Failed> {
    let folders = fs::read_dir("/usr/lib")?
        .flatten()
        .map(|entry| entry.path());
    let mut libraries = folders.map(|folder| folder.join(LIBRARY));
    let found = libraries.find(|library| library.exists());
    found.ok_or_else(|| {
        "a clock that is wrong needs libfaketime: install it (Debian: apt-get install libfaketime)".into()
    })
}
