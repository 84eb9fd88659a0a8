//! Where lines end up, and when: a file that is replaced whole, or a stream that gets a copy.

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

/// Where the lines of a scan go once they count.
#[derive(Debug)]
pub enum Destination {
    /// A file, written aside and renamed; a partial scan goes to `<file>.partial` instead.
    File(PathBuf),
    /// The same, in the home's own folder for it, which is made if it is not there.
    Export(PathBuf),
    /// Something that cannot be replaced, such as a pipe: it gets a copy at the end, of a partial scan too.
    Stream(PathBuf),
    /// Standard output: as a stream.
    StandardOutput,
}

/// How a scan that was read to its end ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It saw all there is.
    Complete,
    /// Something may be hidden.
    Partial,
}

/// What decides whether the lines of a scan may replace a file.
#[derive(Clone, Debug)]
pub struct Replacing {
    /// How the scan ended.
    pub reach: Reach,
    /// Whether many items may be missing.
    pub removals: Removals,
    /// The code of the connection.
    pub code: ConnectionCode,
}

impl Destination {
    /// What `--output PATH` means: links are followed, and what is no ordinary file is a stream.
    pub fn of(path: &Path) -> Self {
        if path == Path::new("-") {
            return Self::StandardOutput;
        }
        // Not by the target's name: that of a pipe, as `/dev/stdout` may be one, names nothing.
        match fs::metadata(path) {
            Ok(target) if target.is_file() => {
                Self::File(fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()))
            }
            Ok(target) if !target.is_dir() => Self::Stream(path.to_path_buf()),
            _ => Self::File(path.to_path_buf()),
        }
    }

    /// Opens a spool from which the lines can get here; those that will be copied wait in the folder `aside`.
    ///
    /// # Errors
    /// If the temporary file cannot be created.
    pub fn open(&self, aside: &Path) -> Result<Spool, SinkError> {
        let (folder, target) = match self {
            Self::File(path) | Self::Export(path) => (folder_of(path), SpoolTarget::Renamed),
            Self::Stream(_) | Self::StandardOutput => (aside, SpoolTarget::Copied),
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
        Spool::open(folder, target).map_err(|error| cannot_write(self.name(folder), plain(&error)))
    }

    /// What a person would name: the file that was asked for, else the folder of temporary files.
    fn name<'a>(&'a self, temporary: &'a Path) -> &'a Path {
        match self {
            Self::File(path) | Self::Export(path) => path,
            Self::Stream(_) | Self::StandardOutput => temporary,
        }
    }

    /// Puts the lines where they belong, and tells where that is, if it is a file. Lines for standard output come back:
    /// it belongs to the whole run.
    ///
    /// # Errors
    /// If the lines cannot be written.
    pub fn put(&self, finished: Finished, replacing: &Replacing) -> Result<Placed, SinkError> {
        match self {
            Self::File(path) | Self::Export(path) => put_file(path, finished, replacing),
            Self::Stream(path) => {
                let stream = fs::OpenOptions::new().write(true).open(path);
                let mut stream = stream.map_err(|error| cannot_write(path, error))?;
                copy(finished, &mut stream, path)?;
                Ok(Placed::Elsewhere)
            }
            Self::StandardOutput => Ok(Placed::Waiting(finished)),
        }
    }
}

/// Where lines are after [`Destination::put`].
pub enum Placed {
    /// In this file.
    File(PathBuf),
    /// In the file `path` beside the one that was meant, which they may not replace.
    Beside {
        /// The file that was written.
        path: PathBuf,
        /// Why the other may not be replaced.
        reason: String,
    },
    /// In a stream.
    Elsewhere,
    /// Not yet on standard output.
    Waiting(Finished),
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

/// An error of a temporary file, whose own name nobody asked for.
pub fn plain(error: &io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(error.kind(), "there is no such folder"),
        kind => kind.into(),
    }
}

fn put_file(
    path: &Path,
    mut finished: Finished,
    replacing: &Replacing,
) -> Result<Placed, SinkError> {
    let aside = with_ending(path, ".partial");
    let reason = match replacing.reach {
        Reach::Partial => None,
        Reach::Complete => replacing.refusal(path, &mut finished)?,
    };
    let replaces = replacing.reach == Reach::Complete && reason.is_none();
    let target = if replaces { path } else { &aside };
    finished
        .rename(target)
        .map_err(|error| cannot_write(target, error))?;
    if replaces {
        // What an earlier partial scan left is out of date now; that there is none is the rule.
        let _ = fs::remove_file(&aside);
    }
    let path = target.to_path_buf();
    Ok(match reason {
        Some(reason) => Placed::Beside { path, reason },
        None => Placed::File(path),
    })
}

impl Replacing {
    /// Why the lines of a complete scan may not replace the file `path`: whoever imports it would take too many items for
    /// gone.
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

/// A reader that has seen enough, such as `head`, is no fault.
///
/// # Errors
/// If the cause is another one than a closed pipe.
pub fn unless_broken_pipe(written: io::Result<()>, name: &Path) -> Result<(), SinkError> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(cannot_write(name, error)),
        _ => Ok(()),
    }
}

/// The folder that a file is in.
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
