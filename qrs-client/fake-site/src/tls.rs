//! TLS of the fake site and the fake proxy.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::TlsAcceptor;

/// Accepts TLS with this certificate and key.
pub(super) fn acceptor(chain_pem: &str, key_pem: &str) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes());
    let chain: Result<Vec<_>, _> = chain.collect();
    let chain = chain.expect("the chain is PEM");
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).expect("the key is PEM");
    let key = ring::sign::any_supported_type(&key).expect("ring can sign with the key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .with_no_client_auth()
        // Whether the certificate is acceptable is up to the client.
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(
            chain, key,
        ))));
    TlsAcceptor::from(Arc::new(config))
}
