//! The certificates that a connection trusts. Nothing here touches a disk or the network.

#[cfg(feature = "trust-stores")]
mod read;

use std::{collections::HashSet, fmt};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::certificate::Certificate;
use crate::error::Error;

#[cfg(feature = "trust-stores")]
pub use read::StoreKind;

/// Certificates to trust, at least one, each of them once.
///
/// Every certificate counts: a root and an authority below it for whatever they signed, a site's
/// own for that site alone. The chain that comes with a private key counts, too.
///
/// ```
/// # #[cfg(feature = "trust-stores")] {
/// use qrs_client::{StoreKind, Trust, TrustStore};
///
/// # let bytes = include_bytes!("../tests/fixtures/authorities.jks");
/// let password = "changeit".into();
/// let store = TrustStore::read(bytes, StoreKind::Jks, Some(&password))?.named("conf/trust.jks");
/// for warning in store.warnings() {
///     eprintln!("{}: {warning}", store.name());
/// }
/// let trust = Trust::Only(store);
/// # }
/// # Ok::<(), qrs_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustStore {
    name: String,
    certificates: Vec<Certificate>,
    warnings: Vec<StoreWarning>,
}

/// What is strange about a trust store that can be used all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreWarning {
    /// A PKCS12 file without a MAC: it may have been changed by anybody, and opens with any
    /// password.
    NoMac,
    /// A JKS file was read without its password, so that its digest could not be checked.
    NoPassword,
    /// The file also holds a private key, which is not needed to trust anybody.
    PrivateKey,
    /// A certificate can't be used, and the others are.
    Unusable {
        /// Which one it is, from 1.
        number: usize,
    },
}

/// Maximum number of certificates in a store. Operating systems trust some 150 authorities.
const MAX_CERTIFICATES: usize = 5_000;

impl TrustStore {
    /// Takes certificates in DER.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if there is none, or one that
    /// can't be read.
    pub fn from_der<D: AsRef<[u8]>>(
        certificates: impl IntoIterator<Item = D>,
    ) -> Result<Self, Error> {
        let store = Self::of(certificates)?;
        match store.warnings.first() {
            Some(warning) => Err(Error::configuration(warning.to_string())),
            None => Ok(store),
        }
    }

    /// Gives the store the name by which errors call it, such as the path of its file.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The name by which errors call the store; empty if it was given none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The certificates, in their order.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What the store's owner should know.
    #[must_use]
    pub fn warnings(&self) -> &[StoreWarning] {
        &self.warnings
    }

    fn of<D: AsRef<[u8]>>(certificates: impl IntoIterator<Item = D>) -> Result<Self, Error> {
        let mut store = Self {
            name: String::new(),
            certificates: Vec::new(),
            warnings: Vec::new(),
        };
        let mut known = HashSet::new();
        for (at, der) in certificates.into_iter().enumerate() {
            if at >= MAX_CERTIFICATES {
                let message =
                    format!("the trust store holds more than {MAX_CERTIFICATES} certificates");
                return Err(Error::configuration(message)
                    .with_hint("keep those of the authorities that sign the site's certificate"));
            }
            match usable(der.as_ref()) {
                Some(certificate) => {
                    if known.insert(certificate.der().to_vec()) {
                        store.certificates.push(certificate);
                    }
                }
                None => store
                    .warnings
                    .push(StoreWarning::Unusable { number: at + 1 }),
            }
        }
        match (store.certificates.is_empty(), store.warnings.is_empty()) {
            (false, _) => Ok(store),
            (true, true) => Err(Error::configuration("there is no certificate to trust")),
            (true, false) => Err(Error::configuration(
                "there is no certificate to trust that can be read",
            )),
        }
    }

    /// Those that may sign others. A site's own certificate must not become an authority because
    /// it is trusted: whoever has its key could then pass for any other site.
    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        let certificates = self.certificates.iter();
        let certificates = certificates.filter(|certificate| certificate.is_authority());
        roots.add_parsable_certificates(
            certificates.map(|certificate| CertificateDer::from_slice(certificate.der())),
        );
        roots
    }
}

/// The certificate, if it can be described and be the root of a chain.
fn usable(der: &[u8]) -> Option<Certificate> {
    let certificate = Certificate::from_der(der).ok()?;
    let mut trial = RootCertStore::empty();
    let root = CertificateDer::from_slice(certificate.der()).into_owned();
    trial.add(root).ok()?;
    Some(certificate)
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMac => f.write_str(
                "the trust store has no MAC: nothing tells whether somebody has changed it, and its password protects \
                 nothing",
            ),
            Self::NoPassword => f.write_str(
                "the trust store was read without a password: nothing tells whether somebody has changed it",
            ),
            Self::PrivateKey => f.write_str(
                "the trust store holds a private key, which is not needed to trust anybody and better kept elsewhere",
            ),
            Self::Unusable { number } => {
                write!(f, "certificate {number} to trust can't be read")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_can_not_be_trusted_are_refused_before_any_connection() {
        for certificates in [vec![], vec!["hello"]] {
            let error = TrustStore::from_der(certificates).unwrap_err();
            assert!(error.to_string().contains("to trust"), "{error}");
        }
    }
}
