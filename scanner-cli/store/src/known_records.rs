//! The digests of the records that a connection's items were made of, in memory while the connection is scanned.
//!
//! The thread of the scan asks for each record whether its item is in the store. The writer notes the items that it finds or
//! writes. If two records have one key, both threads may handle one of them, in any order: an item that was recognized counts
//! as seen for the writer, and an item that the writer has written is not recognized any more.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use catalog_model::RecordDigest;

/// Maximum number of items that are known at once, in all running scans. They use 26 MB. Further items are looked up in the
/// database.
pub const MAX_KNOWN: usize = 1_250_000;

/// The records of one connection.
#[derive(Default)]
pub struct KnownRecords(Mutex<Table>);

/// The number of an item in the database, and the digest of its record.
pub type NumberedRecord = (i64, Option<[u8; 16]>);

/// The records, sorted by digest.
#[derive(Default)]
struct Table {
    /// The attempt that may recognize records: the one that the writer knows.
    attempt: i64,
    records: Vec<DigestRecord>,
    /// For each record `SEEN`, `WRITTEN` or both.
    flags: Vec<u8>,
    /// Number of records that this attempt has recognized.
    recognized: i64,
}

/// A digest, and the number of its item in the database, both with the highest byte first. Without padding.
pub type DigestRecord = [u8; 20];

/// This attempt has seen the item, and the item is as it was.
const SEEN: u8 = 1;
/// This scan has written the item, so that it may differ from its record.
const WRITTEN: u8 = 2;

impl fmt::Debug for KnownRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} known records", self.len())
    }
}

impl KnownRecords {
    fn table(&self) -> MutexGuard<'_, Table> {
        // A table is never left half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table().records.len()
    }

    /// Whether no digests are loaded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Begins the first attempt with these records.
    pub fn fill(&self, mut records: Vec<DigestRecord>, attempt: i64) {
        records.sort_unstable();
        *self.table() = Table {
            attempt,
            flags: vec![0; records.len()],
            records,
            recognized: 0,
        };
    }

    /// Begins another attempt, which has not seen anything yet.
    pub fn restart(&self, attempt: i64) {
        let mut table = self.table();
        table.attempt = attempt;
        table.recognized = 0;
        for flags in &mut table.flags {
            *flags &= !SEEN;
        }
    }

    /// Whether an attempt sees the item of this record now for the first time, and the item is as the record says.
    pub(crate) fn recognize(&self, attempt: i64, digest: RecordDigest) -> bool {
        let mut table = self.table();
        if table.attempt != attempt {
            return false;
        }
        let Some(index) = table.find(&head(&digest.0.to_be_bytes(), 0)) else {
            return false;
        };
        let is_next = |record: &DigestRecord| record[..16] == digest.0.to_be_bytes();
        // Two items with one digest cannot be. If they are, neither is recognized.
        let is_one = table.records.get(index).is_some_and(is_next)
            && !table.records.get(index + 1).is_some_and(is_next);
        if !is_one || table.flags[index] != 0 {
            return false;
        }
        table.flags[index] |= SEEN;
        table.recognized += 1;
        true
    }

    /// Number of records that this attempt has recognized.
    #[must_use]
    pub fn recognized(&self) -> i64 {
        self.table().recognized
    }

    /// Whether this attempt has seen this item as it was.
    #[must_use]
    pub fn is_seen(&self, item: NumberedRecord) -> bool {
        let table = self.table();
        let index = table.index_of(item);
        index.is_some_and(|index| table.flags[index] & SEEN != 0)
    }

    /// Notes that the scan may write an item, unless its record was recognized, so that it is not recognized from now on.
    pub fn claim(&self, item: NumberedRecord) -> Claim {
        let mut table = self.table();
        let Some(index) = table.index_of(item) else {
            return Claim::Unknown;
        };
        match table.flags[index] {
            flags if flags & SEEN != 0 => Claim::Recognized,
            flags if flags & WRITTEN != 0 => Claim::Again,
            flags => {
                table.flags[index] = flags | WRITTEN;
                Claim::First
            }
        }
    }

    /// Notes that this attempt has seen an item as it was. Returns whether the item is known.
    pub fn see(&self, item: NumberedRecord) -> bool {
        self.flag(item, SEEN)
    }

    /// Notes that the scan writes an item.
    pub fn write(&self, item: NumberedRecord) {
        self.flag(item, WRITTEN);
    }

    fn flag(&self, item: NumberedRecord, flag: u8) -> bool {
        let mut table = self.table();
        let index = table.index_of(item);
        if let Some(index) = index {
            table.flags[index] |= flag;
        }
        index.is_some()
    }

    /// Returns the numbers of the items that the attempt may not have seen, or has seen. Sorted.
    #[must_use]
    pub fn items(&self, which: KnownItems) -> Vec<u32> {
        let table = self.table();
        // What the first attempt has written has its number in the database.
        let mask = match which {
            KnownItems::Unseen if table.attempt == 1 => SEEN | WRITTEN,
            KnownItems::Unseen | KnownItems::Seen => SEEN,
        };
        let all = table.records.iter().zip(&table.flags);
        let selected = all.filter(|(_, flags)| (*flags & mask != 0) == (which == KnownItems::Seen));
        let mut items: Vec<_> = selected.map(|(record, _)| number(record)).collect();
        items.sort_unstable();
        items
    }
}

