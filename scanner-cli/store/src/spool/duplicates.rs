//! Finds keys that occur more than once, and decides which of their records is the item. Memory does not grow with the
//! number of keys.
//!
//! Fingerprints of keys are sorted one partition at a time. Which record counts depends on the records only, not on
//! their order.

use std::{
    collections::{HashMap, hash_map},
    fs::File,
    io::{self, BufRead, BufReader, Seek, Write},
};

use catalog_model::FingerprintSet;

use super::entries::{Entry, EntryKind, for_each};

/// Items that were dropped because another record with their key counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Number of dropped items.
    pub count: u64,
    /// The first of them, up to a maximum.
    pub first: Vec<Duplicate>,
}

/// An item that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The source's id of the record that counts.
    pub kept: String,
    /// The source's id of the record that was dropped.
    pub dropped: String,
}

/// Maximum number of duplicates that are listed.
const MAX_LISTED_DUPLICATES: usize = 100;

/// Number of fingerprints that are sorted at once. They use 4 MiB.
const PARTITION_SIZE: u64 = 1 << 18;

impl Duplicates {
    /// Records that `dropped` was dropped in favor of `kept`. Earlier duplicates that were dropped in favor of
    /// `dropped` now name `kept`.
    pub fn add(&mut self, kept: &str, dropped: &str) {
        self.count += 1;
        if kept != dropped {
            let former = self.first.iter_mut();
            for duplicate in former.filter(|duplicate| duplicate.kept == dropped) {
                kept.clone_into(&mut duplicate.kept);
            }
        }
        if self.first.len() < MAX_LISTED_DUPLICATES {
            self.first.push(Duplicate {
                kept: kept.to_owned(),
                dropped: dropped.to_owned(),
            });
        }
    }
}

/// A part of all fingerprints, selected by their upper bits, which are evenly distributed.
#[derive(Clone, Copy)]
pub(super) struct Partition {
    bits: u32,
    number: u128,
    /// The expected number of fingerprints, and some more.
    size: usize,
}

impl Partition {
    /// Divides `count` fingerprints into partitions, each small enough to be sorted in memory.
    pub(super) fn all(count: u64) -> impl Iterator<Item = Self> {
        let bits = count
            .div_ceil(PARTITION_SIZE)
            .next_power_of_two()
            .trailing_zeros();
        let size = (count >> bits) as usize;
        let size = size + size / 16 + 64;
        (0..1_u128 << bits).map(move |number| Self { bits, number, size })
    }

    pub(super) fn has(self, fingerprint: u128) -> bool {
        fingerprint.checked_shr(128 - self.bits).unwrap_or(0) == self.number
    }
}

/// Finds the fingerprints of a partition that occur more than once.
pub(super) fn repeated(keys: &mut File, partition: Partition) -> io::Result<FingerprintSet> {
    // A list that grows would need up to three times the memory.
    let mut fingerprints = Vec::with_capacity(partition.size);
    for_each(keys, |_, entry| {
        if partition.has(entry.fingerprint) {
            fingerprints.push(entry.fingerprint);
        }
        Ok(())
    })?;
    fingerprints.sort_unstable();
    let pairs = fingerprints.windows(2).filter(|pair| pair[0] == pair[1]);
    Ok(pairs.map(|pair| pair[0]).collect())
}

/// The lines that are dropped, by the numbers of their entries.
pub(super) struct DroppedEntries {
    /// One bit per entry.
    bits: Vec<u64>,
    pub(super) duplicates: Duplicates,
}

/// The record with the highest precedence so far.
struct Best {
    number: u64,
    entry: Entry<'static>,
    id: Box<str>,
}

impl Best {
    fn new(number: u64, entry: Entry<'_>) -> Self {
        Self {
            number,
            entry: Entry { id: "", ..entry },
            id: entry.id.into(),
        }
    }

