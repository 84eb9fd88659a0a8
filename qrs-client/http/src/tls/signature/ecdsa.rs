//! ECDSA on the NIST curves that Java supports, with any hash function.

use p256::ecdsa::signature::hazmat::PrehashVerifier;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tls) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) fn from_number(number: &str) -> Option<Self> {
        match number {
            "1.2.840.10045.3.1.7" => Some(Self::P256),
            "1.3.132.0.34" => Some(Self::P384),
            "1.3.132.0.35" => Some(Self::P521),
            _ => None,
        }
    }

    /// Whether `signature`, in DER, is a signature of `digest` by the key at `point`.
    pub(super) fn verify(self, point: &[u8], digest: &[u8], signature: &[u8]) -> bool {
        macro_rules! verify {
            ($curve:ident) => {{
                use $curve::ecdsa::{Signature, VerifyingKey};
                let key = VerifyingKey::from_sec1_bytes(point);
                match (key, Signature::from_der(signature)) {
                    (Ok(key), Ok(signature)) => {
                        key.verify_prehash(&self.padded(digest), &signature).is_ok()
                    }
                    _ => false,
                }
            }};
        }
        match self {
            Self::P256 => verify!(p256),
            Self::P384 => verify!(p384),
            Self::P521 => verify!(p521),
        }
    }

    /// The digest, padded to the length of a field element: the crates refuse shorter ones, although the number is the same.
    fn padded(self, digest: &[u8]) -> Vec<u8> {
        let length = match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        };
        let zeros = vec![0; usize::saturating_sub(length, digest.len())];
        [&zeros, digest].concat()
    }
}

/// The name of a key on an unsupported curve.
pub(super) fn name_of_unsupported(number: &str) -> String {
    match number {
        "1.3.132.0.33" => "a key on the curve P-224".to_owned(),
        "1.3.132.0.10" => "a key on the curve secp256k1".to_owned(),
        number if number.starts_with("1.3.36.3.3.2.8.1.1.") => {
            "a key on a Brainpool curve".to_owned()
        }
        "" => "an elliptic-curve key without the name of its curve".to_owned(),
        number => format!("a key on the curve {number}"),
    }
}
