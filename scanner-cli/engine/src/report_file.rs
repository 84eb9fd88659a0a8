//! The file of `--report`.

use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{
    destination::{Destination, folder_of, without_path},
    file_rights::replace,
    home::shown,
    problem::Problem,
    run_report::{Report, write_json},
    spool::temporary,
};

/// The file of `--report`. It is opened before the scans, so that a file that cannot be written is reported first.
pub enum ReportFile {
    /// A regular file: a temporary file is written and renamed.
    File {
        /// The temporary file.
        temporary_file: NamedTempFile,
        /// The final path.
        path: PathBuf,
    },
    /// A path that cannot be replaced, such as a pipe: the report is written to it directly.
    Stream(PathBuf),
}

impl ReportFile {
    /// Opens `path`, or creates a temporary file beside it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        if path.is_dir() {
            return Err(no_report(path, "it is a folder"));
        }
        match Destination::from_path(path) {
            Destination::File(path) => {
                let temporary_file = temporary(folder_of(&path));
                let temporary_file =
                    temporary_file.map_err(|error| no_report(&path, without_path(&error)))?;
                Ok(Self::File {
                    temporary_file,
                    path,
                })
            }
            _ => Ok(Self::Stream(path.to_path_buf())),
        }
    }

    /// Writes the report of a run that ends with this exit code.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(self, report: &Report, exit_code: u8) -> Result<(), Problem> {
        match self {
            Self::File {
                mut temporary_file,
                path,
            } => {
                let written = write_json(report, exit_code, &mut temporary_file)
                    .and_then(|()| temporary_file.flush());
                let written = written.and_then(|()| replace(temporary_file, &path, None));
                written.map_err(|error| no_report(&path, error))
            }
            Self::Stream(path) => {
                let stream = OpenOptions::new().write(true).open(&path);
                let written =
                    stream.and_then(|mut stream| write_json(report, exit_code, &mut stream));
                written.map_err(|error| no_report(&path, error))
            }
        }
    }
}

fn no_report(path: &Path, why: impl std::fmt::Display) -> Problem {
    let message = format!("the report cannot be written to `{}`: {why}", shown(path));
    Problem::general(message, None)
}