    /// Whether another record with the key counts instead. Of records with equal rank, an item counts.
    fn yields_to(&self, other: Entry<'_>) -> bool {
        let known = (self.entry.precedence, &*self.id);
        let other_is = (other.precedence, other.id);
        other_is.0.beats(other_is.1, known)
            || (!known.0.beats(known.1, other_is)
                && self.entry.kind != EntryKind::Line
                && other.kind == EntryKind::Line)
    }
}

impl DroppedEntries {
    /// Finds the dropped lines among `count` entries.
    pub(super) fn find(keys: &mut File, count: u64) -> io::Result<Self> {
        let mut dropped = Self {
            bits: Vec::new(),
            duplicates: Duplicates::default(),
        };
        for partition in Partition::all(count) {
            let repeated = repeated(keys, partition)?;
            if !repeated.is_empty() {
                dropped.find_in_partition(keys, &repeated)?;
            }
        }
        Ok(dropped)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    fn find_in_partition(&mut self, keys: &mut File, repeated: &FingerprintSet) -> io::Result<()> {
        let mut best: HashMap<u128, Best> = HashMap::new();
        for_each(keys, |number, entry| {
            if !repeated.contains(&entry.fingerprint) {
                return Ok(());
            }
            match best.entry(entry.fingerprint) {
                hash_map::Entry::Vacant(vacant) => {
                    vacant.insert(Best::new(number, entry));
                }
                hash_map::Entry::Occupied(mut known) if known.get().yields_to(entry) => {
                    let former = known.insert(Best::new(number, entry));
                    self.add(former.number, former.entry.kind, entry.id, &former.id);
                }
                hash_map::Entry::Occupied(known) => {
                    self.add(number, entry.kind, &known.get().id, entry.id);
                }
            }
            Ok(())
        })
    }

    fn add(&mut self, number: u64, kind: EntryKind, kept: &str, dropped: &str) {
        // An entry without a line needs no mark.
        if kind != EntryKind::Line {
            return;
        }
        self.duplicates.add(kept, dropped);
        let (word, bit) = place(number);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= bit;
    }

    fn has(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Copies the lines that are not dropped to `kept`.
    pub(super) fn copy_remaining(
        &self,
        lines: &mut File,
        keys: &mut File,
        kept: &mut impl Write,
    ) -> io::Result<()> {
        lines.rewind()?;
        let mut lines = BufReader::new(lines);
        let mut line = Vec::new();
        for_each(keys, |number, entry| {
            if entry.kind != EntryKind::Line {
                return Ok(());
            }
            line.clear();
            lines.read_until(b'\n', &mut line)?;
            if self.has(number) {
                return Ok(());
            }
            kept.write_all(&line)
        })
    }
}

fn place(number: u64) -> (usize, u64) {
    let word = usize::try_from(number / 64).unwrap_or(usize::MAX - 1);
    (word, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use catalog_model::Precedence;

    use super::*;

    #[test]
    fn a_repeated_fingerprint_is_found_in_any_partition() {
        let count = PARTITION_SIZE * 2 + 5;
        // An odd multiplier distributes consecutive numbers over all upper bits, as a hash does.
        let spread = |n: u64| u128::from(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 64;
        let mut keys = tempfile::tempfile().unwrap();
        let mut writer = io::BufWriter::new(&mut keys);
        for n in 0..count {
            let entry = Entry {
                fingerprint: spread(n.min(count - 2)),
                kind: EntryKind::Line,
                precedence: Precedence::default(),
                id: "",
            };
            entry.write(&mut writer).unwrap();
        }
        writer.flush().unwrap();
        drop(writer);
        let dropped = DroppedEntries::find(&mut keys, count).unwrap();
        assert_eq!(dropped.duplicates.count, 1);
        assert!(dropped.has(count - 1) && !dropped.has(count - 2));
    }

    #[test]
    fn every_duplicate_names_the_record_that_is_finally_kept() {
        let mut duplicates = Duplicates::default();
        duplicates.add("b", "c");
        duplicates.add("a", "b");
        duplicates.add("a", "d");
        let kept: Vec<_> = duplicates.first.iter().map(|one| &*one.kept).collect();
        assert_eq!((duplicates.count, kept), (3, vec!["a", "a", "a"]));
    }
}
