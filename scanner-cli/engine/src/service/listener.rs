//! The socket of the pages: opened when it is due, and tried again where it cannot be had.

use std::net::{SocketAddr, TcpListener};

use tracing::info;

use super::background::BackgroundTasks;
use crate::{
    endpoints::{Pages, serve},
    home::Home,
    service_state::Snapshots,
};

/// Where the service listens, or would.
pub(super) struct Listener {
    wanted: Option<SocketAddr>,
    due: bool,
    wrong: Option<String>,
    /// One at most.
    server: BackgroundTasks<()>,
    home: Home,
    snapshots: Snapshots,
}

impl Listener {
    /// One that has not begun.
    pub(super) fn new(wanted: Option<SocketAddr>, home: Home, snapshots: Snapshots) -> Self {
        Self {
            wanted,
            due: true,
            wrong: None,
            server: BackgroundTasks::new(),
            home,
            snapshots,
        }
    }

    /// Listens somewhere else from now on, or nowhere.
    pub(super) fn replace(&mut self, wanted: Option<SocketAddr>) {
        if wanted == self.wanted {
            return;
        }
        self.wanted = wanted;
        self.due = true;
        self.wrong = None;
        self.server.cancel();
    }

    /// An address that could not be had may be free now.
    pub(super) fn wake(&mut self) {
        self.due = true;
    }

    /// Begins to listen, if that is due; says what is in the way.
    pub(super) fn begin(&mut self) -> Option<String> {
        // The former socket has to be closed first.
        self.server.drop_ended();
        if self.server.is_empty()
            && self.due
            && let Some(address) = self.wanted
        {
            self.due = false;
            self.wrong = self.open(address).err().map(|error| {
                format!("`http.listen`: cannot listen on the address `{address}`: {error}")
            });
        }
        self.wrong.clone()
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
