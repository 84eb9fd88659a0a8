//! Counts the distinct ids of the records of one list, and finds repeated ones.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
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

/// A ledger in memory: 16 bytes of keyed hash for each distinct id.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    hashers: [RandomState; 2],
    known: HashSet<u128>,
    ids: DistinctIds,
}

impl MemoryLedger {
    /// Number of distinct ids so far.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.known.len()
    }

    /// Returns a keyed hash of 128 bits. Collisions do not occur by accident, and a site cannot construct them.
    #[must_use]
    pub fn fingerprint(&self, id: &str) -> u128 {
        let [high, low] = &self.hashers;
        u128::from(high.hash_one(id)) << 64 | u128::from(low.hash_one(id))
    }

    /// Counts `id` as repeated if it is known. Returns whether it is known.
    pub fn repeats(&mut self, id: &str, fingerprint: u128) -> bool {
        let known = self.known.contains(&fingerprint);
        if known {
            self.ids.repeated += 1;
            self.ids.first_repeated.get_or_insert_with(|| id.to_owned());
        }
        known
    }
}

impl IdLedger for MemoryLedger {
    fn add(&mut self, id: &str) -> Result<(), SinkError> {
        let fingerprint = self.fingerprint(id);
        if !self.repeats(id, fingerprint) {
            self.known.insert(fingerprint);
        }
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
