//! The socket of the monitoring pages. If it cannot be opened, it is retried at each poll.

use std::net::{SocketAddr, TcpListener};

use tracing::info;

use super::background::BackgroundTasks;
use crate::{
    endpoints::{Pages, serve},
    home::Home,
    service_state::Snapshots,
};

/// The address to listen on, and the server if it is running.
pub(super) struct Listener {
    wanted: Option<SocketAddr>,
    due: bool,
    error: Option<String>,
    /// At most one task.
    server: BackgroundTasks<()>,
    home: Home,
    snapshots: Snapshots,
}

impl Listener {
    /// A listener that is not open yet.
    pub(super) fn new(wanted: Option<SocketAddr>, home: Home, snapshots: Snapshots) -> Self {
        Self {
            wanted,
            due: true,
            error: None,
            server: BackgroundTasks::new(),
            home,
            snapshots,
        }
    }

    /// Changes the address, or stops listening.
    pub(super) fn replace(&mut self, wanted: Option<SocketAddr>) {
        if wanted == self.wanted {
            return;
        }
        self.wanted = wanted;
        self.due = true;
        self.error = None;
        self.server.cancel();
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
            && let Some(address) = self.wanted
        {
            self.due = false;
            self.error = self.open(address).err().map(|error| {
                format!("`http.listen`: cannot listen on the address `{address}`: {error}")
            });
        }
        self.error.clone()
    }

    fn open(&mut self, address: SocketAddr) -> std::io::Result<()> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        info!("listening on http://{}", listener.local_addr()?);
        let pages = Pages::new(self.home.clone(), self.snapshots.clone());
        self.server.start(serve(listener, pages));
        Ok(())
    }
}
