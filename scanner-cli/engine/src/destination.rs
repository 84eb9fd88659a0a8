//! The destination of the lines of a scan: a file that is replaced as a whole, or a stream that receives a copy.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use catalog_model::{ConnectionCode, SinkError, grouped};

use crate::{
    file_rights::create_folder,
    fuse::{Removals, blows},
    home::shown,
    spool::{Finished, MissingItems, Spool, SpoolTarget},
};

/// The destination of the lines of a scan.
#[derive(Debug)]
pub enum Destination {
    /// A file: a temporary file is written and renamed. A partial scan is written to `<file>.partial` instead.
    File(PathBuf),
    /// The same, in the folder `export` of the home, which is created if it does not exist.
    Export(PathBuf),
    /// A target that cannot be replaced, such as a pipe. It receives a copy at the end of a scan, even of a partial
    /// one.
    Stream(PathBuf),
    /// Standard output, treated like a stream.
    StandardOutput,
}

/// How a scan ended that was not aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// All items were read.
    Complete,
    /// The result may be incomplete.
    Partial,
}

/// The facts that decide whether the lines of a scan may replace a file.
#[derive(Clone, Debug)]
pub struct ReplacePolicy {
    /// How the scan ended.
    pub coverage: Coverage,
    /// Whether many missing items are accepted.
    pub removals: Removals,
    /// The code of the connection.
    pub code: ConnectionCode,
}

impl Destination {
    /// The destination for `--output PATH`. Links are followed. A target that is not a regular file is a stream.
    pub fn from_path(path: &Path) -> Self {
        if path == Path::new("-") {
            return Self::StandardOutput;
        }
        // The link itself is not resolved for streams: the target of `/dev/stdout` may be a pipe, whose name is not a
        // path.
        match fs::metadata(path) {
            Ok(target) if target.is_file() => {
                Self::File(fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()))
            }
            Ok(target) if !target.is_dir() => Self::Stream(path.to_path_buf()),
            _ => Self::File(path.to_path_buf()),
        }
    }

    /// Opens a spool for the lines. Lines for a stream are spooled in the folder `temporary_folder`.
    ///
    /// # Errors
    /// If the temporary file cannot be created.
    pub fn open(&self, temporary_folder: &Path) -> Result<Spool, SinkError> {
        let (folder, target) = match self {
            Self::File(path) | Self::Export(path) => (folder_of(path), SpoolTarget::Renamed),
            Self::Stream(_) | Self::StandardOutput => (temporary_folder, SpoolTarget::Copied),
        };
        if let Self::Export(path) = self {
            create_folder(folder).map_err(|error| cannot_write(path, error))?;
        }
        if let Self::File(path) = self
            && path.is_dir()
        {
            let error = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder");
            return Err(cannot_write(path, error));
        }
        Spool::open(folder, target)
            .map_err(|error| cannot_write(self.name(folder), without_path(&error)))
    }

    /// The path for messages: the requested file, or the folder of temporary files.
    fn name<'a>(&'a self, temporary: &'a Path) -> &'a Path {
        match self {
            Self::File(path) | Self::Export(path) => path,
            Self::Stream(_) | Self::StandardOutput => temporary,
        }
    }

    /// Writes the lines to the destination, and returns where they are. Lines for standard output are returned, because
    /// all scans of a run share it.
    ///
    /// # Errors
    /// If the lines cannot be written.
    pub fn write(&self, finished: Finished, policy: &ReplacePolicy) -> Result<Placed, SinkError> {
        match self {
            Self::File(path) | Self::Export(path) => write_file(path, finished, policy),
            Self::Stream(path) => {
                let stream = fs::OpenOptions::new().write(true).open(path);
                let mut stream = stream.map_err(|error| cannot_write(path, error))?;
                copy(finished, &mut stream, path)?;
                Ok(Placed::Stream)
            }
            Self::StandardOutput => Ok(Placed::StandardOutput(finished)),
        }
    }
}

