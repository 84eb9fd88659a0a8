//! TLS of the fake site and the fake proxy.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};
use tokio_rustls::TlsAcceptor;

use super::authority::Authority;

/// Accepts TLS with this certificate and key.
pub(super) fn acceptor(chain_pem: &str, key_pem: &str) -> TlsAcceptor {
    let config = config().with_no_client_auth();
    // Whether the certificate is acceptable is up to the client.
    TlsAcceptor::from(Arc::new(
        config.with_cert_resolver(shown(chain_pem, key_pem)),
    ))
}

/// Accepts TLS from clients that present a certificate of this authority.
pub(super) fn repository_acceptor(authority: &Authority) -> TlsAcceptor {
    let mut trusted = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.pem().as_bytes());
    let root = root.expect("the authority is PEM");
    trusted.add(root).expect("the authority is a certificate");
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), provider);
    let verifier = verifier.build().expect("there is an authority to trust");
    let server = authority.server();
    let config = config().with_client_cert_verifier(verifier);
    let config = config.with_cert_resolver(shown(&server.certificate, &server.key));
    TlsAcceptor::from(Arc::new(config))
}

fn config() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
}

/// The chain that is presented to clients.
fn shown(chain_pem: &str, key_pem: &str) -> Arc<SingleCertAndKey> {
    let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes());
    let chain: Result<Vec<_>, _> = chain.collect();
    let chain = chain.expect("the chain is PEM");
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).expect("the key is PEM");
    let key = ring::sign::any_supported_type(&key).expect("ring can sign with the key");
    Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)))
}
