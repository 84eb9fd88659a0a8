//! Keeps lines on disk until their scan is known to be complete.
//!
//! The output of a scan is final only after its closing statement, and no key may occur in it twice. So the lines are
//! written to a temporary file, and a fingerprint of each key to a second one. Memory does not grow with their number.

use std::{
    fs::File,
    hash::{BuildHasher, RandomState},
    io::{self, BufWriter, Seek},
    path::{Path, PathBuf},
};

use catalog_model::{ItemKey, Precedence, SinkError, SourceId};
use file_access::{
    file_rights, renaming,
    temporary_file::{self, Purpose},
};
use tempfile::{NamedTempFile, TempPath};

mod duplicates;
mod entries;
mod ledger;
mod missing_items;
mod write_behind;

use duplicates::DroppedEntries;
use entries::Entry;
use write_behind::WriteBehind;

pub use duplicates::{Duplicate, Duplicates};
pub use entries::EntryKind;
pub use ledger::Ledger;
pub use missing_items::MissingItems;

/// Lines that wait for the closing statement of their scan. Dropping a spool deletes its files.
pub struct Spool {
    lines: WriteBehind<File>,
    /// The path of the file of lines, if it is to be renamed.
    name: Option<TempPath>,
    keys: WriteBehind<File>,
    folder: PathBuf,
    hasher: KeyHasher,
    /// Number of lines.
    count: u64,
    /// Number of entries, including those of items without a line.
    entries: u64,
}

/// A keyed hash of 128 bits. Collisions do not occur by accident, and keys that collide cannot be constructed.
#[derive(Debug, Default)]
struct KeyHasher([RandomState; 2]);

impl KeyHasher {
    fn fingerprint(&self, key: &str) -> u128 {
        let [high, low] = &self.0;
        u128::from(high.hash_one(key)) << 64 | u128::from(low.hash_one(key))
    }
}

/// The record of a key: its precedence and the source's id.
pub type Record<'a> = (Precedence, Option<&'a SourceId>);

/// How the lines reach their final place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpoolTarget {
    /// Their file is renamed within its folder.
    Renamed,
    /// They are copied. Their file has no name, so that no other process can read it and it never remains.
    Copied,
}

/// All lines of a scan, each key once.
pub struct Finished {
    /// The lines. The file is positioned at its beginning.
    pub lines: File,
    name: Option<TempPath>,
    /// Number of lines.
    pub count: u64,
    /// The lines that were dropped because another record with the same key counts.
    pub duplicates: Duplicates,
    keys: File,
    entries: u64,
    hasher: KeyHasher,
}

impl Finished {
    /// Flushes the lines to the disk and renames their file to its final name.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn rename(self, target: &Path) -> io::Result<()> {
        // A power failure must not leave an empty file with this name.
        self.lines.sync_all()?;
        match self.name {
            Some(name) => {
                file_rights::take_rights(&self.lines, &name, target, None);
                renaming::persist_path(name, target)
            }
            None => Err(io::Error::other("a file without a name cannot be renamed")),
        }
    }
}

/// Size of a buffer in bytes. Large enough that one system call per buffer costs little, small enough for many
/// connections.
const BUFFER_BYTES: usize = 128 * 1024;

