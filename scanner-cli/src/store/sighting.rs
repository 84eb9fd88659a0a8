//! What a scan saw, in the form in which the store compares and keeps it. Made in the thread of the scan.

use catalog_model::{SourceId, Visualization};
use sha2::{Digest, Sha256};

use super::stored_item::StoredItem;

/// One thing that a scan saw.
pub(super) enum Sighting {
    Item(Seen),
    /// The source's id of a record that could not be read.
    Unreadable(String),
    /// The key of an item that a filter leaves out, and the rule.
    Filtered(String, String),
    /// The key of an item of which nobody knows whether a filter leaves it out.
    Undecided(String),
}

/// An item that a scan saw.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) key: String,
    pub(super) key_hash: i64,
    /// Empty where the source told none.
    pub(super) source_id: String,
    pub(super) fingerprint: [u8; 16],
    /// As JSON; none where they could not be learned.
    pub(super) contacts: Option<SeenContacts>,
    pub(super) content: String,
}

/// The contacts of an item, as far as they were learned.
#[derive(Clone, Debug)]
pub(super) struct SeenContacts {
    pub(super) fingerprint: i64,
    pub(super) json: String,
}

impl Seen {
    pub(super) fn of(item: &Visualization, id: Option<&SourceId>) -> serde_json::Result<Self> {
        let stored = StoredItem::of(item);
        let key = item.key.as_str();
        let source_id = id.map_or("", |id| id.0.as_str());
        let content = serde_json::to_string(&stored)?;
        let contacts = stored.contacts.as_ref().map(serde_json::to_string);
        Ok(Self {
            key_hash: hash(key),
            fingerprint: fingerprint(&[key, source_id, &content]),
            contacts: contacts.transpose()?.map(|json| SeenContacts {
                fingerprint: hash(&json),
                json,
            }),
            key: key.to_owned(),
            source_id: source_id.to_owned(),
            content,
        })
    }
}

/// 64 bits of SHA-256: what is found by it has to be compared.
pub(super) fn hash(text: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(text));
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// 128 bits of SHA-256: no two items share them by accident, nor can anybody make one that seems to be another.
fn fingerprint(parts: &[&str]) -> [u8; 16] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    let whole = <[u8; 32]>::from(digest.finalize());
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}
