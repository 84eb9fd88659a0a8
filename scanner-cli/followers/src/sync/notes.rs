//! What a follower last sent of an entity.

use std::{collections::BTreeMap, fmt::Write as _};

use catalog_model::{
    Feed,
    follower::{Acknowledgement, FeedError},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// What was last sent of an entity, and acknowledged by the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Which server it was sent to: a [hash] of what identifies it. A note about another server is not valid.
    #[serde(rename = "s")]
    pub server: String,
    /// What is known of the entity.
    #[serde(rename = "h", default, skip_serializing_if = "Content::is_unknown")]
    pub content: Content,
    /// The entries of parts that people edit as well, by the name of the part: those that the follower has added. A
    /// part that is missing was never sent.
    #[serde(rename = "p", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: Parts,
    /// Entries of which it is not known whether the catalog has them, because no answer came when they were added. They
    /// are noted before the request, so that they are not taken for those of people.
    #[serde(rename = "m", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub maybe: Parts,
    /// Whether somebody may have changed the entity in the catalog since, so that it is to be compared: in a
    /// [full](Feed::is_full) delivery.
    #[serde(skip)]
    pub is_doubted: bool,
}

/// Entries by the name of their part.
pub type Parts = BTreeMap<String, Vec<String>>;

/// What is known of an entity in the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Nothing: it may be there or not.
    #[default]
    #[serde(rename = "?")]
    Unknown,
    /// The follower has removed it, or it is not there.
    #[serde(rename = "-")]
    Removed,
    /// It is being removed or brought back. No answer came, so it may be there or not.
    #[serde(rename = "!")]
    Moving,
    /// It is there and is being changed. No answer came, so its content is not known.
    #[serde(rename = "~")]
    Changing,
    /// It is there. The text is a [hash] of its content, with the version of the mapping.
    #[serde(untagged)]
    Stored(String),
}

impl Content {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

impl Note {
    /// The text that the feed keeps.
    #[must_use]
    pub fn text(&self) -> String {
        // A structure of texts can be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What is to be added to and removed from a part, so that it has these entries of the follower.
    #[must_use]
    pub fn difference(&self, part: &str, wanted: &[String]) -> (Vec<String>, Vec<String>) {
        let none = Vec::new();
        let known = self.parts.get(part).unwrap_or(&none);
        let maybe = self.maybe.get(part).unwrap_or(&none);
        let is_known = |entry: &&String| {
            known.contains(entry) && !maybe.contains(entry) && !self.content.is_unknown()
        };
        let added = wanted.iter().filter(|entry| !is_known(entry));
        let is_new = |entry: &&String| !known.contains(entry);
        let all = known.iter().chain(maybe.iter().filter(is_new));
        let removed = all.filter(|entry| !wanted.contains(entry));
        (added.cloned().collect(), removed.cloned().collect())
    }

    /// Notes that the entity will be removed.
    pub fn begin_removal(&mut self) {
        if self.content != Content::Unknown {
            self.content = Content::Moving;
        }
    }

    /// Notes that the entity will be written, and brought back if it was removed.
    pub fn begin_change(&mut self) {
        match self.content {
            Content::Unknown | Content::Moving | Content::Changing => {}
            Content::Removed => self.content = Content::Moving,
            Content::Stored(_) => self.content = Content::Changing,
        }
    }

    /// Notes that these entries will be added to a part.
    pub fn add_maybe(&mut self, part: &str, added: &[String]) {
        if added.is_empty() {
            return;
        }
        let maybe = self.maybe.entry(part.to_owned()).or_default();
        let is_new = |entry: &&String| !maybe.contains(entry);
        let new: Vec<_> = added.iter().filter(is_new).cloned().collect();
        maybe.extend(new);
    }
}

/// The notes under these keys, in their order. A note that cannot be read, because another version wrote it, is `None`:
/// its entity is delivered again.
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

/// What was last sent to a server of the entities with these keys, in their order: nothing, if the note is about another
/// server. With `is_doubted`, somebody may have changed the entities since.
///
/// # Errors
/// If the feed cannot be read.
pub async fn notes_about(
    feed: &dyn Feed,
    server: &str,
    keys: &[String],
    is_doubted: bool,
) -> Result<Vec<Note>, FeedError> {
    let own = |note: Option<Note>| {
        let note = note.filter(|note| note.server == server);
        let note = note.unwrap_or_else(|| Note {
            server: server.to_owned(),
            ..Note::default()
        });
        Note { is_doubted, ..note }
    };
    let notes = notes(feed, keys).await?;
    Ok(notes.into_iter().map(own).collect())
}

/// Acknowledges notes, if there are any.
///
/// # Errors
/// If they cannot be recorded.
pub async fn acknowledge(feed: &dyn Feed, notes: Acknowledgement) -> Result<(), FeedError> {
    match notes.notes.is_empty() {
        true => Ok(()),
        false => feed.acknowledge(notes).await,
    }
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
    let mut hash = String::with_capacity(24);
    for byte in digest.iter().take(12) {
        // Writing to a `String` cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_note_is_read_back_and_is_short() {
        for (content, written) in [
            (Content::Unknown, r#"{"s":"x","p":{"tags":["a"]}}"#),
            (Content::Removed, r#"{"s":"x","h":"-","p":{"tags":["a"]}}"#),
            (Content::Moving, r#"{"s":"x","h":"!","p":{"tags":["a"]}}"#),
            (Content::Changing, r#"{"s":"x","h":"~","p":{"tags":["a"]}}"#),
            (
                Content::Stored("1f".to_owned()),
                r#"{"s":"x","h":"1f","p":{"tags":["a"]}}"#,
            ),
        ] {
            let note = Note {
                server: "x".to_owned(),
                content,
                parts: BTreeMap::from([("tags".to_owned(), texts(&["a"]))]),
                maybe: BTreeMap::new(),
                is_doubted: false,
            };
            assert_eq!(note.text(), written);
            assert_eq!(serde_json::from_str::<Note>(written).unwrap(), note);
        }
    }

    #[test]
    fn only_the_difference_to_what_was_sent_is_added_and_removed() {
        let mut note = Note::default();
        let wanted = texts(&["a", "b"]);
        assert_eq!(note.difference("tags", &wanted), (wanted.clone(), vec![]));
        note.parts.insert("tags".to_owned(), texts(&["a", "old"]));
        note.content = Content::Stored("1f".to_owned());
        let expected = (texts(&["b"]), texts(&["old"]));
        assert_eq!(note.difference("tags", &wanted), expected);
        // The answer did not come: it is added again, or removed.
        note.add_maybe("tags", &expected.0);
        assert_eq!(note.difference("tags", &wanted), expected);
        let expected = (vec![], texts(&["old", "b"]));
        assert_eq!(note.difference("tags", &texts(&["a"])), expected);
    }

    #[test]
    fn a_hash_keeps_its_parts_apart() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_eq!(hash(&["a"]).len(), 24);
    }
}