/// What was known of an item when it was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is not among the records.
    Unknown,
    /// Nothing.
    First,
    /// It had been claimed.
    Again,
    /// This attempt had seen it as it was.
    Recognized,
}

/// Selects items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownItems {
    /// Those that the attempt has seen.
    Seen,
    /// The others.
    Unseen,
}

impl Table {
    fn index_of(&self, (item, digest): NumberedRecord) -> Option<usize> {
        let number = u32::try_from(item).ok()?;
        let record = head(&digest?, number);
        let index = self.find(&record)?;
        (self.records.get(index) == Some(&record)).then_some(index)
    }

    /// The index of the first record that is not less than `wanted`. `None` if there are no records.
    ///
    /// Digests are evenly distributed, so the index can be estimated. The estimate is wrong by about the square root of the
    /// number of records.
    fn find(&self, wanted: &DigestRecord) -> Option<usize> {
        let (mut low, mut high) = (0, self.records.len());
        let last = high.checked_sub(1)?;
        let estimate = (u128::from(prefix(wanted)) * high as u128) >> 64;
        let mut at = usize::try_from(estimate).unwrap_or(last).min(last);
        let mut step = 16;
        // Enclose it by steps that grow, then halve what is between.
        if self.records[at] < *wanted {
            loop {
                low = at + 1;
                at = at.saturating_add(step).min(last);
                if low > last || self.records[at] >= *wanted {
                    break;
                }
                step *= 2;
            }
            high = if low > last { low } else { at + 1 };
        } else {
            loop {
                high = at + 1;
                if at == 0 {
                    break;
                }
                at = at.saturating_sub(step);
                if self.records[at] < *wanted {
                    low = at + 1;
                    break;
                }
                step *= 2;
            }
        }
        let between = self.records.get(low..high)?;
        Some(low + between.partition_point(|record| record < wanted))
    }
}

/// Creates a record.
#[must_use]
pub fn head(digest: &[u8; 16], number: u32) -> DigestRecord {
    let mut record = [0; 20];
    record[..16].copy_from_slice(digest);
    record[16..].copy_from_slice(&number.to_be_bytes());
    record
}

/// The first bytes of a digest, as a number.
fn prefix(record: &DigestRecord) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *record;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

fn number(record: &DigestRecord) -> u32 {
    let [.., a, b, c, d] = *record;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u64) -> u128 {
        let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        u128::from(mixed) << 64 | u128::from(n)
    }

    fn table(count: u64) -> KnownRecords {
        let known = KnownRecords::default();
        let records = (1..=count).map(|n| head(&digest(n).to_be_bytes(), n as u32));
        known.fill(records.collect(), 1);
        known
    }

    fn row(n: u64) -> NumberedRecord {
        (n as i64, Some(digest(n).to_be_bytes()))
    }

    #[test]
    fn every_record_is_recognized_once_and_no_other_one_is() {
        for count in [0, 1, 2, 3, 17, 1_000, 20_000] {
            let known = table(count);
            for n in 1..=count {
                assert!(
                    known.recognize(1, RecordDigest(digest(n))),
                    "{n} of {count}"
                );
                assert!(!known.recognize(1, RecordDigest(digest(n))));
                assert!(known.is_seen(row(n)));
            }
            for unknown in [0, 1, u128::MAX, digest(count + 1)] {
                assert!(!known.recognize(1, RecordDigest(unknown)));
            }
            assert_eq!(known.recognized(), count as i64);
            assert!(known.items(KnownItems::Unseen).is_empty());
        }
    }

    #[test]
    fn digests_that_are_not_evenly_distributed_are_found_as_well() {
        let known = KnownRecords::default();
        let digests = |n: u128| [n, u128::MAX - n, n << 60];
        let all: Vec<_> = (1..2_000).flat_map(digests).collect();
        let records = all.iter().zip(1..);
        let records = records.map(|(digest, n)| head(&digest.to_be_bytes(), n));
        known.fill(records.collect(), 1);
        assert!(
            all.iter()
                .all(|digest| known.recognize(1, RecordDigest(*digest)))
        );
    }

    #[test]
    fn what_the_writer_has_written_is_not_recognized_in_any_attempt() {
        let known = table(10);
        known.write(row(3));
        assert!(known.see(row(4)) && !known.see(row(11)));
        for n in [3, 4] {
            assert!(!known.recognize(1, RecordDigest(digest(n))));
        }
        assert!(known.recognize(1, RecordDigest(digest(5))));
        assert!(
            !known.recognize(2, RecordDigest(digest(6))),
            "the writer does not know it"
        );
        known.restart(2);
        assert_eq!(known.recognized(), 0);
        assert!(!known.recognize(1, RecordDigest(digest(6))));
        for (n, is_recognized) in [(3, false), (4, true), (5, true)] {
            assert_eq!(
                known.recognize(2, RecordDigest(digest(n))),
                is_recognized,
                "{n}"
            );
        }
        assert_eq!(known.items(KnownItems::Seen), [4, 5]);
        assert_eq!(known.items(KnownItems::Unseen), [1, 2, 3, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn two_items_with_one_digest_are_not_recognized() {
        let known = KnownRecords::default();
        let one = |n: u32| head(&digest(1).to_be_bytes(), n);
        known.fill(vec![one(2), one(1)], 1);
        assert!(!known.recognize(1, RecordDigest(digest(1))));
    }
}
