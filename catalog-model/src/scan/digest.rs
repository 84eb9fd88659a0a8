//! Digests of records, by which a catalog recognizes that it already has what a record becomes.

use std::fmt;

use super::SourceId;

/// A secret of a catalog. Digests of records are keyed with it, so that nobody can construct two records with one digest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DigestKey(pub [u8; 16]);

/// Without the key, which is a secret.
impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

/// A keyed digest of a record and of everything else that its item depends on: the records of other things, the settings,
/// the filter, and the version of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordDigest(pub u128);

/// The record that an item was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The source's own id of the record.
    pub id: Option<SourceId>,
    /// The digest of the record. Not set: the sink has no key, or something about the record could not be read.
    pub digest: Option<RecordDigest>,
}

impl From<Option<SourceId>> for Origin {
    fn from(id: Option<SourceId>) -> Self {
        Self { id, digest: None }
    }
}
