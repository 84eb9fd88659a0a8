//! Reads settings files: included files, and `conf/application.conf`.

use std::{io, path::Path};

use hocon_reader::Files;

use crate::{
    home::{Home, shown},
    input_file::{self, FileKind},
    problem::Problem,
};

/// Reads included files from disk: only regular files, and only up to a maximum size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match input_file::read(path, FileKind::Settings) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The content of `conf/application.conf`, or `None` if the file does not exist.
///
/// # Errors
/// If it cannot be read.
pub fn application_content(home: &Home) -> Result<Option<Vec<u8>>, Vec<Problem>> {
    let path = home.settings();
    match input_file::read(&path, FileKind::Settings) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(vec![Problem::general(
            format!("`{}` cannot be read: {error}", shown(&path)),
            None,
        )]),
    }
}
