//! The socket of the pages. If it cannot be opened, it is retried at each poll.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use catalog_web::{
    CatalogWeb,
    server::{Site, serve},
};
use tokio::sync::{oneshot, watch};
use tracing::{info, warn};

use super::background::BackgroundTasks;
use crate::{
    application_file::HttpSettings,
    endpoints::{Pages, router},
    home::Home,
    service_state::Snapshots,
};

/// Opens the catalog, or says why it cannot be opened.
pub type OpenCatalog = Box<dyn Fn() -> Result<CatalogWeb, String> + Send>;

/// The address to listen on, and the server if it is running.
pub(super) struct Listener {
    wanted: Option<HttpSettings>,
    due: bool,
    error: Option<String>,
    /// At most one task.
    server: BackgroundTasks<()>,
    /// What the running server serves.
    site: Option<watch::Sender<Arc<Site>>>,
    /// Stops the running server. Dropping it has the same effect.
    stop: Option<oneshot::Sender<()>>,
    /// Opens the catalog. It is opened only if the settings say so, because an open catalog fills an index for searches.
    open_catalog: Option<OpenCatalog>,
    catalog: Option<CatalogWeb>,
    home: Home,
    snapshots: Snapshots,
}

impl Listener {
    /// A listener that is not open yet.
    pub(super) fn new(wanted: Option<HttpSettings>, home: Home, snapshots: Snapshots) -> Self {
        Self {
            wanted,
            due: true,
            error: None,
            server: BackgroundTasks::new(),
            site: None,
            stop: None,
            open_catalog: None,
            catalog: None,
            home,
            snapshots,
        }
    }

    /// Sets what opens the catalog, which is shown if the settings say so.
    pub(super) fn show(&mut self, open_catalog: OpenCatalog) {
        self.open_catalog = Some(open_catalog);
    }

    /// Asks the catalog to read what scans have found.
    pub(super) fn scan_ended(&self) {
        if let Some(catalog) = &self.catalog {
            catalog.browser.update_soon();
        }
    }

    /// Changes the settings, or stops listening. The socket stays open if only other settings than its address change.
    pub(super) fn replace(&mut self, wanted: Option<HttpSettings>) {
        let is_same =
            matches!((&wanted, &self.wanted), (Some(new), Some(old)) if socket(new) == socket(old));
        self.wanted = wanted;
        if !is_same {
            self.due = true;
            self.error = None;
            self.site = None;
            // The socket closes at once; responses that are being sent end on their own.
            self.stop = None;
        } else if let (Some(site), Some(wanted)) = (self.site.clone(), self.wanted.clone()) {
            site.send_replace(Arc::new(self.made(&wanted)));
        }
        self.scan_ended();
    }

    /// Schedules another attempt: an address that was in use may be free now.
    pub(super) fn wake(&mut self) {
        self.due = true;
    }

    /// Opens the socket if an attempt is due. Returns why it cannot be opened.
    pub(super) fn begin(&mut self) -> Option<String> {
        // The previous socket must be closed first.
        self.server.drop_ended();
        if self.server.is_empty()
            && self.due
            && let Some(wanted) = self.wanted.clone()
        {
            self.due = false;
            self.error = self.open(&wanted).err().map(|error| {
                let address = wanted.listen;
                format!("`http.listen`: cannot listen on the address `{address}`: {error}")
            });
        }
        self.error.clone()
    }

    fn open(&mut self, wanted: &HttpSettings) -> std::io::Result<()> {
        let listener = TcpListener::bind(wanted.listen)?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let site = self.made(wanted);
        let scheme = if wanted.server.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let address = listener.local_addr()?;
        info!("listening on {scheme}://{address}");
        if site.has_catalog() {
            let base = &wanted.server.base_path;
            info!("the catalog is at {scheme}://{address}{base}/");
        }
        let (site, current) = watch::channel(Arc::new(site));
        let (stop, stopped) = oneshot::channel();
        self.site = Some(site);
        self.stop = Some(stop);
        self.scan_ended();
        self.server.start(serve(listener, current, async {
            let _ = stopped.await;
        }));
        Ok(())
    }

    /// What is served with these settings.
    fn made(&mut self, wanted: &HttpSettings) -> Site {
        let pages = Pages::new(self.home.clone(), self.snapshots.clone());
        let catalog = match wanted.has_catalog {
            true => self.catalog.take().or_else(|| self.opened()),
            false => None,
        };
        self.catalog.clone_from(&catalog);
        Site::new(wanted.server.clone(), router(pages), catalog)
    }

    fn opened(&self) -> Option<CatalogWeb> {
        let opened = self.open_catalog.as_ref()?();
        opened
            .inspect_err(|error| warn!("the catalog cannot be shown: {error}"))
            .ok()
    }

    /// Stops the server. Waits for responses that are being sent.
    pub(super) async fn stop(&mut self, limit: Duration) {
        self.stop = None;
        self.server.join(limit, |_| {}).await;
    }
}

/// What cannot change while a socket is open.
fn socket(http: &HttpSettings) -> (SocketAddr, bool) {
    (http.listen, http.server.tls.is_some())
}
