//! TLS of what listens here.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Accepts TLS with this certificate and key.
pub(super) fn acceptor(chain_pem: &str, key_pem: &str) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes());
    let chain: Result<Vec<_>, _> = chain.collect();
    let chain = chain.expect("the chain is PEM");
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).expect("the key is PEM");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("certificate and key belong together");
    TlsAcceptor::from(Arc::new(config))
}
