//! The cryptography of TLS: ring's. With the feature `java-tls` plus the key exchange on P-521 and the CBC cipher suites of TLS
//! 1.2, which Java and Windows have as well. For RSA certificates, Windows Server 2012 R2 has no other suites with ECDHE.

#[cfg(feature = "java-tls")]
mod cbc_suites;
#[cfg(feature = "java-tls")]
mod p521_exchange;

use std::sync::{Arc, LazyLock};

use rustls::crypto::{CryptoProvider, ring};

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(extended(ring::default_provider())));

/// The provider. It is passed to each configuration, never installed for the process.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::clone(&PROVIDER)
}

#[cfg(feature = "java-tls")]
fn extended(mut provider: CryptoProvider) -> CryptoProvider {
    provider.kx_groups.push(&p521_exchange::P521);
    provider.cipher_suites.extend(cbc_suites::cbc_suites());
    provider
}

#[cfg(not(feature = "java-tls"))]
fn extended(provider: CryptoProvider) -> CryptoProvider {
    provider
}

#[cfg(all(test, feature = "java-tls"))]
mod tests {
    use super::*;

    #[test]
    fn all_suites_are_there() {
        assert_eq!(cbc_suites::cbc_suites().len(), 6);
        assert_eq!(provider().kx_groups.len(), 4);
    }
}
