//! Counts the distinct ids of a list, in memory that does not grow with the list.
//!
//! The first ids are kept in memory as fingerprints. The others are written to a temporary file and sorted one
//! partition at a time, like the keys of lines.

use std::{
    fs::File,
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use catalog_model::{DistinctIds, FingerprintSet, IdLedger, MemoryLedger, Precedence, SinkError};

use super::{
    cannot_spool,
    duplicates::{Partition, repeated},
    entries::{Entry, EntryKind, for_each},
};

/// Maximum number of fingerprints in memory: what fits into a table of 2^17 places, which uses 2 MB.
const MAX_FINGERPRINTS_IN_MEMORY: usize = (1 << 17) / 8 * 7;

/// A ledger whose memory is bounded.
pub struct Ledger {
    memory: MemoryLedger,
    limit: usize,
    spilled: Option<Spilled>,
    folder: PathBuf,
}

/// Ids that are not in memory, including repetitions.
struct Spilled {
    keys: BufWriter<File>,
    count: u64,
}

impl Ledger {
    /// Creates an empty ledger. If it needs a temporary file, it creates one without a name in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            memory: MemoryLedger::default(),
            limit: MAX_FINGERPRINTS_IN_MEMORY,
            spilled: None,
            folder: folder.to_path_buf(),
        }
    }

    fn spill(&mut self, id: &str, fingerprint: u128) -> io::Result<()> {
        let mut spilled = match self.spilled.take() {
            Some(spilled) => spilled,
            None => Spilled {
                keys: super::new_keys(&self.folder)?,
                count: 0,
            },
        };
        let entry = Entry {
            fingerprint,
            kind: EntryKind::Line,
            precedence: Precedence::default(),
            id,
        };
        entry.write(&mut spilled.keys)?;
        spilled.count += 1;
        self.spilled = Some(spilled);
        Ok(())
    }
}

impl IdLedger for Ledger {
    fn add(&mut self, id: &str) -> Result<(), SinkError> {
        let fingerprint = self.memory.fingerprint(id);
        match self.memory.note(id, fingerprint, self.limit) {
            true => Ok(()),
            false => self.spill(id, fingerprint).map_err(cannot_spool),
        }
    }

    fn close(self: Box<Self>) -> Result<DistinctIds, SinkError> {
        let mut ids = Box::new(self.memory).close()?;
        if let Some(spilled) = self.spilled {
            spilled.count(&mut ids).map_err(cannot_spool)?;
        }
        Ok(ids)
    }
}

impl Spilled {
    fn count(self, ids: &mut DistinctIds) -> io::Result<()> {
        let mut keys = self
            .keys
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let mut left_out = 0;
        for partition in Partition::all(self.count) {
            let repeated = repeated(&mut keys, partition)?;
            if repeated.is_empty() {
                continue;
            }
            let mut seen = FingerprintSet::default();
            for_each(&mut keys, |_, entry| {
                let Entry {
                    fingerprint, id, ..
                } = entry;
                if repeated.contains(&fingerprint) && !seen.insert(fingerprint) {
                    left_out += 1;
                    ids.first_repeated.get_or_insert_with(|| id.to_owned());
                }
                Ok(())
            })?;
        }
        ids.repeated += left_out;
        ids.distinct += self.count - left_out;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the ids with room for `limit` of them in memory.
    fn check(limit: usize, ids: &[&str], distinct: u64, repeated: u64, first: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Box::new(Ledger {
            limit,
            ..Ledger::new(folder.path())
        });
        for id in ids {
            ledger.add(id).unwrap();
        }
        let counted = ledger.close().unwrap();
        let expected = DistinctIds {
            distinct,
            repeated,
            first_repeated: first.map(str::to_owned),
        };
        assert_eq!(counted, expected, "{limit}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn ids_are_counted_equally_in_memory_and_on_disk() {
        for limit in [0, 1, 2, 3, 100] {
            check(
                limit,
                &["a", "b", "c", "c", "b", "c"],
                3,
                3,
                Some(if limit == 2 { "b" } else { "c" }),
            );
            check(limit, &["a", "b", "c"], 3, 0, None);
            check(limit, &[], 0, 0, None);
        }
    }
}
