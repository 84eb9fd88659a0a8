//! What a scan saw, in the form in which the store compares and keeps it. Made in the thread of the scan.

use catalog_model::{ItemKey, Precedence, SourceId, Visualization};
use sha2::{Digest, Sha256};

use super::{
    running::Known,
    stored_item::StoredItem,
    texts::{self, LongText},
    undo::Rival,
};
use crate::spool::Record;

/// One thing that a scan saw.
pub(super) enum Sighting {
    Item(Seen),
    /// The source's id of a record that could not be read.
    Unreadable(String),
    /// A record that is not to be in the catalog.
    Ruled(Ruled),
}

impl Sighting {
    /// Bytes of its texts.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Item(seen) => seen.bytes(),
            Self::Unreadable(id) => id.len(),
            Self::Ruled(ruled) => {
                let rule = ruled.rule.as_ref().map_or(0, String::len);
                ruled.key.len() + ruled.record.source_id.len() + rule
            }
        }
    }
}

/// A record that is not to be in the catalog, or of which nobody knows whether it is.
#[derive(Clone, Debug)]
pub(super) struct Ruled {
    pub(super) key: String,
    pub(super) record: Rival,
    /// The rule of a filter that excludes it; without one it is undecided.
    pub(super) rule: Option<String>,
}

impl Ruled {
    pub(super) fn new(key: &ItemKey, (precedence, id): Record<'_>, rule: Option<String>) -> Self {
        Self {
            key: key.as_str().to_owned(),
            record: Rival {
                precedence,
                source_id: id.map_or_else(String::new, |id| id.0.clone()),
                excluded: rule.is_some(),
            },
            rule,
        }
    }
}

/// An item that a scan saw.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) key: String,
    pub(super) key_hash: i64,
    /// Empty where the source told none.
    pub(super) source_id: String,
    pub(super) precedence: Precedence,
    pub(super) fingerprint: [u8; 16],
    /// As JSON; none where they could not be learned.
    pub(super) contacts: Option<SeenContacts>,
    /// As JSON, without the long texts.
    pub(super) content: String,
    pub(super) texts: Vec<LongText>,
}

/// The contacts of an item, as far as they were learned.
#[derive(Clone, Debug)]
pub(super) struct SeenContacts {
    pub(super) fingerprint: i64,
    pub(super) json: String,
}

impl Seen {
    pub(super) fn of(item: &Visualization, id: Option<&SourceId>) -> serde_json::Result<Self> {
        let mut stored = StoredItem::of(item);
        let texts = texts::take(&mut stored);
        let key = item.key.as_str();
        let source_id = id.map_or("", |id| id.0.as_str());
        let content = serde_json::to_string(&stored)?;
        let contacts = stored.contacts.as_ref().map(serde_json::to_string);
        Ok(Self {
            key_hash: hash(key),
            fingerprint: match texts::references(&texts) {
                Some(references) => fingerprint(&[key, source_id, &content, &references]),
                None => fingerprint(&[key, source_id, &content]),
            },
            contacts: contacts.transpose()?.map(|json| SeenContacts {
                fingerprint: hash(&json),
                json,
            }),
            key: key.to_owned(),
            source_id: source_id.to_owned(),
            precedence: item.precedence,
            content,
            texts,
        })
    }
}

impl Seen {
    fn bytes(&self) -> usize {
        let contacts = self
            .contacts
            .as_ref()
            .map_or(0, |contacts| contacts.json.len());
        let texts: usize = self.texts.iter().map(LongText::bytes).sum();
        self.key.len() + self.source_id.len() + self.content.len() + contacts + texts
    }

    /// The fields in which the item differs from what the store holds of it.
    pub(super) fn changed_fields(
        &self,
        former: Option<StoredItem<'_>>,
        known: &Known,
    ) -> Vec<String> {
        let mut fields = match (former, StoredItem::read(&self.content, None)) {
            (Some(former), Ok(mut new)) => {
                texts::put_all(&mut new, &self.texts);
                new.differences(&former)
            }
            // Nothing that this program wrote reads like that; all may have changed then.
            _ => vec!["content".to_owned()],
        };
        let contacts = self.contacts.as_ref();
        if contacts.is_some_and(|contacts| Some(contacts.fingerprint) != known.contacts) {
            fields.push("contacts".to_owned());
        }
        fields
    }
}

/// 64 bits of SHA-256: what is found by it has to be compared.
pub(super) fn hash(text: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(text));
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// 128 bits of SHA-256: no two items share them by accident, nor can anybody make one that seems to be another.
pub(super) fn fingerprint(parts: &[&str]) -> [u8; 16] {
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
