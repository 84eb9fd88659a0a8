//! The signature schemes of TLS handshakes.

use rustls::SignatureScheme;

use super::{Algorithm, Curve, Hash, Pss, PublicKey, Restriction, SignatureError};

/// Schemes that are always offered, the strongest first if the speed is the same.
pub(in crate::tls) const STRONG_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP256_SHA256,
    #[cfg(feature = "java-tls")]
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    RSA_PSS_KEY_SHA256,
    RSA_PSS_KEY_SHA384,
    RSA_PSS_KEY_SHA512,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
];

/// Schemes that are offered only for a private authority. Some servers present a certificate only if the client offers the
/// scheme of its signature.
pub(in crate::tls) const SHA1_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_SHA1_Legacy,
    SignatureScheme::RSA_PKCS1_SHA1,
];

/// `rsa_pss_pss_sha256`: RSASSA-PSS by a key that is only for this algorithm. rustls has no names for these three schemes.
const RSA_PSS_KEY_SHA256: SignatureScheme = SignatureScheme::Unknown(0x0809);
const RSA_PSS_KEY_SHA384: SignatureScheme = SignatureScheme::Unknown(0x080A);
const RSA_PSS_KEY_SHA512: SignatureScheme = SignatureScheme::Unknown(0x080B);

/// The version of TLS in which a handshake is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tls) enum Handshake {
    Tls12,
    Tls13,
}

impl Handshake {
    /// Checks that `key` signed `message` by `scheme`.
    pub(in crate::tls) fn verify(
        self,
        scheme: SignatureScheme,
        key: &PublicKey<'_>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let algorithm = scheme_algorithm(scheme).ok_or(SignatureError::Wrong)?;
        let is_allowed = match (self, algorithm) {
            // TLS 1.2 does not specify the curve.
            (Self::Tls12, _) => true,
            (Self::Tls13, Algorithm::RsaPkcs1(_) | Algorithm::Ecdsa(Hash::Sha1)) => false,
            (Self::Tls13, Algorithm::Ecdsa(hash)) => {
                let curve = match hash {
                    Hash::Sha256 => Curve::P256,
                    Hash::Sha384 => Curve::P384,
                    _ => Curve::P521,
                };
                matches!(key, PublicKey::Ec(own, _) if *own == curve)
            }
            (Self::Tls13, Algorithm::RsaPss(_) | Algorithm::Ed25519) => true,
        };
        if !is_allowed || is_for_pss_keys(scheme) != is_pss_key(key) {
            return Err(SignatureError::Wrong);
        }
        key.verify(algorithm, message, signature)
    }
}

pub(in crate::tls) fn scheme_algorithm(scheme: SignatureScheme) -> Option<Algorithm> {
    use SignatureScheme as S;
    let pss = |hash: Hash| {
        Algorithm::RsaPss(Pss {
            hash,
            mask: hash,
            salt: hash.length(),
        })
    };
    Some(match scheme {
        S::RSA_PKCS1_SHA1 => Algorithm::RsaPkcs1(Hash::Sha1),
        S::RSA_PKCS1_SHA256 => Algorithm::RsaPkcs1(Hash::Sha256),
        S::RSA_PKCS1_SHA384 => Algorithm::RsaPkcs1(Hash::Sha384),
        S::RSA_PKCS1_SHA512 => Algorithm::RsaPkcs1(Hash::Sha512),
        S::RSA_PSS_SHA256 | RSA_PSS_KEY_SHA256 => pss(Hash::Sha256),
        S::RSA_PSS_SHA384 | RSA_PSS_KEY_SHA384 => pss(Hash::Sha384),
        S::RSA_PSS_SHA512 | RSA_PSS_KEY_SHA512 => pss(Hash::Sha512),
        S::ECDSA_SHA1_Legacy => Algorithm::Ecdsa(Hash::Sha1),
        S::ECDSA_NISTP256_SHA256 => Algorithm::Ecdsa(Hash::Sha256),
        S::ECDSA_NISTP384_SHA384 => Algorithm::Ecdsa(Hash::Sha384),
        S::ECDSA_NISTP521_SHA512 => Algorithm::Ecdsa(Hash::Sha512),
        S::ED25519 => Algorithm::Ed25519,
        _ => return None,
    })
}

fn is_for_pss_keys(scheme: SignatureScheme) -> bool {
    matches!(
        scheme,
        RSA_PSS_KEY_SHA256 | RSA_PSS_KEY_SHA384 | RSA_PSS_KEY_SHA512
    )
}

fn is_pss_key(key: &PublicKey<'_>) -> bool {
    matches!(
        key,
        PublicKey::Rsa {
            restriction: Restriction::Pss(_),
            ..
        }
    )
}
