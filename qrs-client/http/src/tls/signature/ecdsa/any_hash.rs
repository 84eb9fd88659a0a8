//! ECDSA on P-256, P-384 and P-521 with any hash function.

use p256::ecdsa::signature::hazmat::PrehashVerifier;

use super::super::{Hash, SignatureError};
use super::Curve;

impl Curve {
    /// Whether `signature`, in DER, is a signature of `message` by the key at `point`.
    pub(in crate::tls) fn verify(
        self,
        point: &[u8],
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, SignatureError> {
        let digest = hash.digest(message);
        macro_rules! verify {
            ($curve:ident) => {{
                use $curve::ecdsa::{Signature, VerifyingKey};
                let key = VerifyingKey::from_sec1_bytes(point);
                match (key, Signature::from_der(signature)) {
                    (Ok(key), Ok(signature)) => key
                        .verify_prehash(&self.padded(&digest), &signature)
                        .is_ok(),
                    _ => false,
                }
            }};
        }
        Ok(match self {
            Self::P256 => verify!(p256),
            Self::P384 => verify!(p384),
            Self::P521 => verify!(p521),
        })
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