impl Spool {
    /// Opens a spool in `folder`.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn open(folder: &Path, target: SpoolTarget) -> io::Result<Self> {
        let (file, name) = new_lines(folder, target)?;
        Ok(Self {
            lines: WriteBehind::new(file)?,
            name,
            keys: WriteBehind::new(tempfile::tempfile_in(folder)?)?,
            folder: folder.to_path_buf(),
            hasher: KeyHasher::default(),
            count: 0,
            entries: 0,
        })
    }

    fn target(&self) -> SpoolTarget {
        if self.name.is_some() {
            SpoolTarget::Renamed
        } else {
            SpoolTarget::Copied
        }
    }

    /// Waits until there is room for more, without blocking the thread. A slow disk slows down the scan.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub async fn ready(&mut self) -> io::Result<()> {
        self.lines.ready().await?;
        self.keys.ready().await
    }

    /// Adds a line, written by `write`, for the item `key` of this record.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn push(
        &mut self,
        key: &ItemKey,
        record: Record<'_>,
        write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let lines = self.lines.buffer();
        write(lines)?;
        lines.push(b'\n');
        self.count += 1;
        self.add_entry(key, record, EntryKind::Line)
    }

    /// Adds an entry for an item: that it has a line, or why it has no line.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn add_entry(
        &mut self,
        key: &ItemKey,
        (precedence, id): Record<'_>,
        kind: EntryKind,
    ) -> io::Result<()> {
        let entry = Entry {
            fingerprint: self.hasher.fingerprint(key.as_str()),
            kind,
            precedence,
            id: id.map_or("", |id| id.0.as_str()),
        };
        self.entries += 1;
        entry.write(self.keys.buffer())
    }

    /// Discards all lines.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn clear(&mut self) -> io::Result<()> {
        let (file, name) = new_lines(&self.folder, self.target())?;
        self.lines = WriteBehind::new(file)?;
        self.name = name;
        self.keys = WriteBehind::new(tempfile::tempfile_in(&self.folder)?)?;
        (self.count, self.entries) = (0, 0);
        Ok(())
    }

    /// Ends the spool. Of several lines with the same key, the one whose record has precedence is kept.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn finish(self) -> io::Result<Finished> {
        let target = self.target();
        let (mut lines, mut name) = (self.lines.finish()?, self.name);
        let mut keys = self.keys.finish()?;
        let dropped = DroppedEntries::find(&mut keys, self.entries)?;
        if !dropped.is_empty() {
            let (file, new_name) = new_lines(&self.folder, target)?;
            let mut kept = BufWriter::with_capacity(BUFFER_BYTES, file);
            dropped.copy_remaining(&mut lines, &mut keys, &mut kept)?;
            lines = kept.into_inner().map_err(io::IntoInnerError::into_error)?;
            name = new_name;
        }
        lines.rewind()?;
        Ok(Finished {
            count: self.count - dropped.duplicates.count,
            lines,
            name,
            duplicates: dropped.duplicates,
            keys,
            entries: self.entries,
            hasher: self.hasher,
        })
    }
}

fn new_lines(folder: &Path, target: SpoolTarget) -> io::Result<(File, Option<TempPath>)> {
    match target {
        SpoolTarget::Renamed => {
            let (file, name) = temporary(folder)?.into_parts();
            Ok((file, Some(name)))
        }
        SpoolTarget::Copied => Ok((tempfile::tempfile_in(folder)?, None)),
    }
}

fn new_keys(folder: &Path) -> io::Result<BufWriter<File>> {
    let file = tempfile::tempfile_in(folder)?;
    Ok(BufWriter::with_capacity(BUFFER_BYTES, file))
}

/// Returns the error of a sink whose temporary file cannot be written.
pub fn cannot_spool(error: io::Error) -> SinkError {
    SinkError {
        message: "the items cannot be written to a temporary file".to_owned(),
        source: Some(Box::new(error)),
    }
}

/// Creates a temporary file in the folder of an export. Removes leftover temporary files first.
///
/// # Errors
/// If a file cannot be read or written.
pub fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    temporary_file::remove_leftovers(folder);
    temporary_file::create(folder, Purpose::Export)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    /// Spools `(key, id)` pairs and checks the lines that remain and the duplicates.
    fn check(items: &[(&str, &str)], lines: &str, duplicates: &[(&str, &str)]) {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), SpoolTarget::Renamed).unwrap();
        push(&mut spool, &[("forgotten", "0"), ("a", "0")]);
        spool.clear().unwrap();
        push(&mut spool, items);
        let mut finished = spool.finish().unwrap();
        let mut text = String::new();
        finished.lines.read_to_string(&mut text).unwrap();
        assert_eq!(text, lines);
        assert_eq!(finished.count as usize, lines.lines().count());
        let found = &finished.duplicates;
        assert_eq!(found.count as usize, duplicates.len());
        let found: Vec<_> = (found.first.iter())
            .map(|duplicate| (duplicate.kept.as_str(), duplicate.dropped.as_str()))
            .collect();
        assert_eq!(found, duplicates);
        drop(finished);
        assert_eq!(
            folder.path().read_dir().unwrap().count(),
            0,
            "no file remains"
        );
    }

    fn push(spool: &mut Spool, items: &[(&str, &str)]) {
        for (key, id) in items {
            let key = ItemKey::new([*key]).unwrap();
            let line = |line: &mut Vec<u8>| write!(line, "{key}-{id}");
            let id = SourceId((*id).to_owned());
            let record = (Precedence::default(), Some(&id));
            spool.push(&key, record, line).unwrap();
        }
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        check(&[("b", "1"), ("a", "2")], "b-1\na-2\n", &[]);
        check(&[], "", &[]);
    }

    #[test]
    fn the_line_with_the_smaller_id_is_kept_and_both_ids_are_reported() {
        check(
            &[("a", "1"), ("b", "2"), ("a", "3"), ("c", ""), ("a", "4")],
            "a-1\nb-2\nc-\n",
            &[("1", "3"), ("1", "4")],
        );
        check(
            &[("a", "4"), ("b", "2"), ("a", "3"), ("a", "1")],
            "b-2\na-1\n",
            &[("1", "4"), ("1", "3")],
        );
    }
}
