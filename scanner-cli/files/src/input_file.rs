//! The one way to open a file that a setting, a folder or a fixed name of the home leads to.
//!
//! What such a name leads to is not known: a named pipe, an endless device, a file of 1 TB, a network folder that no
//! longer answers. So only regular files are opened, a link to one included; the open call does not block; what was
//! opened is checked, not what was there before; at most [`FileKind::max_bytes`] are read, whatever the file's size
//! says; and all of it happens in a thread that is waited for no longer than a time limit allows.

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

/// What a file is read for, which says how large it may be.
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

/// Maximum number of entries of a folder that is listed.
const MAX_FOLDER_ENTRIES: usize = 100_000;

/// How long opening a file is repeated that another program has reserved for itself.
const RESERVED_TIME: Duration = Duration::from_secs(5);

/// Interval at which opening such a file is repeated.
const RESERVED_INTERVAL: Duration = Duration::from_millis(50);

impl FileKind {
    /// Maximum number of bytes that are read of a file of this kind.
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
/// If there is no such file, it is not a regular file, it is too large, it cannot be read, or it does not answer.
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

/// What the file system says about `path`, following links.
///
/// # Errors
/// If there is nothing, or it does not answer.
pub fn metadata(path: &Path) -> io::Result<Metadata> {
    let file = path.to_path_buf();
    time_limit::run(path, move || fs::metadata(file))
}

/// The full path of what `path` leads to, all links followed.
///
/// # Errors
/// If there is nothing, or it does not answer.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    let file = path.to_path_buf();
    time_limit::run(path, move || fs::canonicalize(file))
}

/// Whether `path` is a link, or cannot be looked at.
pub fn is_link(path: &Path) -> bool {
    let file = path.to_path_buf();
    let found = time_limit::run(path, move || fs::symlink_metadata(file));
    found.map_or(true, |found| found.is_symlink())
}

/// Whether `path` leads to a folder.
pub fn is_folder(path: &Path) -> bool {
    metadata(path).is_ok_and(|found| found.is_dir())
}

/// The paths in `folder` that are not folders themselves. A link to something that does not answer is among them.
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

/// The paths in `folder`, and what each is. No link is followed: that of another file may lead to a network folder that
/// does not answer.
///
/// # Errors
/// If there is no such folder, it has too many entries, it cannot be read, or it does not answer.
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
    // The size may be wrong: files of `/proc` say 0, and a file may grow meanwhile.
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(too_large());
    }
    Ok(content)
}

/// What happens to a link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    Follow,
    Refuse,
}

/// Opens a regular file for reading, following links. Neither the open call nor what was opened blocks.
///
/// # Errors
/// If there is no such file, it is not a regular file, or it cannot be opened.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    open_with(path, Links::Follow, options.read(true))
}

/// Opens or makes a file that only this program writes, such as a lock: never through a link, and only a regular one.
///
/// # Errors
/// If it is a link or anything else than a regular file, or cannot be opened.
pub fn open_own(path: &Path, options: &mut fs::OpenOptions) -> io::Result<File> {
    open_with(path, Links::Refuse, options)
}

fn open_with(path: &Path, links: Links, options: &mut fs::OpenOptions) -> io::Result<File> {
    if cfg!(windows) && device_name::is_device(&path.to_string_lossy()) {
        return Err(invalid(
            "it is a device or a named pipe, not a file".to_owned(),
        ));
    }
    // To open some devices has effects of its own, so what is there is looked at first.
    let before = match links {
        Links::Follow => fs::metadata(path),
        Links::Refuse => fs::symlink_metadata(path),
    };
    match before {
        Ok(found) => check(&found)?,
        // The file may be about to be made.
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
            // Linux: another program, often a file server, has a lease on the file and is being asked to end it.
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

/// Opens a link itself instead of what it leads to, which [`check`] then refuses.
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

/// The error that a path leads to another kind of file than wanted.
#[derive(Debug)]
pub(crate) struct WrongKind(pub(crate) String);

impl fmt::Display for WrongKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is {}", self.0)
    }
}

impl std::error::Error for WrongKind {}

/// Refuses what is not a regular file.
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
