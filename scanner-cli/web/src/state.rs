//! What the pages show.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    errors::ErrorPage,
    links::Links,
    live::{Live, LiveState},
    store::browse::{BrowseError, Browser},
    texts::capitalized,
};

/// The catalog that the pages show. Cheap to clone.
#[derive(Clone)]
pub struct CatalogWeb {
    /// The store, open for reading.
    pub browser: Arc<Browser>,
    /// What only the running program knows.
    pub live: Arc<dyn LiveState>,
    /// The addresses of containers.
    pub containers: Arc<[ContainerRoute]>,
    /// Makes the addresses of pages.
    pub links: Links,
    /// What the items are called.
    pub words: Words,
    /// The requests that may read the store now. The others wait in their order, without a thread.
    pub(crate) readers: Arc<Semaphore>,
}

/// What the items and their source are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One item, such as `report`.
    pub item: &'static str,
    /// Several items, such as `reports`.
    pub items: &'static str,
    /// The kind of source, such as `the report server`.
    pub source: &'static str,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            item: "item",
            items: "items",
            source: "the source",
        }
    }
}

impl Words {
    /// A text in which `{item}`, `{items}`, `{Items}` and `{source}` are replaced.
    pub(crate) fn say(&self, text: &str) -> String {
        text.replace("{item}", self.item)
            .replace("{items}", self.items)
            .replace("{Items}", &capitalized(self.items))
            .replace("{source}", self.source)
    }
}

/// The address of the containers of a kind: `/PATH/CODE/ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRoute {
    /// The first part of the path, such as `folders`.
    pub path: &'static str,
    /// The id of the kind, such as `folder`.
    pub kind: &'static str,
}

impl CatalogWeb {
    /// The catalog of this store. Addresses begin at the root of the server. `containers` begin with the kind that holds
    /// items, and end with the outermost one.
    #[must_use]
    pub fn new(
        browser: Arc<Browser>,
        live: Arc<dyn LiveState>,
        containers: Vec<ContainerRoute>,
    ) -> Self {
        Self {
            readers: Arc::new(Semaphore::new(Browser::max_readers())),
            browser,
            live,
            containers: containers.into(),
            links: Links::default(),
            words: Words::default(),
        }
    }

    /// The same catalog, with these words for its items.
    #[must_use]
    pub fn with_words(self, words: Words) -> Self {
        Self { words, ..self }
    }

    /// The same catalog, whose addresses begin with `base`, such as `/catalog`.
    #[must_use]
    pub fn below(self, base: &str) -> Self {
        Self {
            links: Links::below(base),
            ..self
        }
    }
}

impl CatalogWeb {
    /// Reads the live state in a thread of its own.
    pub(crate) async fn live(&self) -> Result<Live, ErrorPage> {
        let live = Arc::clone(&self.live);
        self.blocking(move || Ok(live.live())).await
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Reads the store in a thread of its own.
    pub(crate) async fn browse<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Browser) -> Result<T, BrowseError> + Send + 'static,
    ) -> Result<T, ErrorPage> {
        let browser = Arc::clone(&self.browser);
        let waited = timeout(browser.settings().time_limit, self.readers.acquire()).await;
        let _place = waited.map_err(|_elapsed| BrowseError::TimedOut)?;
        self.blocking(move || Ok(read(&browser)?)).await
    }

    /// Runs work that waits for a disk.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ErrorPage> + Send + 'static,
    ) -> Result<T, ErrorPage> {
        let ended = tokio::task::spawn_blocking(work).await;
        ended.unwrap_or_else(|_| Err(ErrorPage::unreadable("the page could not be made")))
    }
}
