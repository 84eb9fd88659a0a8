//! The file of keys beside the lines, with an entry for each key that a scan saw.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, Write},
};

use catalog_model::{Instant, Precedence};

/// What a scan saw for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An item with a line in the other file.
    Line,
    /// An item that a filter excludes.
    Excluded,
    /// An item about which a filter cannot decide.
    Undecided,
}

/// One key that a scan saw. The key itself is stored only as a fingerprint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) fingerprint: u128,
    pub(super) kind: EntryKind,
    pub(super) precedence: Precedence,
    /// The source's id of the record; empty if it is unknown.
    pub(super) id: &'a str,
}

/// Number of bytes of an entry before its id: fingerprint, kind, standing, time of modification, length of the id.
const HEAD: usize = 16 + 1 + 1 + 8 + 2;

/// Stored if there is no time of modification. No `Instant` has this number of milliseconds.
const NEVER: i64 = i64::MIN;

impl Entry<'_> {
    pub(super) fn write(&self, keys: &mut impl Write) -> io::Result<()> {
        let Self {
            fingerprint,
            precedence,
            id,
            ..
        } = self;
        let modified = precedence.modified.map_or(NEVER, Instant::as_unix_millis);
        let length = u16::try_from(id.len()).unwrap_or(u16::MAX);
        let mut head = [0; HEAD];
        head[..16].copy_from_slice(&fingerprint.to_le_bytes());
        head[16] = self.kind as u8;
        head[17] = precedence.standing;
        head[18..26].copy_from_slice(&modified.to_le_bytes());
        head[26..].copy_from_slice(&length.to_le_bytes());
        keys.write_all(&head)?;
        keys.write_all(&id.as_bytes()[..usize::from(length)])
    }

    fn from_head<'a>(head: &[u8; HEAD], id: &'a str) -> Entry<'a> {
        let [a, b, c, d, e, f, g, h] = [18, 19, 20, 21, 22, 23, 24, 25].map(|at| head[at]);
        let modified = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&head[..16]);
        Entry {
            fingerprint: u128::from_le_bytes(fingerprint),
            kind: match head[16] {
                0 => EntryKind::Line,
                1 => EntryKind::Excluded,
                _ => EntryKind::Undecided,
            },
            precedence: Precedence {
                standing: head[17],
                modified: Instant::from_unix_millis(modified).ok(),
            },
            id,
        }
    }
}

/// Calls `take` with every entry and its number, in order.
pub(super) fn for_each(
    keys: &mut File,
    mut take: impl FnMut(u64, Entry<'_>) -> io::Result<()>,
) -> io::Result<()> {
    keys.rewind()?;
    let mut keys = BufReader::with_capacity(super::BUFFER_BYTES, keys);
    let (mut head, mut id) = ([0; HEAD], Vec::new());
    let mut number = 0;
    while !keys.fill_buf()?.is_empty() {
        keys.read_exact(&mut head)?;
        id.resize(usize::from(u16::from_le_bytes([head[26], head[27]])), 0);
        keys.read_exact(&mut id)?;
        let id = String::from_utf8_lossy(&id);
        take(number, Entry::from_head(&head, &id))?;
        number += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_were_written() {
        let mut keys = tempfile::tempfile().unwrap();
        let modified = Instant::from_unix_millis(1_706_702_400_000).ok();
        let entries = [
            (7, EntryKind::Line, 2, modified, "a"),
            (u128::MAX, EntryKind::Excluded, 0, None, ""),
            (
                0,
                EntryKind::Undecided,
                255,
                Instant::from_unix_millis(-1).ok(),
                "é",
            ),
        ];
        for (fingerprint, kind, standing, modified, id) in entries {
            let precedence = Precedence { standing, modified };
            let entry = Entry {
                fingerprint,
                kind,
                precedence,
                id,
            };
            entry.write(&mut keys).unwrap();
        }
        let mut read = Vec::new();
        for_each(&mut keys, |number, entry| {
            let Precedence { standing, modified } = entry.precedence;
            assert_eq!(number, read.len() as u64);
            read.push((
                entry.fingerprint,
                entry.kind,
                standing,
                modified,
                entry.id.to_owned(),
            ));
            Ok(())
        })
        .unwrap();
        let expected = entries.map(|(key, kind, standing, modified, id)| {
            (key, kind, standing, modified, id.to_owned())
        });
        assert_eq!(read, expected);
    }
}
