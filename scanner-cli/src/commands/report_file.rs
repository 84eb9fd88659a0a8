//! The file of `--report`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{
    home::shown,
    problem::Problem,
    report::{Report, write_json},
    spool::temporary,
};

/// The file of `--report`, opened before the long work so that nothing is read in vain.
pub(super) struct ReportFile {
    aside: NamedTempFile,
    path: PathBuf,
}

impl ReportFile {
    pub(super) fn open(path: &Path) -> Result<Self, Problem> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let aside = temporary(folder.unwrap_or(Path::new(".")));
        if path.is_dir() {
            return Err(no_report(path, "it is a folder"));
        }
        Ok(Self {
            aside: aside.map_err(|error| no_report(path, error.kind()))?,
            path: path.to_path_buf(),
        })
    }

    pub(super) fn write(mut self, report: &Report) -> Result<(), Problem> {
        let written = write_json(report, &mut self.aside).and_then(|()| self.aside.flush());
        written.map_err(|error| no_report(&self.path, error))?;
        let persisted = self.aside.persist(&self.path);
        persisted.map_err(|error| no_report(&self.path, error.error))?;
        Ok(())
    }
}

fn no_report(path: &Path, why: impl std::fmt::Display) -> Problem {
    let message = format!("the report cannot be written to `{}`: {why}", shown(path));
    Problem::general(message, None)
}
