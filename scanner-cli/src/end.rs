//! The request to end the process.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

use crate::exit::Exit;

/// Whether the process should end, and with which exit code.
#[derive(Clone, Debug, Default)]
pub(crate) struct End(watch::Sender<Option<Exit>>);

/// How long the program may take to end by itself. systemd and Docker kill it later.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(4_300);

impl End {
    /// Requests the end. If the process does not end by itself in time, it exits with `exit`.
    pub(crate) fn request(&self, exit: Exit) {
        self.0.send_if_modified(|requested| {
            let first = requested.is_none();
            requested.get_or_insert(exit);
            first
        });
    }

    /// Returns the exit code after the time in which the program should have ended by itself.
    pub(crate) async fn overdue(&self) -> Exit {
        let mut requested = self.0.subscribe();
        let exit = match requested.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit::Interrupted),
            Err(_) => std::future::pending().await,
        };
        sleep(SHUTDOWN_TIMEOUT).await;
        exit
    }
}
