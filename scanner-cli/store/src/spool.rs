//! Lines that wait on disk until it is known whether they count.
//!
//! Nothing that a scan writes is final before its closing statement, and no key may come twice in what it wrote. So the
//! lines go to a temporary file, and a fingerprint of each key goes to another one beside it; memory does not grow with
//! their number.

use std::{
    fs::File,
    hash::{BuildHasher, RandomState},
    io::{self, BufWriter, Seek},
    path::{Path, PathBuf},
};

use catalog_model::{ItemKey, Precedence, SinkError, SourceId};
use file_access::{
    file_rights,
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

/// Lines that wait for the closing statement of their scan. Dropped, it leaves nothing behind.
pub struct Spool {
    lines: WriteBehind<File>,
    /// The name of the lines' file, if it is to be renamed.
    name: Option<TempPath>,
    keys: WriteBehind<File>,
    folder: PathBuf,
    hasher: KeyHasher,
    /// Number of lines.
    count: u64,
    /// Number of entries: those of lines, and those of items without one.
    entries: u64,
}

/// 128 bits of keyed hash: no two keys of a site share one by accident, nor can anybody choose keys that do.
#[derive(Debug, Default)]
struct KeyHasher([RandomState; 2]);

impl KeyHasher {
    fn fingerprint(&self, key: &str) -> u128 {
        let [high, low] = &self.0;
        u128::from(high.hash_one(key)) << 64 | u128::from(low.hash_one(key))
    }
}

/// What a key's record is: how it ranks, and the source's id of it.
pub type Record<'a> = (Precedence, Option<&'a SourceId>);

/// What becomes of the lines in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpoolTarget {
    /// Their file gets another name in its folder.
    Renamed,
    /// They are copied; their file has no name, so that no other process can read it and nothing is left of it.
    Copied,
}

/// All lines of a scan, each key once.
pub struct Finished {
    /// The lines, to be read from their beginning.
    pub lines: File,
    name: Option<TempPath>,
    /// How many there are.
    pub count: u64,
    /// The lines that were dropped because another record with the same key counts.
    pub duplicates: Duplicates,
    keys: File,
    entries: u64,
    hasher: KeyHasher,
}

impl Finished {
    /// Gives the lines' file its final name, once they are on the disk.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn rename(self, target: &Path) -> io::Result<()> {
        // A power cut must not leave an empty file under the old one's name.
        self.lines.sync_all()?;
        match self.name {
            Some(name) => {
                file_rights::take_rights(&self.lines, target, None);
                name.persist(target).map_err(|error| error.error)
            }
            None => Err(io::Error::other("a file without a name cannot be renamed")),
        }
    }
}

/// Big enough that a system call a buffer costs nothing, small enough to be many connections' worth.
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

    /// Waits until there is room for more, without blocking the thread: where the disk is slow, so is the scan.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub async fn ready(&mut self) -> io::Result<()> {
        self.lines.ready().await?;
        self.keys.ready().await
    }

    /// Adds the line that `write` writes, for the item `key`, of this record.
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

    /// Records an item: that it has a line, or why it has none.
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

    /// Forgets every line.
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

    /// Ends the spool: of lines with one key the one stays whose record has precedence.
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

/// The error of a sink whose temporary file cannot be written.
pub fn cannot_spool(error: io::Error) -> SinkError {
    SinkError {
        message: "the items cannot be written to a temporary file".to_owned(),
        source: Some(Box::new(error)),
    }
}

/// A temporary file in the folder of an export, from which leftovers are removed before.
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
            "nothing stays behind"
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
    fn lines_come_out_as_they_went_in() {
        check(&[("b", "1"), ("a", "2")], "b-1\na-2\n", &[]);
        check(&[], "", &[]);
    }

    #[test]
    fn of_lines_with_one_key_that_with_the_smaller_id_stays_and_both_ids_are_known() {
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
