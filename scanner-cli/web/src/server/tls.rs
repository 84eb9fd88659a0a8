//! The certificate of the server.

use std::sync::Arc;

use rustls::{
    InconsistentKeys, ServerConfig,
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
    #[error("the file contains no PEM private key")]
    NoKey,
    /// The key is encrypted.
    #[error(
        "the private key has a password; write it without one: `openssl pkey -in KEY.pem -out PLAIN.pem`"
    )]
    EncryptedKey,
    /// The key is another one than that of the certificate.
    #[error(
        "the key does not belong to this certificate; the first certificate of the file must be the server's own"
    )]
    Mismatch,
    /// Their kind is not supported.
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
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_not_pem| no_key(key))?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let unusable = |error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch,
            error => TlsError::Unusable(error.to_string()),
        };
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

/// Why a file has no key that can be used.
fn no_key(pem: &[u8]) -> TlsError {
    let text = String::from_utf8_lossy(pem);
    let is_encrypted = ["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"]
        .into_iter()
        .any(|mark| text.contains(mark));
    match is_encrypted {
        true => TlsError::EncryptedKey,
        false => TlsError::NoKey,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;

    use super::*;

    #[test]
    fn an_error_says_what_is_wrong_with_the_key() {
        let made = || generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (one, other) = (made(), made());
        let certificate = one.cert.pem();
        let wrong = |key: &str| {
            let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes());
            tls.err().unwrap()
        };
        let key = other.signing_key.serialize_pem();
        assert!(matches!(wrong(&key), TlsError::Mismatch));
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert!(matches!(wrong(&encrypted), TlsError::EncryptedKey));
        assert!(matches!(wrong("no key"), TlsError::NoKey));
    }
}
