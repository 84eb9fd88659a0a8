//! The certificate and the key by which a client identifies itself to a server (mutual TLS). Nothing here touches a disk or the
//! network.

#[cfg(feature = "trust-stores")]
mod read;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use crate::certificate::Certificate;
use crate::error::Error;
use crate::fact::Fact;
use crate::private_key::PrivateKey;

/// The certificate and the private key by which a client identifies itself to a server (mutual TLS).
///
/// The key belongs to the certificate: a pair that does not match is refused here, before the first connection. No text
/// contains the key.
///
/// ```no_run
/// use outbound_http::{Client, ClientIdentity, PrivateKey, Url};
///
/// # fn client(certificate: &[u8], key: &[u8]) -> Result<Client, outbound_http::Error> {
/// let identity = ClientIdentity::from_der([certificate], &PrivateKey::from_der(key)?)?;
/// let base = Url::parse("https://server.example:8443/").expect("this is a URL");
/// let client = Client::builder(base).identity(identity).build()?;
/// # Ok(client)
/// # }
/// ```
#[derive(Clone)]
pub struct ClientIdentity {
    /// The client's own certificate first, then those of its issuers as far as they are known.
    chain: Vec<Certificate>,
    key: Arc<CertifiedKey>,
    /// Whether a server has asked for the certificate.
    was_requested: Arc<AtomicBool>,
}

impl ClientIdentity {
    /// Creates an identity of certificates in DER, in any order, and of the private key of one of them. The others are its
    /// issuers, or ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if there is no certificate, one of them cannot be read, or
    /// none belongs to the key.
    pub fn from_der<D: AsRef<[u8]>>(
        certificates: impl IntoIterator<Item = D>,
        key: &PrivateKey,
    ) -> Result<Self, Error> {
        let certificates = certificates.into_iter();
        let certificates = certificates.map(|der| Certificate::from_der(der.as_ref()));
        let certificates: Result<Vec<_>, _> = certificates.collect();
        let certificates = certificates.map_err(|_error| {
            Error::configuration("the client certificate cannot be read")
                .with_hint("export the certificate again")
        })?;
        let Some(first) = certificates.first() else {
            return Err(Error::configuration(
                "the client certificate is missing: the chain is empty",
            ));
        };
        let Some(own) = certificates.iter().position(|one| belongs_to(one, key)) else {
            return Err(mismatch(first));
        };
        let chain = chain(certificates, own);
        let ders = chain.iter();
        let ders = ders.map(|one| CertificateDer::from(one.der().to_vec()));
        let key = Arc::new(CertifiedKey::new(ders.collect(), key.signing_key()));
        Ok(Self {
            chain,
            key,
            was_requested: Arc::default(),
        })
    }

    /// The client's own certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.chain[0]
    }

    /// What the TLS library presents to servers that ask for a certificate.
    pub(crate) fn resolver(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::new(Resolver(self.clone()))
    }

    /// Whether a server has asked for the certificate.
    pub(crate) fn was_requested(&self) -> bool {
        self.was_requested.load(Ordering::Relaxed)
    }

    /// Adds the client's certificate as the cause, if a server has refused it.
    pub(crate) fn explain(&self, error: Error) -> Error {
        match error.fact() {
            Fact::ClientCertificateRefused => {
                error.with_cause(format!("the client presented {}", self.certificate()))
            }
            _ => error,
        }
    }
}

/// Presents the certificate to all servers, whatever authorities they name: servers often name the wrong ones.
#[derive(Debug)]
struct Resolver(ClientIdentity);

impl ResolvesClientCert for Resolver {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.was_requested.store(true, Ordering::Relaxed);
        Some(Arc::clone(&self.0.key))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// The client's own certificate, without the key.
impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity")
            .field("certificate", &self.certificate().subject())
            .finish_non_exhaustive()
    }
}

fn belongs_to(certificate: &Certificate, key: &PrivateKey) -> bool {
    let Some(public) = key.public_bits() else {
        return false;
    };
    let parsed = certificate.parsed();
    parsed.is_some_and(|parsed| *parsed.public_key().subject_public_key.data == *public)
}

/// The certificate at `own` and its issuers, as far as they are there.
fn chain(mut certificates: Vec<Certificate>, own: usize) -> Vec<Certificate> {
    let mut chain = vec![certificates.swap_remove(own)];
    while let Some(last) = chain.last()
        && !last.is_self_issued()
        && let Some(issuer) = certificates
            .iter()
            .position(|other| other.subject_name() == last.issuer_name())
    {
        chain.push(certificates.swap_remove(issuer));
    }
    chain
}

fn mismatch(certificate: &Certificate) -> Error {
    let subject = certificate.subject();
    Error::configuration(format!(
        "the private key does not belong to the client certificate `{subject}`"
    ))
    .with_hint("use the certificate and the key of the same export")
}
