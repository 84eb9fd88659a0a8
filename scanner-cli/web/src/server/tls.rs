//! The certificate of the server.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

/// A certificate with its key.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of the certificate has none.
    #[error("the file contains no PEM certificate")]
    NoCertificate,
    /// The file of the key has none.
    #[error("the file contains no PEM private key that is not encrypted")]
    NoKey,
    /// The certificate and the key do not belong together, or their kind is not supported.
    #[error("the certificate cannot be used with this key: {0}")]
    Unusable(String),
}

impl Tls {
    /// Reads a chain of certificates and a key, both as PEM.
    ///
    /// # Errors
    /// If there are none, or they do not belong together. The message does not contain the key.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.map_err(|_not_pem| TlsError::NoCertificate)?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_not_pem| TlsError::NoKey)?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let unusable = |error: rustls::Error| TlsError::Unusable(error.to_string());
        let config = builder.with_safe_default_protocol_versions();
        let config = config.map_err(unusable)?.with_no_client_auth();
        let mut config = config.with_single_cert(chain, key).map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
        })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}
