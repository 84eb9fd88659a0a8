//! The end that somebody asked for.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

use crate::exit::Exit;

/// Knows whether somebody asked for the end of the process, and with which exit code it ends then.
#[derive(Clone, Debug, Default)]
pub(crate) struct End(watch::Sender<Option<Exit>>);

/// How long the program may take to end by itself. Those who ask, such as systemd and Docker, kill it later.
const GRACE: Duration = Duration::from_millis(4_300);

impl End {
    /// Asks for the end, after which the process exits with `exit` unless it ends sooner by itself.
    pub(crate) fn ask(&self, exit: Exit) {
        self.0.send_if_modified(|asked| {
            let first = asked.is_none();
            asked.get_or_insert(exit);
            first
        });
    }

    /// Returns the exit code once the program should have ended long ago.
    pub(crate) async fn overdue(&self) -> Exit {
        let mut asked = self.0.subscribe();
        let exit = match asked.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit::Interrupted),
            Err(_) => std::future::pending().await,
        };
        sleep(GRACE).await;
        exit
    }
}
