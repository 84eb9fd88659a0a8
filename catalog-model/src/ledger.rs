//! Counts the distinct ids of the records of one list, and finds repeated ones.

use std::{
    collections::HashSet,
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
};

use crate::SinkError;

/// Counts the distinct ids of the records of one list.
///
/// A list with the expected length may contain one record twice and lack another. So compare distinct ids, not lengths.
pub trait IdLedger: Send {
    /// Adds the id of the next record.
    ///
    /// # Errors
    /// If it cannot be stored (a full disk); the scan then ends with this error.
    fn add(&mut self, id: &str) -> Result<(), SinkError>;

    /// Closes the ledger and counts.
    ///
    /// # Errors
    /// If the stored ids cannot be read.
    fn close(self: Box<Self>) -> Result<DistinctIds, SinkError>;
}

/// The result of counting the ids of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistinctIds {
    /// Number of distinct ids.
    pub distinct: u64,
    /// Number of records whose id occurred before.
    pub repeated: u64,
    /// The first id that occurred again.
    pub first_repeated: Option<String>,
}

/// A set of keyed hashes of 128 bits, which are not hashed again.
pub type FingerprintSet = HashSet<u128, BuildHasherDefault<FingerprintHasher>>;

/// Uses a part of a fingerprint as its hash.
#[derive(Debug, Default)]
pub struct FingerprintHasher(u64);

impl Hasher for FingerprintHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u128(&mut self, fingerprint: u128) {
        self.write(&fingerprint.to_le_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.0 ^= u64::from_le_bytes(*word);
        }
        for byte in rest {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}

/// A ledger in memory: 16 bytes of keyed hash for each distinct id.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    hashers: [RandomState; 2],
    known: FingerprintSet,
    ids: DistinctIds,
}

impl MemoryLedger {
    /// Returns a keyed hash of 128 bits. Collisions do not occur by accident, and a site cannot construct them.
    #[must_use]
    pub fn fingerprint(&self, id: &str) -> u128 {
        let [high, low] = &self.hashers;
        u128::from(high.hash_one(id)) << 64 | u128::from(low.hash_one(id))
    }

    /// Adds an id with its fingerprint, if fewer than `limit` are known, or counts it as repeated. Returns `false` if there is
    /// no room for it.
    pub fn note(&mut self, id: &str, fingerprint: u128, limit: usize) -> bool {
        let has_room = self.known.len() < limit;
        let is_known = match has_room {
            true => !self.known.insert(fingerprint),
            false => self.known.contains(&fingerprint),
        };
        if is_known {
            self.ids.repeated += 1;
            self.ids.first_repeated.get_or_insert_with(|| id.to_owned());
        }
        has_room || is_known
    }
}

impl IdLedger for MemoryLedger {
    fn add(&mut self, id: &str) -> Result<(), SinkError> {
        let fingerprint = self.fingerprint(id);
        self.note(id, fingerprint, usize::MAX);
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<DistinctIds, SinkError> {
        Ok(DistinctIds {
            distinct: self.known.len() as u64,
            ..self.ids
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_ids_are_counted_and_the_first_repeated_one_is_named() {
        let mut ledger = Box::<MemoryLedger>::default();
        for id in ["a", "b", "a", "c", "b", "a", "A"] {
            ledger.add(id).unwrap();
        }
        let expected = DistinctIds {
            distinct: 4,
            repeated: 3,
            first_repeated: Some("a".to_owned()),
        };
        assert_eq!(ledger.close().unwrap(), expected);
    }
}
