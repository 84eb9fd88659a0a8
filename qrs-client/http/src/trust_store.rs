//! The certificates that a connection trusts. Nothing here touches a disk or the network.

#[cfg(feature = "trust-stores")]
mod read;

use std::{collections::HashSet, fmt};

use crate::certificate::Certificate;
use crate::error::Error;

/// Certificates to trust, at least one, each of them once.
///
/// Every certificate counts: a root and an authority below it for whatever they signed, a site's
/// own for that site alone. The chain that comes with a private key counts, too.
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

/// How the file of a trust store is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreKind {
    /// PKCS12: `.p12`, `.pfx`, and what `keytool` writes today.
    Pkcs12,
    /// Java's older key store: `.jks`.
    Jks,
    /// PEM: `.pem`, `.crt`, `.cer`; or a bare certificate in DER, which often bears the same extensions.
    Pem,
    /// A bundle of certificates: `.p7b`, in DER or PEM.
    Pkcs7,
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
    /// The file is of another kind than it was declared as. It was read by its content.
    OtherKind {
        /// What was declared.
        declared: StoreKind,
        /// What it is.
        found: StoreKind,
    },
    /// A certificate is marked by openssl as not to be trusted for TLS servers (`TRUSTED CERTIFICATE`), and left out.
    OtherPurpose,
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
        let store = Self::from_readable(certificates)?;
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
                    format!("the trust store holds more than {MAX_CERTIFICATES} certificates");
                return Err(Error::configuration(message)
                    .with_hint("keep those of the authorities that sign the site's certificate"));
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
            (true, true) => Err(Error::configuration("there is no certificate to trust")),
            (true, false) => Err(Error::configuration(
                "there is no certificate to trust that can be read",
            )),
        }
    }
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMac => f.write_str(
                "it has no MAC: a change to it cannot be detected, and its password protects nothing",
            ),
            Self::NoPassword => f.write_str(
                "it was read without a password: a change to it cannot be detected",
            ),
            Self::PrivateKey => f.write_str(
                "it holds a private key, which is not needed here: keep it elsewhere",
            ),
            Self::OtherKind { declared, found } => write!(
                f,
                "it was expected to be {declared}, but is {found}; it was read as {found}"
            ),
            Self::OtherPurpose => f.write_str(
                "a certificate is marked as not to be trusted for TLS servers, and is left out",
            ),
            Self::Unusable { number } => {
                write!(f, "certificate {number} to trust can't be read")
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
    fn certificates_that_can_not_be_trusted_are_refused_before_any_connection() {
        for certificates in [vec![], vec!["hello"]] {
            let error = TrustStore::from_der(certificates).unwrap_err();
            assert!(error.to_string().contains("to trust"), "{error}");
        }
    }
}
