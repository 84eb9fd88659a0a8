//! Whom to trust, and the TLS configuration that follows from it. The provider of cryptography is
//! passed along, never installed for the process.

pub(crate) mod explain;
mod verifier;

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::error::Error;
use crate::trust_store::TrustStore;
use verifier::{AnyCertificate, Verifier};

/// Which certificates are trusted.
///
/// A chain is checked by WebPKI, with its dates. Beyond that, what Java accepts is accepted: a
/// certificate that itself stands in the given store, whether or not it is an authority's, and
/// beyond its dates as well; and one that has a common name and no alternative names. The name is
/// checked always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// What the operating system trusts.
    #[default]
    System,
    /// The certificates of this store alone; the system's are left aside.
    Only(TrustStore),
    /// Any certificate of anybody. Whoever can get between the client and the site can read and
    /// change everything, the credentials included: for trials only.
    AnyCertificate,
}

/// Whether anything is going to be spoken over TLS. The system's roots are loaded only if so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Needed,
    Unneeded,
}

pub(crate) fn client_config(trust: &Trust, tls: Use) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .dangerous();
    let algorithms = provider.signature_verification_algorithms;
    let builder = match (trust, tls) {
        (Trust::AnyCertificate, _) => {
            builder.with_custom_certificate_verifier(Arc::new(AnyCertificate(algorithms)))
        }
        (Trust::Only(store), _) => {
            let verifier = Verifier::new(store.roots(), Some(store.clone()), algorithms);
            builder.with_custom_certificate_verifier(Arc::new(verifier))
        }
        (Trust::System, tls) => {
            let roots = match tls {
                Use::Needed => system_roots()?,
                Use::Unneeded => RootCertStore::empty(),
            };
            let verifier = Verifier::new(roots, None, algorithms);
            builder.with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    Ok(builder.with_no_client_auth())
}

fn system_roots() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems carry certificates that no longer parse; the others do all the same.
    let (usable, _unusable) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        return Err(
            Error::configuration("this system has no certificates to trust")
                .with_hint("install the system's CA certificates, or name those to trust"),
        );
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_roots_are_not_needed_without_tls() {
        assert!(client_config(&Trust::System, Use::Unneeded).is_ok());
        assert!(client_config(&Trust::AnyCertificate, Use::Needed).is_ok());
    }
}
