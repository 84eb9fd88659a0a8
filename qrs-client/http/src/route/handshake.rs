//! TLS with the proxy or the server.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use super::Wire;
use crate::certificate::Certificate;
use crate::diagnosis::{Handshake, Seen};
use crate::error::Error;
use crate::fact::Fact;
use crate::peer::Peer;
use crate::retry::FailureClass;
use crate::tls::explain;

/// Makes a TLS connection and describes it.
pub(super) async fn diagnosed_tls<S: Wire>(
    stream: S,
    url: &Url,
    config: &Arc<ClientConfig>,
    peer: Peer,
) -> Result<(TlsStream<S>, Seen), Error> {
    let stream = tls(stream, url, config, peer).await?;
    let (_, session) = stream.get_ref();
    let certificates = session.peer_certificates().unwrap_or_default().iter();
    let handshake = Handshake {
        protocol: match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        },
        cipher: session
            .negotiated_cipher_suite()
            .map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
        certificates: certificates
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect(),
    };
    Ok((stream, Seen::Secure(handshake)))
}

/// Makes a TLS connection.
pub(super) async fn tls<S: Wire>(
    stream: S,
    url: &Url,
    config: &Arc<ClientConfig>,
    peer: Peer,
) -> Result<TlsStream<S>, Error> {
    let name = match url.host() {
        Some(Host::Ipv4(address)) => ServerName::from(std::net::IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => ServerName::from(std::net::IpAddr::V6(address)),
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|error| {
            Error::configuration(format!(
                "`{name}` is not a valid host name for TLS: {error}"
            ))
        })?,
        None => return Err(Error::configuration("the URL has no host")),
    };
    let connector = TlsConnector::from(Arc::clone(config));
    connector.connect(name, stream).await.map_err(|error| {
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => explain::handshake_error(error, peer),
            None => Error::new(
                peer.tls_kind(),
                format!("{peer} closed the connection during the TLS handshake"),
            )
            .with_fact(match peer {
                Peer::Server(_) => Fact::TlsClosed,
                Peer::Proxy => Fact::ProxyFailed,
            })
            .with_hint("check the scheme and the port: the port may not speak TLS")
            .with_class(FailureClass::ConnectionLost)
            .with_cause(error.to_string()),
        }
    })
}
