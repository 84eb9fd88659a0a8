//! Whether the server accepts the client's certificate.
//!
//! With TLS 1.3, the handshake is complete for the client before the server has checked its certificate: a refusal arrives with
//! the first bytes that are read.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use url::Url;

use super::Wire;
use crate::diagnosis::Seen;
use crate::error::Error;
use crate::fact::Fact;
use crate::identity::ClientIdentity;
use crate::peer::Peer;
use crate::retry::FailureClass;
use crate::tls::explain;

/// Maximum time to wait for a refusal before a request is sent. A server that refuses closes the connection, and a request on a
/// closed connection may destroy the alert with the reason.
pub(super) const MAX_ALERT_TIME: Duration = Duration::from_millis(500);

/// Maximum time to wait for a response. Silence is no refusal.
const MAX_RESPONSE_TIME: Duration = Duration::from_secs(2);

/// Sends a request without a meaning, unless a refusal arrives before.
pub(super) async fn identify(
    mut stream: Box<dyn Wire>,
    server: &Url,
    identity: &ClientIdentity,
    peer: Peer,
) -> Result<(Box<dyn Wire>, Seen), Error> {
    let seen = Seen::Identified {
        certificate: identity.certificate().clone(),
        is_requested: identity.was_requested(),
    };
    let mut byte = [0];
    if let Ok(read) = timeout(MAX_ALERT_TIME, stream.read(&mut byte)).await {
        return answered(read, peer).map(|()| (stream, seen));
    }
    let host = server.host_str().unwrap_or_default();
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    if let Err(error) = stream.write_all(request.as_bytes()).await {
        return answered(Err(error), peer).map(|()| (stream, seen));
    }
    let read = timeout(MAX_RESPONSE_TIME, stream.read(&mut byte)).await;
    read.map_or(Ok(()), |read| answered(read, peer))
        .map(|()| (stream, seen))
}

/// Any byte shows that the server has accepted the certificate.
fn answered(read: io::Result<usize>, peer: Peer) -> Result<(), Error> {
    let cause = match read {
        Ok(1..) => return Ok(()),
        Ok(0) => "the connection was closed".to_owned(),
        Err(error) => {
            let alert = error.get_ref().and_then(|inner| inner.downcast_ref());
            if let Some(error) = alert {
                return Err(explain::handshake_error(error, peer));
            }
            error.to_string()
        }
    };
    let message =
        format!("{peer} closed the connection after the client had presented its certificate");
    Err(Error::new(peer.tls_kind(), message)
        .with_fact(Fact::TlsClosed)
        .with_hint("the server may not accept the certificate: look into its log")
        .with_class(FailureClass::ConnectionLost)
        .with_cause(cause))
}
