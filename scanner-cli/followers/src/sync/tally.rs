//! What a delivery has done, and its end.

use std::collections::{BTreeMap, BTreeSet};

use catalog_model::{
    ConnectionCode, Feed, FollowError, ItemKey,
    follower::{Acknowledgement, Delivered, Delivery, FeedError, Refusal, Start},
};

/// The key of the note with the codes of the connections of which something was refused.
const REFUSED: &str = "refused";

/// Maximum number of refused items and containers while the catalog has accepted none. If there are more, the catalog is
/// probably not what it should be, and the delivery ends. A catalog that accepts others receives all of them.
const MAX_REFUSED_ONLY: usize = 100;

/// Counts what was stored and refused.
#[derive(Debug)]
pub struct Tally {
    /// Where to, as a person would name it.
    target: String,
    stored: BTreeMap<ConnectionCode, u64>,
    /// Whether the catalog has accepted something, now or in a former delivery.
    has_accepted: bool,
    refused: Vec<Refusal>,
    /// The keys of what was refused.
    refused_keys: BTreeSet<ItemKey>,
    /// The connections of which something was refused or is to be retried, this time and last time.
    refused_again: BTreeSet<ConnectionCode>,
    again: BTreeSet<ConnectionCode>,
    notices: Vec<String>,
}

impl Tally {
    /// Begins a delivery to a catalog that people know by this name.
    ///
    /// # Errors
    /// If the feed cannot be read.
    pub async fn begin(feed: &dyn Feed, target: impl Into<String>) -> Result<Self, FeedError> {
        let note = feed.notes(&[REFUSED.to_owned()]).await?;
        let codes = note.into_iter().flatten().next().unwrap_or_default();
        let codes: Vec<String> = serde_json::from_str(&codes).unwrap_or_default();
        let codes = codes
            .iter()
            .filter_map(|code| ConnectionCode::new(code).ok());
        Ok(Self {
            target: target.into(),
            stored: BTreeMap::new(),
            // After a delivery of everything, the catalog is known to accept something.
            has_accepted: feed.start() != Start::Reset,
            refused: Vec::new(),
            refused_keys: BTreeSet::new(),
            refused_again: BTreeSet::new(),
            again: codes.collect(),
            notices: Vec::new(),
        })
    }

    /// The connections of which the last delivery left something refused: all of them is due again.
    #[must_use]
    pub fn again(&self) -> &BTreeSet<ConnectionCode> {
        &self.again
    }

    /// Notes that the catalog has accepted an entity, now or in a former delivery. So it is not the catalog's fault if it
    /// refuses others.
    pub fn accepted(&mut self) {
        self.has_accepted = true;
    }

    /// Counts items of a connection that were stored.
    pub fn stored(&mut self, code: &ConnectionCode, items: u64) {
        *self.stored.entry(code.clone()).or_default() += items;
    }

    /// Counts an item or container that the catalog refuses. One that is refused twice counts once.
    ///
    /// # Errors
    /// If there are too many and nothing was accepted, so that the delivery ends.
    pub fn refused(
        &mut self,
        code: &ConnectionCode,
        key: ItemKey,
        message: impl Into<String>,
    ) -> Result<(), FollowError> {
        let message = message.into();
        if self.refused_keys.contains(&key) {
            return Ok(());
        }
        if self.refused.len() >= MAX_REFUSED_ONLY && !self.has_accepted {
            return Err(FollowError::Target {
                message: format!(
                    "more than {MAX_REFUSED_ONLY} items and containers were refused and none was accepted; the last one, `{key}`: {message}"
                ),
                hint: Some("check that the catalog is of a supported version".to_owned()),
                source: None,
            });
        }
        self.refused_again.insert(code.clone());
        self.refused_keys.insert(key.clone());
        self.refused.push(Refusal { key, message });
        Ok(())
    }

    /// Makes all of a connection due again in the next delivery, because something could not be written for now.
    pub fn retry(&mut self, code: &ConnectionCode) {
        self.refused_again.insert(code.clone());
    }

    /// Adds a line for people that does not concern a single item.
    pub fn notice(&mut self, notice: impl Into<String>) {
        self.notices.push(notice.into());
    }

    /// Acknowledges everything up to the end of the feed, and notes what was refused.
    ///
    /// # Errors
    /// If that cannot be recorded.
    pub async fn end(self, feed: &dyn Feed) -> Result<Delivery, FeedError> {
        let mut end = Acknowledgement::default();
        if feed.start() != Start::After(feed.end()) {
            end.position = Some(feed.end());
        }
        if self.refused_again != self.again {
            let codes: Vec<_> = self
                .refused_again
                .iter()
                .map(ConnectionCode::as_str)
                .collect();
            let note = serde_json::to_string(&codes).unwrap_or_default();
            let note = (!codes.is_empty()).then_some(note);
            end = end.with_note(REFUSED, note);
        }
        if end != Acknowledgement::default() {
            feed.acknowledge(end).await?;
        }
        let target = self.target;
        let delivered = self
            .stored
            .into_iter()
            .map(|(connection, items)| Delivered {
                connection,
                items,
                target: target.clone(),
            });
        let mut delivery = Delivery::new(delivered.collect());
        delivery.refused = self.refused;
        delivery.notices = self.notices;
        Ok(delivery)
    }
}

#[cfg(test)]
mod tests {
    use catalog_model::contract::follower::{FeedFault, MemoryStore};

    use super::*;

    #[tokio::test]
    async fn an_item_that_is_refused_twice_counts_once() {
        let store = MemoryStore::default();
        let feed = store.feed(FeedFault::None);
        let mut tally = Tally::begin(&feed, "the catalog").await.unwrap();
        let code = ConnectionCode::new("east").unwrap();
        for (key, message) in [("a", "first"), ("b", "other"), ("a", "second")] {
            let key = ItemKey::new(["east", key]).unwrap();
            tally.refused(&code, key, message).unwrap();
        }
        let refused = tally.end(&feed).await.unwrap().refused;
        let messages: Vec<_> = refused.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(messages, ["first", "other"]);
    }
}
