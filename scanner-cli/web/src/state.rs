//! What the pages show.

use std::{path::PathBuf, sync::Arc};

use crate::{
    errors::ErrorPage,
    links::Links,
    live::{Live, LiveState},
};

/// The catalog that the pages show. Cheap to clone.
#[derive(Clone)]
pub struct CatalogWeb {
    /// The database of the store.
    pub store: Arc<PathBuf>,
    /// What only the running program knows.
    pub live: Arc<dyn LiveState>,
    /// The addresses of containers.
    pub containers: Arc<[ContainerRoute]>,
    /// Makes the addresses of pages.
    pub links: Links,
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
    /// The catalog of the store at this path. Addresses begin at the root of the server.
    #[must_use]
    pub fn new(store: PathBuf, live: Arc<dyn LiveState>, containers: Vec<ContainerRoute>) -> Self {
        Self {
            store: Arc::new(store),
            live,
            containers: containers.into(),
            links: Links::default(),
        }
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

    /// Runs work that waits for a disk.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ErrorPage> + Send + 'static,
    ) -> Result<T, ErrorPage> {
        let ended = tokio::task::spawn_blocking(work).await;
        ended.unwrap_or_else(|_| Err(ErrorPage::unreadable("the page could not be made")))
    }
}
