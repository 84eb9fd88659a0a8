//! The files of this machine as the HOCON reader includes them.

use std::{io, path::Path};

use hocon_reader::Files;

use crate::input_file::{self, FileKind};

/// Reads included files from disk, regular files only and up to a size.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Disk;

impl Files for Disk {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match input_file::read(path, FileKind::Settings) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
