//! Whom to trust, and the TLS configuration that follows from it. The provider of cryptography is passed along, never
//! installed for the process.

pub(crate) mod explain;
mod flaw;
mod path;
mod provider;
mod signature;
mod verifier;
mod weaknesses;

use std::sync::Arc;

use rustls::ClientConfig;

use crate::certificate::Certificate;
use crate::error::Error;
use crate::trust_store::TrustStore;
pub use flaw::Weakness;
use path::Rules;
use verifier::{AnyCertificate, Verifier};
pub(crate) use weaknesses::Weaknesses;

/// Which certificates are trusted.
///
/// A chain is checked by RFC 5280 as Java applies it: dates, signatures, key usage, purposes, policies and name
/// constraints. The name is checked always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// What the operating system trusts. SHA-1, RSA keys below 2048 bits, and names that are in the common name alone
    /// are refused.
    #[default]
    System,
    /// The certificates of this store alone; the system's are left aside. What Java accepts is accepted: a certificate
    /// that itself stands in the store, beyond its dates as well; one that has a common name and no alternative DNS
    /// names; and what is [weak](crate::QrsClient::weaknesses).
    Only(TrustStore),
    /// Any certificate of anybody. Whoever can get between the client and the site can read and change everything, the
    /// credentials included: for trials only.
    AnyCertificate,
}

/// Whether anything is going to be spoken over TLS. The system's roots are loaded only if so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Needed,
    Unneeded,
}

/// The configuration for `trust`. What is weak and accepted is added to `weaknesses` at each handshake.
pub(crate) fn client_config(
    trust: &Trust,
    tls: Use,
    weaknesses: &Weaknesses,
) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(provider::provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites for TLS 1.2 and 1.3")
        .dangerous();
    let builder = match (trust, tls) {
        (Trust::AnyCertificate, _) => {
            builder.with_custom_certificate_verifier(Arc::new(AnyCertificate))
        }
        (Trust::Only(store), _) => {
            let trusted = store.certificates().to_vec();
            let verifier = Verifier::new(trusted, Rules::OwnStore, weaknesses.clone());
            builder.with_custom_certificate_verifier(Arc::new(verifier.with_store(store.name())))
        }
        (Trust::System, tls) => {
            let trusted = match tls {
                Use::Needed => system_authorities()?,
                Use::Unneeded => Vec::new(),
            };
            let verifier = Verifier::new(trusted, Rules::System, weaknesses.clone());
            builder.with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    Ok(builder.with_no_client_auth())
}

fn system_authorities() -> Result<Vec<Certificate>, Error> {
    let found = rustls_native_certs::load_native_certs().certs;
    // Systems carry certificates that no longer parse; the others do all the same.
    let usable = found
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok());
    let usable: Vec<_> = usable.collect();
    if usable.is_empty() {
        return Err(
            Error::configuration("this system has no CA certificates to trust").with_hint(
                "install the system's CA certificates, or use a trust store of your own",
            ),
        );
    }
    Ok(usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_roots_are_not_needed_without_tls() {
        let noted = Weaknesses::default();
        assert!(client_config(&Trust::System, Use::Unneeded, &noted).is_ok());
        assert!(client_config(&Trust::AnyCertificate, Use::Needed, &noted).is_ok());
    }
}
