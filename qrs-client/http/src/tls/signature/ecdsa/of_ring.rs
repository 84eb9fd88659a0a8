//! ECDSA as ring supports it: on P-256 and P-384, with SHA-256 and SHA-384.

use rustls::crypto::ring;
use rustls::pki_types::alg_id;

use super::super::{Hash, SignatureError};
use super::Curve;

impl Curve {
    /// Whether `signature`, in DER, is a signature of `message` by the key at `point`.
    #[cfg(not(feature = "java-tls"))]
    pub(in crate::tls) fn verify(
        self,
        point: &[u8],
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, SignatureError> {
        self.verify_by_ring(point, hash, message, signature)
    }

    fn verify_by_ring(
        self,
        point: &[u8],
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, SignatureError> {
        let unsupported = || {
            let text = "ECDSA with this curve and hash without the feature `java-tls`";
            SignatureError::UnsupportedAlgorithm(text.to_owned())
        };
        let key = match self {
            Self::P256 => alg_id::ECDSA_P256,
            Self::P384 => alg_id::ECDSA_P384,
            Self::P521 => return Err(unsupported()),
        };
        let hash = match hash {
            Hash::Sha256 => alg_id::ECDSA_SHA256,
            Hash::Sha384 => alg_id::ECDSA_SHA384,
            _ => return Err(unsupported()),
        };
        let algorithms = ring::default_provider().signature_verification_algorithms;
        let mut algorithms = algorithms.all.iter();
        let algorithm = algorithms.find(|algorithm| {
            algorithm.public_key_alg_id() == key && algorithm.signature_alg_id() == hash
        });
        let algorithm = algorithm.ok_or_else(unsupported)?;
        Ok(algorithm
            .verify_signature(point, message, signature)
            .is_ok())
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::pem::Pem;

    use super::*;

    /// The signed part of a certificate that signs itself on P-256 with SHA-256, its signature, and the point of its key.
    fn signed() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let text = include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/fixtures/bundle.pem"
        ));
        let pem = Pem::iter_from_buffer(text).next().unwrap().unwrap();
        let own = pem.parse_x509().unwrap();
        let message = own.tbs_certificate.as_ref().to_vec();
        let point = own.public_key().subject_public_key.as_ref().to_vec();
        (message, own.signature_value.as_ref().to_vec(), point)
    }

    #[test]
    fn a_right_signature_alone_is_accepted() {
        let (mut message, signature, point) = signed();
        let check = |curve: Curve, message: &[u8]| {
            curve.verify_by_ring(&point, Hash::Sha256, message, &signature)
        };
        assert_eq!(check(Curve::P256, &message), Ok(true));
        assert_eq!(check(Curve::P384, &message), Ok(false));
        assert!(check(Curve::P521, &message).is_err());
        message[10] ^= 1;
        assert_eq!(check(Curve::P256, &message), Ok(false));
        let other = Curve::P256.verify_by_ring(&point, Hash::Sha512, &message, &signature);
        assert!(other.is_err());
    }

    #[cfg(feature = "java-tls")]
    #[test]
    fn both_ways_agree() {
        let (message, signature, point) = signed();
        for message in [&message[..], &message[1..]] {
            let ring = Curve::P256.verify_by_ring(&point, Hash::Sha256, message, &signature);
            assert_eq!(
                Curve::P256.verify(&point, Hash::Sha256, message, &signature),
                ring
            );
        }
    }
}
