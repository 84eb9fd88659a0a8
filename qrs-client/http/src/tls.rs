//! Which certificates are trusted, and the TLS configuration for that. The cryptography provider is passed to each
//! configuration, never installed for the process.

mod chain_error;
pub(crate) mod explain;
mod path;
pub(crate) mod provider;
mod signature;
mod verifier;
mod weaknesses;

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::ResolvesClientCert;

use crate::certificate::Certificate;
use crate::error::Error;
use crate::trust_store::TrustStore;
pub use chain_error::Weakness;
use path::Rules;
use verifier::{AnyCertificate, Verifier};
pub(crate) use weaknesses::Weaknesses;

/// Which certificates are trusted.
///
/// A chain is checked by RFC 5280 as Java applies it: dates, signatures, key usage, purposes, policies and name
/// constraints. The name is always checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// The operating system's CA certificates. SHA-1, RSA keys below 2048 bits, and names that are only in the common name
    /// are refused.
    #[default]
    System,
    /// Only the certificates of this store, not those of the operating system. The client accepts what Java accepts: a
    /// certificate that is in the store, even an expired one; a common name if there are no alternative DNS names; and
    /// [weak](crate::Client::weaknesses) signatures and keys.
    Only(TrustStore),
    /// Any certificate. Anyone between the client and the server can then read and change everything, including the
    /// credentials: use it for trials only.
    AnyCertificate,
}

/// Whether TLS will be used. The operating system's CA certificates are loaded only if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Needed,
    Unneeded,
}

/// The TLS configuration for `trust`. Each handshake adds the weaknesses that were accepted to `weaknesses`. The identity is
/// presented to servers that ask for one.
pub(crate) fn client_config(
    trust: &Trust,
    tls: Use,
    weaknesses: &Weaknesses,
    identity: Option<Arc<dyn ResolvesClientCert>>,
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
    Ok(match identity {
        Some(identity) => builder.with_client_cert_resolver(identity),
        None => builder.with_no_client_auth(),
    })
}

fn system_authorities() -> Result<Vec<Certificate>, Error> {
    let found = rustls_native_certs::load_native_certs().certs;
    // Systems have certificates that cannot be parsed; the others are used.
    let usable = found
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok());
    let usable: Vec<_> = usable.collect();
    if usable.is_empty() {
        return Err(
            Error::configuration("the operating system has no CA certificates to trust").with_hint(
                "install the operating system's CA certificates, or use your own trust store",
            ),
        );
    }
    Ok(usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_ca_certificates_are_not_needed_without_tls() {
        let weaknesses = Weaknesses::default();
        assert!(client_config(&Trust::System, Use::Unneeded, &weaknesses, None).is_ok());
        assert!(client_config(&Trust::AnyCertificate, Use::Needed, &weaknesses, None).is_ok());
    }
}
