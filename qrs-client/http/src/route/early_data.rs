//! What a server sends before it gets a request: an alert of TLS 1.3 that refuses the client, or the greeting of another
//! protocol.
//!
//! If it arrives before the request is written, the HTTP library closes the connection, and its error does not say why.

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::Route;
use super::identification::MAX_ALERT_TIME;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::peer::Peer;
use crate::retry::FailureClass;
use crate::tls::explain;

impl Route<'_> {
    /// A better error for a connection that was closed without a response, if the server says why before it gets a request.
    pub(crate) async fn early_data(&self) -> Option<Error> {
        let mut stream = self.open().await.ok()?;
        let read = timeout(MAX_ALERT_TIME, stream.read(&mut [0])).await.ok()?;
        match read {
            Ok(0) => None,
            Ok(_) => {
                let error = Error::new(ErrorKind::UnexpectedAnswer, message(self.server_name));
                Some(
                    error
                        .with_fact(Fact::NotHttp)
                        .with_class(FailureClass::Permanent),
                )
            }
            Err(error) => {
                let alert = error.get_ref()?.downcast_ref()?;
                Some(explain::handshake_error(
                    alert,
                    Peer::Server(self.server_name),
                ))
            }
        }
    }
}

/// The message about a server with this name that sends data before the request.
pub(crate) fn message(name: &str) -> String {
    format!("{name} sent data before the request, as no HTTP server does")
}
