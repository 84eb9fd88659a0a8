//! Opens files whose paths come from a setting, a folder or a fixed name in the home. All such files are opened here.
//!
//! Such a path may refer to a named pipe, an endless device, a file of 1 TB, or a network folder that does not respond.
//! So only regular files are opened, including links to them. The open call does not block. The opened file is checked,
//! not the path before. At most [`FileKind::max_bytes`] are read, even if the reported size is smaller. All of this
//! happens in a thread, with a time limit.

use std::{
    fmt,
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use catalog_model::encoding;

mod device_name;
mod time_limit;

pub use self::device_name::is_reserved;

/// The kind of a file, which determines its maximum size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Settings, secrets and hooks in HOCON, and files that they include.
    Settings,
    /// A trust store.
    TrustStore,
    /// A file of entries, such as a mapping of users to addresses.
    Entries,
    /// A key, a name, or the state of a session.
    Small,
    /// `data/status.json`, which grows with the number of connections.
    State,
}

const MEGABYTE: u64 = 1_000_000;

/// Maximum number of entries in a folder.
const MAX_FOLDER_ENTRIES: usize = 100_000;

/// How long to retry opening a file that another program has opened exclusively.
const RESERVED_TIME: Duration = Duration::from_secs(5);

/// Interval at which opening such a file is retried.
const RESERVED_INTERVAL: Duration = Duration::from_millis(50);

impl FileKind {
    /// Returns the maximum size of a file of this kind in bytes.
    pub fn max_bytes(self) -> u64 {
        match self {
            Self::Settings | Self::TrustStore | Self::State => 16 * MEGABYTE,
            Self::Entries => 64 * MEGABYTE,
            Self::Small => MEGABYTE,
        }
    }
}

/// Reads the whole file at `path`, following links.
///
/// # Errors
/// If the file does not exist, is not a regular file, is too large, cannot be read, or does not respond.
pub fn read(path: &Path, kind: FileKind) -> io::Result<Vec<u8>> {
    let file = path.to_path_buf();
    time_limit::run(path, move || read_now(&file, kind.max_bytes()))
}

/// Reads the whole file at `path` as text in UTF-8, without the byte order mark that some editors write.
///
/// # Errors
/// Those of [`read`], and if the file is not UTF-8 text.
pub fn read_text(path: &Path, kind: FileKind) -> io::Result<String> {
    let content = read(path, kind)?;
    let text = encoding::text(&content).map_err(|not_text| {
        let (what, hint) = not_text.explain();
        invalid(format!("it {what}; {hint}"))
    });
    text.map(str::to_owned)
}

/// Returns the metadata of `path`, following links.
///
/// # Errors
/// If the path does not exist or does not respond.
pub fn metadata(path: &Path) -> io::Result<Metadata> {
    let file = path.to_path_buf();
    time_limit::run(path, move || fs::metadata(file))
}

/// Returns the absolute path of `path`, with all links resolved.
///
/// # Errors
/// If the path does not exist or does not respond.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    let file = path.to_path_buf();
    time_limit::run(path, move || fs::canonicalize(file))
}

/// Whether `path` is a link, or its metadata cannot be read.
pub fn is_link(path: &Path) -> bool {
    let file = path.to_path_buf();
    let found = time_limit::run(path, move || fs::symlink_metadata(file));
    found.map_or(true, |found| found.is_symlink())
}

/// Whether `path` is a folder or a link to one.
pub fn is_folder(path: &Path) -> bool {
    metadata(path).is_ok_and(|found| found.is_dir())
}

/// Lists the paths in `folder` that are not folders themselves. Includes links whose targets do not respond.
///
/// # Errors
/// Those of [`entries_in`].
pub fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_file = |(path, kind): &(PathBuf, fs::FileType)| match kind.is_symlink() {
        true => !is_folder(path),
        false => !kind.is_dir(),
    };
    let files = entries_in(folder)?.into_iter().filter(is_file);
    Ok(files.map(|(path, _)| path).collect())
}

