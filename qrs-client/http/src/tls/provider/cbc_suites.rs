//! The CBC cipher suites of TLS 1.2.

mod cbc;

use rustls::crypto::ring;
use rustls::{CipherSuite, CipherSuiteCommon, SupportedCipherSuite, Tls12CipherSuite};

use cbc::{Cbc, Key, Mac};

/// The CBC suites, sorted by the server's kind of key, then by strength. They come last, since they are the weakest. Except for
/// the cipher, they are like the suites with GCM.
pub(super) fn cbc_suites() -> Vec<SupportedCipherSuite> {
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
