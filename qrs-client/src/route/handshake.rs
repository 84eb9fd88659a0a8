//! TLS with the proxy or the site.

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
use crate::retry::Trouble;
use crate::tls::explain::{self, Peer};

pub(super) async fn secured<S: Wire>(
    stream: S,
    url: &Url,
    config: &Arc<ClientConfig>,
    peer: Peer,
) -> Result<(TlsStream<S>, Seen), Error> {
    let stream = secure(stream, url, config, peer).await?;
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
            .filter_map(|shown| Certificate::from_der(shown).ok())
            .collect(),
    };
    Ok((stream, Seen::Secure(handshake)))
}

pub(super) async fn secure<S: Wire>(
    stream: S,
    url: &Url,
    config: &Arc<ClientConfig>,
    peer: Peer,
) -> Result<TlsStream<S>, Error> {
    let name = match url.host() {
        Some(Host::Ipv4(address)) => ServerName::from(std::net::IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => ServerName::from(std::net::IpAddr::V6(address)),
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|error| {
            Error::configuration(format!("`{name}` can be no name of a certificate: {error}"))
        })?,
        None => return Err(Error::configuration("there is no host to connect to")),
    };
    let connector = TlsConnector::from(Arc::clone(config));
    connector.connect(name, stream).await.map_err(|error| {
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => explain::failed(error, peer),
            None => Error::new(
                peer.tls_kind(),
                format!("{peer} closed the connection in the TLS handshake"),
            )
            .with_fact(match peer {
                Peer::Site => Fact::TlsClosed,
                Peer::Proxy => Fact::ProxyFailed,
            })
            .with_hint("it may not speak TLS at this port: check scheme and port")
            .with_trouble(Trouble::Cut)
            .with_cause(error.to_string()),
        }
    })
}