/// Lists the paths in `folder` with their types. Does not follow links, because a link may lead to a network folder
/// that does not respond.
///
/// # Errors
/// If the folder does not exist, has too many entries, cannot be read, or does not respond.
pub fn entries_in(folder: &Path) -> io::Result<Vec<(PathBuf, fs::FileType)>> {
    let listed = folder.to_path_buf();
    time_limit::run(folder, move || {
        let mut entries = Vec::new();
        for entry in fs::read_dir(listed)? {
            let entry = entry?;
            if entries.len() == MAX_FOLDER_ENTRIES {
                return Err(invalid(format!(
                    "it has more than {MAX_FOLDER_ENTRIES} entries"
                )));
            }
            entries.push((entry.path(), entry.file_type()?));
        }
        Ok(entries)
    })
}

fn read_now(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let too_large = || {
        let megabytes = limit / MEGABYTE;
        io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {megabytes} MB"),
        )
    };
    let size = file.metadata()?.len();
    if size > limit {
        return Err(too_large());
    }
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // The size may be wrong: files in `/proc` report 0, and a file may grow in the meantime.
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(too_large());
    }
    Ok(content)
}

/// How to handle a link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    Follow,
    Refuse,
}

/// Opens a regular file for reading, following links. Neither opening nor reading it blocks.
///
/// # Errors
/// If the file does not exist, is not a regular file, or cannot be opened.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    open_with(path, Links::Follow, options.read(true))
}

/// Opens or creates a file that only this program writes, such as a lock file. Does not follow links, and opens only
/// regular files.
///
/// # Errors
/// If it is not a regular file (a link is not one), or cannot be opened.
pub fn open_own(path: &Path, options: &mut fs::OpenOptions) -> io::Result<File> {
    open_with(path, Links::Refuse, options)
}

fn open_with(path: &Path, links: Links, options: &mut fs::OpenOptions) -> io::Result<File> {
    if cfg!(windows) && device_name::is_device(&path.to_string_lossy()) {
        return Err(invalid(
            "it is a device or a named pipe, not a file".to_owned(),
        ));
    }
    // Opening some devices has side effects, so the path is checked first.
    let before = match links {
        Links::Follow => fs::metadata(path),
        Links::Refuse => fs::symlink_metadata(path),
    };
    match before {
        Ok(found) => check(&found)?,
        // The file may not exist yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    without_blocking(options, links);
    let begun = Instant::now();
    loop {
        match options.open(path) {
            Ok(file) => {
                check(&file.metadata()?)?;
                return Ok(file);
            }
            // Linux: another program, often a file server, has a lease on the file, and the system has requested its
            // release.
            Err(error)
                if error.kind() == io::ErrorKind::WouldBlock && begun.elapsed() < RESERVED_TIME =>
            {
                thread::sleep(RESERVED_INTERVAL);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(unix)]
fn without_blocking(options: &mut fs::OpenOptions, links: Links) {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;

    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
}

/// Opens a link itself instead of its target. [`check`] then refuses it.
#[cfg(windows)]
fn without_blocking(options: &mut fs::OpenOptions, links: Links) {
    use std::os::windows::fs::OpenOptionsExt;

    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    if links == Links::Refuse {
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    }
}

#[cfg(not(any(unix, windows)))]
fn without_blocking(_options: &mut fs::OpenOptions, _links: Links) {}

/// The error of a path that is not the expected kind of file.
#[derive(Debug)]
pub(crate) struct WrongKind(pub(crate) String);

impl fmt::Display for WrongKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is {}", self.0)
    }
}

impl std::error::Error for WrongKind {}

/// Fails if a file is not a regular file.
fn check(found: &Metadata) -> io::Result<()> {
    let kind = found.file_type();
    if kind.is_dir() {
        let kind = io::ErrorKind::IsADirectory;
        return Err(io::Error::new(
            kind,
            WrongKind("a folder, not a file".to_owned()),
        ));
    }
    if kind.is_file() {
        return Ok(());
    }
    let kind = format!("{}, not a file", name_of(kind));
    Err(io::Error::new(io::ErrorKind::InvalidInput, WrongKind(kind)))
}

#[cfg(unix)]
fn name_of(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;

    match () {
        () if kind.is_symlink() => "a link",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "something else",
    }
}

#[cfg(not(unix))]
fn name_of(kind: fs::FileType) -> &'static str {
    match kind.is_symlink() {
        true => "a link",
        false => "something else",
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests;
