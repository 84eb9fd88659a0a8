//! Ids of the records of one list: how many are distinct, and which came more than once.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use crate::SinkError;

/// Counts the distinct ids of the records of one list.
///
/// A list of the right length may contain one record twice and lack another, so compare distinct ids, not lengths.
pub trait IdLedger: Send {
    /// Adds the id of the next record.
    ///
    /// # Errors
    /// If it cannot be kept (a full disk); the scan then ends with this error.
    fn add(&mut self, id: &str) -> Result<(), SinkError>;

    /// Closes the ledger and counts.
    ///
    /// # Errors
    /// If the ids that were kept cannot be read back.
    fn close(self: Box<Self>) -> Result<DistinctIds, SinkError>;
}

/// What the ids of a list show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistinctIds {
    /// Number of distinct ids.
    pub distinct: u64,
    /// Number of records whose id came before.
    pub repeated: u64,
    /// The first id that came again.
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

    /// 128 bits of keyed hash: no two ids of a list share one by accident, nor can a site choose ids that do.
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
