//! Counts the items in the file of an earlier scan that are missing in this scan.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write},
    path::Path,
};

use catalog_model::FingerprintSet;
use file_access::input_file;
use serde::Deserialize;

use super::{
    Finished,
    duplicates::Partition,
    entries::{EntryKind, for_each},
};

/// How the items of a file compare with those of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MissingItems {
    /// Number of distinct keys in the file.
    pub total: u64,
    /// Number of these keys that the scan did not see.
    pub missing: u64,
}

/// The identifier of the item in a line: its key, or in files of other programs its id.
#[derive(Deserialize)]
struct Identified {
    key: Option<String>,
    id: Option<String>,
}

impl Finished {
    /// Compares these lines with those of the file `path`. An item that a filter excludes now is not missing. Lines
    /// without an item are ignored.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn missing_items(&mut self, path: &Path, folder: &Path) -> io::Result<MissingItems> {
        let former = input_file::open(path)?;
        let mut spooled = BufWriter::new(tempfile::tempfile_in(folder)?);
        let mut count = 0;
        for_each_key(former, |key| {
            count += 1;
            spooled.write_all(&self.hasher.fingerprint(key).to_le_bytes())
        })?;
        let mut spooled = spooled
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let mut missing_items = MissingItems::default();
        // A set needs twice the memory of a sorted list.
        for partition in Partition::all(2 * count.max(self.entries)) {
            let mut unseen = fingerprints(&mut spooled, partition)?;
            missing_items.total += unseen.len() as u64;
            for_each(&mut self.keys, |_, entry| {
                if entry.kind != EntryKind::Undecided && partition.has(entry.fingerprint) {
                    unseen.remove(&entry.fingerprint);
                }
                Ok(())
            })?;
            missing_items.missing += unseen.len() as u64;
        }
        Ok(missing_items)
    }
}

fn for_each_key(file: File, mut take: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let mut lines = BufReader::with_capacity(super::BUFFER_BYTES, file);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let Some(key) = leading_key(&line) {
            take(key)?;
        } else {
            let identified = serde_json::from_slice::<Identified>(&line).ok();
            if let Some(key) = identified.and_then(|one| one.key.or(one.id)) {
                take(&key)?;
            }
        }
        line.clear();
    }
    Ok(())
}

/// The key of a complete line that this program wrote, where it follows the id. Parsing all of the line takes ten times as
/// long. `None` if the line is different or a text has escapes.
fn leading_key(line: &[u8]) -> Option<&str> {
    let rest = line.strip_suffix(b"}\n")?.strip_prefix(b"{\"id\":\"")?;
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let rest = rest[end..].strip_prefix(b"\",\"key\":\"")?;
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (key, rest) = rest.split_at(end);
    rest.starts_with(b"\",").then(|| str::from_utf8(key).ok())?
}

/// Reads the distinct fingerprints of a partition.
fn fingerprints(spooled: &mut File, partition: Partition) -> io::Result<FingerprintSet> {
    spooled.rewind()?;
    let mut spooled = BufReader::with_capacity(super::BUFFER_BYTES, spooled);
    let (mut found, mut bytes) = (FingerprintSet::default(), [0; 16]);
    while !spooled.fill_buf()?.is_empty() {
        spooled.read_exact(&mut bytes)?;
        let fingerprint = u128::from_le_bytes(bytes);
        if partition.has(fingerprint) {
            found.insert(fingerprint);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_line_is_found_without_parsing_it() {
        for (line, key) in [
            (
                &b"{\"id\":\"/app=a\",\"key\":\"c/a/b\",\"name\":\"x\"}\n"[..],
                Some("c/a/b"),
            ),
            (
                "{\"id\":\"1\",\"key\":\"c/ä/b\",\"name\":\"x\"}\n".as_bytes(),
                Some("c/ä/b"),
            ),
            // Parsed as a whole: escapes, another order, cut off, not ours.
            (
                b"{\"id\":\"1\",\"key\":\"c\\u0041\",\"name\":\"x\"}\n",
                None,
            ),
            (b"{\"id\":\"1\\\"\",\"key\":\"c\",\"name\":\"x\"}\n", None),
            (b"{\"key\":\"c\",\"id\":\"1\"}\n", None),
            (b"{\"id\":\"1\",\"key\":\"c", None),
            (b"{\"id\":\"1\",\"key\":\"c\",\"name\":\"x\"", None),
            (b"\n", None),
        ] {
            assert_eq!(leading_key(line), key, "{}", String::from_utf8_lossy(line));
        }
    }
}
