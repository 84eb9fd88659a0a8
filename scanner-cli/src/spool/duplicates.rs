//! Finds keys that come twice, in memory that does not grow with the number of keys.
//!
//! Each key is an entry in a file: its fingerprint and the source's id. Fingerprints are sorted a share at a time; only
//! where one comes twice are the lines copied, without the later ones.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, Write},
};

use catalog_model::SourceId;

/// Lines that were left out because an earlier one has their key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Duplicates {
    pub(crate) count: u64,
    /// The first few.
    pub(crate) first: Vec<Duplicate>,
}

/// A line that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// The source's id of the record whose line stays.
    pub(crate) kept: String,
    /// The source's id of the record whose line was left out.
    pub(crate) dropped: String,
}

/// So many of the lines that were left out are told one by one.
const TOLD: usize = 100;

/// How many fingerprints are sorted at once: 8 MiB of them.
const SHARE: u64 = 1 << 19;

/// Writes one entry: 16 bytes of fingerprint, 2 of the id's length, the id.
pub(super) fn write_entry(
    keys: &mut impl Write,
    fingerprint: u128,
    id: Option<&SourceId>,
) -> io::Result<()> {
    let id = id.map_or("", |id| id.0.as_str());
    let length = u16::try_from(id.len()).unwrap_or(u16::MAX);
    keys.write_all(&fingerprint.to_le_bytes())?;
    keys.write_all(&length.to_le_bytes())?;
    keys.write_all(&id.as_bytes()[..usize::from(length)])
}

/// The fingerprints that come more than once among `count` entries.
pub(super) fn repeated(keys: &mut File, count: u64) -> io::Result<HashSet<u128>> {
    // Fingerprints are spread evenly, so their upper bits cut them into shares of even size.
    let share_bits = count.div_ceil(SHARE).next_power_of_two().trailing_zeros();
    let mut repeated = HashSet::new();
    for share in 0..1_u128 << share_bits {
        let mut fingerprints =
            Vec::with_capacity(usize::try_from(count >> share_bits).unwrap_or(0) * 9 / 8);
        for_each_entry(keys, count, |fingerprint, _| {
            if fingerprint.checked_shr(128 - share_bits).unwrap_or(0) == share {
                fingerprints.push(fingerprint);
            }
            Ok(())
        })?;
        fingerprints.sort_unstable();
        repeated.extend(
            fingerprints
                .windows(2)
                .filter(|pair| pair[0] == pair[1])
                .map(|pair| pair[0]),
        );
    }
    Ok(repeated)
}

/// Copies `lines` to `kept`, of the `repeated` ones only the first, and tells which were left out.
pub(super) fn copy_firsts(
    lines: &mut File,
    keys: &mut File,
    repeated: &HashSet<u128>,
    kept: &mut impl Write,
) -> io::Result<Duplicates> {
    lines.rewind()?;
    let mut lines = BufReader::new(lines);
    // Of the first lines only the place of their entry: a list that came twice must not fill the memory with ids.
    let mut firsts: HashMap<u128, u64> = HashMap::new();
    let mut told: Vec<(u64, String)> = Vec::new();
    let (mut line, mut number, mut count) = (Vec::new(), 0, 0);
    for_each_entry(keys, u64::MAX, |fingerprint, id| {
        line.clear();
        lines.read_until(b'\n', &mut line)?;
        number += 1;
        if !repeated.contains(&fingerprint) {
            return kept.write_all(&line);
        }
        match firsts.entry(fingerprint) {
            Entry::Vacant(vacant) => {
                vacant.insert(number);
                return kept.write_all(&line);
            }
            Entry::Occupied(first) if told.len() < TOLD => told.push((*first.get(), id.to_owned())),
            Entry::Occupied(_) => {}
        }
        count += 1;
        Ok(())
    })?;
    let first = with_kept_ids(keys, told)?;
    Ok(Duplicates { count, first })
}

/// Puts beside each id that was left out the one of the entry whose number it has.
fn with_kept_ids(keys: &mut File, told: Vec<(u64, String)>) -> io::Result<Vec<Duplicate>> {
    let wanted: HashSet<u64> = told.iter().map(|(number, _)| *number).collect();
    let mut ids = HashMap::new();
    let mut number = 0;
    for_each_entry(keys, u64::MAX, |_, id| {
        number += 1;
        if wanted.contains(&number) {
            ids.insert(number, id.to_owned());
        }
        Ok(())
    })?;
    let duplicates = told.into_iter().map(|(number, dropped)| Duplicate {
        kept: ids.get(&number).cloned().unwrap_or_default(),
        dropped,
    });
    Ok(duplicates.collect())
}

/// Reads at most `count` entries from the beginning.
pub(super) fn for_each_entry(
    keys: &mut File,
    count: u64,
    mut take: impl FnMut(u128, &str) -> io::Result<()>,
) -> io::Result<()> {
    keys.rewind()?;
    let mut keys = BufReader::with_capacity(super::BUFFER, keys);
    let mut id = Vec::new();
    for _ in 0..count {
        if keys.fill_buf()?.is_empty() {
            break;
        }
        let mut fingerprint = [0; 16];
        keys.read_exact(&mut fingerprint)?;
        let mut length = [0; 2];
        keys.read_exact(&mut length)?;
        id.resize(usize::from(u16::from_le_bytes(length)), 0);
        keys.read_exact(&mut id)?;
        take(
            u128::from_le_bytes(fingerprint),
            &String::from_utf8_lossy(&id),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_fingerprint_is_found_in_any_share() {
        let count = SHARE * 2 + 5;
        // An odd multiplier spreads consecutive numbers over all upper bits, as a hash does.
        let spread = |n: u64| u128::from(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 64;
        let mut keys = tempfile::tempfile().unwrap();
        let mut writer = io::BufWriter::new(&mut keys);
        for n in 0..count {
            write_entry(&mut writer, spread(n.min(count - 2)), None).unwrap();
        }
        writer.flush().unwrap();
        drop(writer);
        assert_eq!(
            repeated(&mut keys, count).unwrap(),
            HashSet::from([spread(count - 2)])
        );
    }
}
