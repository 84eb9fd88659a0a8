//! The subject of a query: a name, an id, a key or a link.

use catalog_model::{Finding, PropertyValue, ScanError, SessionHold};
use url::Url;

use crate::{
    connections::Ready,
    installation::Installation,
    kept_session::KeptSession,
    store::{CatalogContainer, CatalogItem},
};

/// The subject of a query, to be compared with items and containers.
pub struct Subject<'a> {
    text: &'a str,
    lower: String,
    /// The segments of a link's path.
    segments: Vec<String>,
}

impl<'a> Subject<'a> {
    /// The subject of this text.
    pub fn new(text: &'a str) -> Self {
        let url = Url::parse(text).ok();
        let segments = url.as_ref().and_then(Url::path_segments);
        Self {
            text,
            lower: text.to_lowercase(),
            segments: segments
                .map_or_else(Vec::new, |segments| segments.map(str::to_owned).collect()),
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text
    }

    /// The text in lower case.
    #[must_use]
    pub fn lower(&self) -> &str {
        &self.lower
    }

    /// Whether the text names this item.
    pub fn is(&self, found: &CatalogItem<'_>) -> bool {
        let item = &found.item;
        let mut parts = found.key.split('/').skip(1);
        self.is_link(found)
            || found.source_id == self.text
            || parts.any(|part| part == self.text)
            || item.name.to_lowercase() == self.lower
            || item
                .label
                .iter()
                .any(|part| part.to_lowercase() == self.lower)
    }

    /// Whether the text names this app or stream: by its id, its name, or a link that ends with its id.
    pub fn is_container(&self, found: &CatalogContainer<'_>) -> bool {
        let container = &found.container;
        let id = &container.id.0;
        id == self.text
            || container.name.to_lowercase() == self.lower
            || self.segments.last().is_some_and(|last| last == id)
    }

    /// Whether the text is a link to the item: one of its URL properties, or a link that contains all parts of its key.
    fn is_link(&self, found: &CatalogItem<'_>) -> bool {
        if self.segments.is_empty() {
            return false;
        }
        let mut values = found.item.properties.iter();
        let own = values.any(
            |(_, value)| matches!(value, PropertyValue::Url(url) if url.as_str() == self.text),
        );
        let mut parts = found.key.split('/').skip(1);
        own || parts.all(|part| self.segments.iter().any(|segment| segment == part))
    }
}

impl Installation {
    /// Looks up `subject` at the source, with the kept session. Returns `None` if the source does not support lookups.
    ///
    /// # Errors
    /// If the source cannot be read.
    pub async fn find_at_source(
        &self,
        ready: &Ready,
        subject: &str,
        hold: SessionHold,
    ) -> Result<Option<Vec<Finding>>, ScanError> {
        let session = KeptSession::resume(ready.connection.as_ref(), &self.home, &ready.code);
        let found = match ready.connection.lookup() {
            Some(lookup) => lookup.find(subject).await.map(Some),
            None => Ok(None),
        };
        // Problems of the session are ignored here; the next scan reports them.
        session.end(hold).await;
        found
    }
}