/// Where the lines are after [`Destination::write`].
pub enum Placed {
    /// In this file.
    File(PathBuf),
    /// In the file `path`, because they may not replace the requested file.
    Beside {
        /// The file that was written.
        path: PathBuf,
        /// Why the requested file may not be replaced.
        reason: String,
    },
    /// In a stream.
    Stream,
    /// Still to be written to standard output.
    StandardOutput(Finished),
}

/// The name of standard output in messages.
pub const STANDARD_OUTPUT: &str = "standard output";

/// Copies lines to standard output.
///
/// # Errors
/// If standard output cannot be written.
pub fn copy_to_standard_output(
    finished: Finished,
    output: &mut dyn Write,
) -> Result<(), SinkError> {
    copy(finished, output, Path::new(STANDARD_OUTPUT))
}

/// An error of a temporary file, without the name of that file.
pub fn without_path(error: &io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(error.kind(), "there is no such folder"),
        kind => kind.into(),
    }
}

fn write_file(
    path: &Path,
    mut finished: Finished,
    policy: &ReplacePolicy,
) -> Result<Placed, SinkError> {
    let partial_path = with_ending(path, ".partial");
    let reason = match policy.coverage {
        Coverage::Partial => None,
        Coverage::Complete => policy.refusal(path, &mut finished)?,
    };
    let replaces = policy.coverage == Coverage::Complete && reason.is_none();
    let target = if replaces { path } else { &partial_path };
    finished
        .rename(target)
        .map_err(|error| cannot_write(target, error))?;
    if replaces {
        // The file of an earlier partial scan is out of date now. Usually there is none.
        let _ = fs::remove_file(&partial_path);
    }
    let path = target.to_path_buf();
    Ok(match reason {
        Some(reason) => Placed::Beside { path, reason },
        None => Placed::File(path),
    })
}

impl ReplacePolicy {
    /// Why the lines of a complete scan may not replace the file `path`: an import would treat too many items as
    /// removed.
    fn refusal(&self, path: &Path, finished: &mut Finished) -> Result<Option<String>, SinkError> {
        let replaces = fs::metadata(path).is_ok_and(|former| former.is_file());
        if self.removals == Removals::Accepted || !replaces {
            return Ok(None);
        }
        let missing = finished.missing_items(path, folder_of(path));
        let MissingItems { total, missing } = missing.map_err(|error| SinkError {
            message: format!("`{}` cannot be compared with this scan", shown(path)),
            source: Some(Box::new(error)),
        })?;
        let emptied = finished.count == 0 && total > 0;
        if !emptied && !blows(missing, total) {
            return Ok(None);
        }
        let (file, code, items) = (shown(path), &self.code, grouped(finished.count));
        let lost = if emptied { total } else { missing };
        Ok(Some(format!(
            "{} of the {} items of `{file}` are missing from the {items} items of this scan; because there are so many, the file was not replaced; if they were really removed, run `scan --accept-removals {code}`",
            grouped(lost),
            grouped(total),
        )))
    }
}

fn copy(finished: Finished, stream: &mut dyn Write, name: &Path) -> Result<(), SinkError> {
    let mut lines = finished.lines;
    let copied = io::copy(&mut lines, stream).and_then(|_| stream.flush());
    unless_broken_pipe(copied, name)
}

/// Ignores that the reader closed the pipe, as `head` does.
///
/// # Errors
/// If the lines could not be written for another reason.
pub fn unless_broken_pipe(written: io::Result<()>, name: &Path) -> Result<(), SinkError> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(cannot_write(name, error)),
        _ => Ok(()),
    }
}

/// The folder of a file.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn cannot_write(path: &Path, error: io::Error) -> SinkError {
    SinkError {
        message: format!("`{}` cannot be written", shown(path)),
        source: Some(Box::new(error)),
    }
}
