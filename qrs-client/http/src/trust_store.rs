//! The certificates that a client trusts. Nothing here touches a disk or the network.

#[cfg(feature = "trust-stores")]
pub(crate) mod read;

use std::{collections::HashSet, fmt};

use crate::certificate::Certificate;
use crate::error::Error;

/// Certificates to trust: at least one, and each only once.
///
/// All certificates are trusted: root and intermediate authorities for what they signed, a server's own certificate for that
/// server. The chain of a private key is trusted as well.
///
/// ```
/// # #[cfg(feature = "trust-stores")] {
/// use outbound_http::{StoreKind, Trust, TrustStore};
///
/// # let bytes = include_bytes!("../../tests/fixtures/authorities.jks");
/// let password = "changeit".into();
/// let store = TrustStore::read(bytes, StoreKind::Jks, Some(&password))?.named("conf/trust.jks");
/// for warning in store.warnings() {
///     eprintln!("{}: {warning}", store.name());
/// }
/// let trust = Trust::Only(store);
/// # }
/// # Ok::<(), outbound_http::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustStore {
    name: String,
    certificates: Vec<Certificate>,
    warnings: Vec<StoreWarning>,
}

/// The format of a trust store's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreKind {
    /// PKCS12: `.p12`, `.pfx`, and what `keytool` writes today.
    Pkcs12,
    /// Java's older key store: `.jks`.
    Jks,
    /// PEM: `.pem`, `.crt`, `.cer`; or a single certificate in DER, which often has the same extensions.
    Pem,
    /// A bundle of certificates: `.p7b`, in DER or PEM.
    Pkcs7,
}

/// Something unusual about a trust store that can be used nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreWarning {
    /// A PKCS12 file without a MAC: anyone may have changed it, and it opens with any password.
    NoMac,
    /// A JKS file was read without its password, so that its digest was not checked.
    NoPassword,
    /// The file also contains a private key, which is not needed.
    PrivateKey,
    /// The file has another format than declared. It was read by its content.
    OtherKind {
        /// The declared format.
        declared: StoreKind,
        /// The actual format.
        found: StoreKind,
    },
    /// A certificate is marked by openssl as not trusted for TLS servers (`TRUSTED CERTIFICATE`), and ignored.
    OtherPurpose,
    /// A certificate cannot be read and is ignored. The others are used.
    Unusable {
        /// Its position in the file, from 1.
        number: usize,
    },
}

/// Maximum number of certificates in a store. Operating systems trust about 150 authorities.
const MAX_CERTIFICATES: usize = 5_000;

impl TrustStore {
    /// Creates a store of certificates in DER.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if there is none, or one of them cannot
    /// be read.
    pub fn from_der<D: AsRef<[u8]>>(
        certificates: impl IntoIterator<Item = D>,
    ) -> Result<Self, Error> {
        let store = Self::from_readable(certificates)?;
        match store.warnings.first() {
            Some(warning) => Err(Error::configuration(warning.to_string())),
            None => Ok(store),
        }
    }

    /// Sets the store's name in error messages, such as the path of its file.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The store's name in error messages; empty if it was not set.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The certificates, in their order.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Warnings for the store's owner.
    #[must_use]
    pub fn warnings(&self) -> &[StoreWarning] {
        &self.warnings
    }

    fn from_readable<D: AsRef<[u8]>>(
        certificates: impl IntoIterator<Item = D>,
    ) -> Result<Self, Error> {
        let mut store = Self {
            name: String::new(),
            certificates: Vec::new(),
            warnings: Vec::new(),
        };
        let mut known = HashSet::new();
        for (at, der) in certificates.into_iter().enumerate() {
            if at >= MAX_CERTIFICATES {
                let message =
                    format!("the trust store contains more than {MAX_CERTIFICATES} certificates");
                return Err(Error::configuration(message).with_hint(
                    "keep only those of the authorities that sign the server's certificate",
                ));
            }
            match Certificate::from_der(der.as_ref()).ok() {
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
            (true, true) => Err(Error::configuration("there are no certificates to trust")),
            (true, false) => Err(Error::configuration(
                "none of the certificates to trust can be read",
            )),
        }
    }
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMac => f.write_str(
                "it has no MAC: changes to it cannot be detected, and its password protects nothing",
            ),
            Self::NoPassword => f.write_str(
                "it was read without a password: changes to it cannot be detected",
            ),
            Self::PrivateKey => f.write_str(
                "it contains a private key, which is not needed here: keep the key elsewhere",
            ),
            Self::OtherKind { declared, found } => write!(
                f,
                "it was expected to be {declared}, but is {found}; it was read as {found}"
            ),
            Self::OtherPurpose => f.write_str(
                "a certificate is marked as not trusted for TLS servers, and is ignored",
            ),
            Self::Unusable { number } => {
                write!(f, "certificate {number} cannot be read and is ignored")
            }
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pkcs12 => "PKCS12",
            Self::Jks => "JKS",
            Self::Pem => "PEM",
            Self::Pkcs7 => "PKCS7",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_without_readable_certificates_is_refused() {
        for certificates in [vec![], vec!["hello"]] {
            let error = TrustStore::from_der(certificates).unwrap_err();
            assert!(error.to_string().contains("to trust"), "{error}");
        }
    }
}
