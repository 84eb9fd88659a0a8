//! The cryptography of TLS: ring's, plus the key exchange on P-521 and the CBC cipher suites of TLS 1.2, which Java and Windows
//! have as well. For RSA certificates, Windows Server 2012 R2 has no other suites with ECDHE.

mod cbc;
mod p521_exchange;

use std::sync::{Arc, LazyLock};

use rustls::crypto::{CryptoProvider, ring};
use rustls::{CipherSuite, CipherSuiteCommon, SupportedCipherSuite, Tls12CipherSuite};

use cbc::{Cbc, Key, Mac};

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let mut provider = ring::default_provider();
    provider.kx_groups.push(&p521_exchange::P521);
    provider.cipher_suites.extend(cbc_suites());
    Arc::new(provider)
});

/// The provider. It is passed to each configuration, never installed for the process.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::clone(&PROVIDER)
}

/// The CBC suites, sorted by the server's kind of key, then by strength. They come last, since they are the weakest. Except for
/// the cipher, they are like the suites with GCM.
fn cbc_suites() -> Vec<SupportedCipherSuite> {
    use CipherSuite as S;
    let rsa = &ring::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
    let ecdsa = &ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    let suites = [
        (
            ecdsa,
            S::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
            Key::Aes128,
            Mac::Sha256,
        ),
        (
            ecdsa,
            S::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
            Key::Aes256,
            Mac::Sha1,
        ),
        (
            ecdsa,
            S::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
            Key::Aes128,
            Mac::Sha1,
        ),
        (
            rsa,
            S::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
            Key::Aes128,
            Mac::Sha256,
        ),
        (
            rsa,
            S::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
            Key::Aes256,
            Mac::Sha1,
        ),
        (
            rsa,
            S::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
            Key::Aes128,
            Mac::Sha1,
        ),
    ];
    let suites = suites.into_iter();
    suites
        .filter_map(|(like, suite, key, mac)| cbc_suite(like, suite, Cbc { key, mac }))
        .collect()
}

/// A suite that differs from `like` only in its cipher.
fn cbc_suite(
    like: &SupportedCipherSuite,
    suite: CipherSuite,
    cipher: Cbc,
) -> Option<SupportedCipherSuite> {
    let SupportedCipherSuite::Tls12(like) = like else {
        return None;
    };
    let made = Tls12CipherSuite {
        common: CipherSuiteCommon {
            suite,
            hash_provider: like.common.hash_provider,
            confidentiality_limit: like.common.confidentiality_limit,
        },
        prf_provider: like.prf_provider,
        kx: like.kx,
        sign: like.sign,
        aead_alg: Box::leak(Box::new(cipher)),
    };
    // Created once per process; rustls requires suites with a static lifetime.
    Some(SupportedCipherSuite::Tls12(Box::leak(Box::new(made))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_suites_are_there() {
        assert_eq!(cbc_suites().len(), 6);
        assert_eq!(provider().kx_groups.len(), 4);
    }
}
