//! What a follower last sent of an entity.

use std::collections::BTreeMap;

use catalog_model::{Feed, follower::FeedError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// What was last sent of an entity, and acknowledged by the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Which server it was sent to: a [hash] of what identifies it. A note about another server is not valid.
    #[serde(rename = "s")]
    pub server: String,
    /// A [hash] of the content, with the version of the mapping; empty if the entity was removed.
    #[serde(rename = "h", default, skip_serializing_if = "String::is_empty")]
    pub content: String,
    /// The entries of parts that people edit as well, by the name of the part: those that the follower has added. A part
    /// that is missing was never sent.
    #[serde(rename = "p", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Vec<String>>,
}

impl Note {
    /// The text that the feed keeps.
    #[must_use]
    pub fn text(&self) -> String {
        // A structure of texts can be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether the entity was removed, or is not known to be in the catalog.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.content.is_empty()
    }
}

/// The notes under these keys, in their order. A note that cannot be read, because another version wrote it, is `None`: its
/// entity is delivered again.
///
/// # Errors
/// If the feed cannot be read.
pub async fn notes<N: DeserializeOwned>(
    feed: &dyn Feed,
    keys: &[String],
) -> Result<Vec<Option<N>>, FeedError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let notes = feed.notes(keys).await?;
    let read = |note: Option<String>| serde_json::from_str(&note?).ok();
    Ok(notes.into_iter().map(read).collect())
}

/// A short hash: enough to see that something is the same, within one entity.
#[must_use]
pub fn hash(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        // The length keeps two lists of parts apart that read the same.
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    digest
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back_and_is_short() {
        let note = Note {
            server: hash(&["https://catalog.example.com/"]),
            content: hash(&["1", "{}"]),
            parts: BTreeMap::from([("tags".to_owned(), vec!["a".to_owned()])]),
        };
        let text = note.text();
        assert_eq!(serde_json::from_str::<Note>(&text).unwrap(), note);
        assert!(text.len() < 100, "{text}");
    }

    #[test]
    fn a_hash_keeps_its_parts_apart() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_eq!(hash(&["a"]).len(), 24);
    }
}
