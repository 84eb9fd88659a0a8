//! Signatures of certificates and handshakes. ring supports too few kinds: it has no P-521, no SHA-224, only one salt length of
//! RSASSA-PSS, and no RSA keys below 2048 bits. Nothing here touches the network.

mod ecdsa;
mod handshake;
mod hash;
mod rsa;

use rustls::crypto::ring;
use rustls::pki_types::alg_id;
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

pub(super) use ecdsa::Curve;
pub(super) use handshake::{Handshake, SHA1_SCHEMES, STRONG_SCHEMES, scheme_algorithm};
pub(super) use hash::Hash;

/// Minimum length of an RSA key, in bits. Java has the same limit.
const MIN_RSA_BITS: usize = 1024;

/// Minimum length of an RSA key that is not weak, in bits.
pub(super) const MIN_STRONG_RSA_BITS: usize = 2048;

/// Maximum length of an RSA key, in bits. OpenSSL has the same limit.
const MAX_RSA_BITS: usize = 16_384;

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    RsaPkcs1(Hash),
    RsaPss(Pss),
    Ecdsa(Hash),
    Ed25519,
}

/// The parameters of RSASSA-PSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pss {
    pub(super) hash: Hash,
    /// The hash function of the mask.
    pub(super) mask: Hash,
    /// The length of the salt in bytes.
    pub(super) salt: usize,
}

/// A public key that can be used to check signatures.
#[derive(Debug, Clone, Copy)]
pub(super) enum PublicKey<'a> {
    Rsa {
        modulus: &'a [u8],
        exponent: &'a [u8],
        restriction: Restriction,
    },
    Ec(Curve, &'a [u8]),
    Ed25519(&'a [u8]),
}

/// The algorithms that an RSA key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Restriction {
    None,
    /// Only RSASSA-PSS, with these parameters if there are any; the salt may be longer.
    Pss(Option<Pss>),
}

/// Why a signature is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SignatureError {
    /// It is not the key's signature of the message.
    Wrong,
    /// The algorithm with this name or number is not supported.
    UnsupportedAlgorithm(String),
    /// This kind of key is not supported.
    UnsupportedKey(String),
}

impl Algorithm {
    /// Reads the algorithm of a certificate's signature.
    pub(super) fn from_identifier(
        identifier: &AlgorithmIdentifier<'_>,
    ) -> Result<Self, SignatureError> {
        let number = identifier.algorithm.to_id_string();
        let algorithm = match number.as_str() {
            "1.2.840.113549.1.1.5" => Self::RsaPkcs1(Hash::Sha1),
            "1.2.840.113549.1.1.14" => Self::RsaPkcs1(Hash::Sha224),
            "1.2.840.113549.1.1.11" => Self::RsaPkcs1(Hash::Sha256),
            "1.2.840.113549.1.1.12" => Self::RsaPkcs1(Hash::Sha384),
            "1.2.840.113549.1.1.13" => Self::RsaPkcs1(Hash::Sha512),
            "1.2.840.10045.4.1" => Self::Ecdsa(Hash::Sha1),
            "1.2.840.10045.4.3.1" => Self::Ecdsa(Hash::Sha224),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Hash::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Hash::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Hash::Sha512),
            "1.3.101.112" => Self::Ed25519,
            PSS => Self::RsaPss(pss(identifier)?.ok_or_else(|| unsupported(PSS))?),
            number => return Err(unsupported(number)),
        };
        Ok(algorithm)
    }

    pub(super) fn hash(self) -> Option<Hash> {
        match self {
            Self::RsaPkcs1(hash) | Self::Ecdsa(hash) => Some(hash),
            Self::RsaPss(pss) => Some(pss.hash),
            Self::Ed25519 => None,
        }
    }
}

/// The number of RSASSA-PSS, both as a signature and as a key.
const PSS: &str = "1.2.840.113549.1.1.10";

fn pss(identifier: &AlgorithmIdentifier<'_>) -> Result<Option<Pss>, SignatureError> {
    let Some(parameters) = &identifier.parameters else {
        return Ok(None);
    };
    let unreadable = || {
        SignatureError::UnsupportedAlgorithm("RSASSA-PSS with unsupported parameters".to_owned())
    };
    let parameters = RsaSsaPssParams::try_from(parameters).map_err(|_error| unreadable())?;
    let hash = |oid: &Oid<'_>| Hash::from_number(&oid.to_id_string()).ok_or_else(unreadable);
    let mask = parameters
        .mask_gen_algorithm()
        .map_err(|_error| unreadable())?;
    if parameters.trailer_field() != 1 || mask.mgf.to_id_string() != "1.2.840.113549.1.1.8" {
        return Err(unreadable());
    }
    Ok(Some(Pss {
        hash: hash(parameters.hash_algorithm_oid())?,
        mask: hash(&mask.hash)?,
        salt: usize::try_from(parameters.salt_length()).map_err(|_error| unreadable())?,
    }))
}

fn unsupported(number: &str) -> SignatureError {
    SignatureError::UnsupportedAlgorithm(match number {
        "1.2.840.113549.1.1.2" => "RSA with MD2".to_owned(),
        "1.2.840.113549.1.1.4" => "RSA with MD5".to_owned(),
        "1.2.840.10040.4.3" | "2.16.840.1.101.3.4.3.2" => "DSA".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        PSS => "RSASSA-PSS without parameters".to_owned(),
        number => format!("the algorithm {number}"),
    })
}

impl<'a> PublicKey<'a> {
    pub(super) fn from_info(info: &'a SubjectPublicKeyInfo<'_>) -> Result<Self, SignatureError> {
        let bits: &[u8] = info.subject_public_key.as_ref();
        match info.algorithm.algorithm.to_id_string().as_str() {
            "1.2.840.113549.1.1.1" => Self::rsa(bits, Restriction::None),
            PSS => Self::rsa(bits, Restriction::Pss(pss(&info.algorithm)?)),
            "1.2.840.10045.2.1" => {
                let curve = (info.algorithm.parameters.as_ref())
                    .and_then(|curve| curve.as_oid().ok())
                    .map_or_else(String::new, |curve| curve.to_id_string());
                let curve = Curve::from_number(&curve).ok_or_else(|| {
                    SignatureError::UnsupportedKey(ecdsa::name_of_unsupported(&curve))
                })?;
                Ok(Self::Ec(curve, bits))
            }
            "1.3.101.112" => Ok(Self::Ed25519(bits)),
            "1.3.101.113" => Err(SignatureError::UnsupportedKey("an Ed448 key".to_owned())),
            "1.2.840.10040.4.1" => Err(SignatureError::UnsupportedKey("a DSA key".to_owned())),
            number => Err(SignatureError::UnsupportedKey(format!(
                "a key of the kind {number}"
            ))),
        }
    }

    fn rsa(bits: &'a [u8], restriction: Restriction) -> Result<Self, SignatureError> {
        let (_, key) = RSAPublicKey::from_der(bits)
            .map_err(|_error| SignatureError::UnsupportedKey("a damaged RSA key".to_owned()))?;
        let key = Self::Rsa {
            modulus: without_zeros(key.modulus),
            exponent: without_zeros(key.exponent),
            restriction,
        };
        match key.rsa_bits().unwrap_or_default() {
            bits @ (..MIN_RSA_BITS | MAX_RSA_BITS..) if bits != MAX_RSA_BITS => Err(
                SignatureError::UnsupportedKey(format!("an RSA key of {bits} bits")),
            ),
            _ => Ok(key),
        }
    }

    /// The length of an RSA key.
    pub(super) fn rsa_bits(&self) -> Option<usize> {
        match self {
            Self::Rsa { modulus, .. } => Some(bits(modulus)),
            _ => None,
        }
    }

    /// Checks that `signature` is this key's signature of `message`.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let is_right = match (self, algorithm) {
            (
                Self::Rsa {
                    restriction: Restriction::None,
                    modulus,
                    exponent,
                },
                Algorithm::RsaPkcs1(hash),
            ) => rsa::verify_pkcs1(modulus, exponent, hash, message, signature),
            (
                Self::Rsa {
                    restriction,
                    modulus,
                    exponent,
                },
                Algorithm::RsaPss(pss),
            ) => {
                restriction.allows(pss)
                    && rsa::verify_pss(modulus, exponent, pss, message, signature)
            }
            (Self::Ec(curve, point), Algorithm::Ecdsa(hash)) => {
                curve.verify(point, hash, message, signature)?
            }
            (Self::Ed25519(key), Algorithm::Ed25519) => verify_ed25519(key, message, signature),
            _ => false,
        };
        is_right.then_some(()).ok_or(SignatureError::Wrong)
    }
}

impl Restriction {
    fn allows(self, used: Pss) -> bool {
        match self {
            Self::Pss(Some(least)) => {
                used.hash == least.hash && used.mask == least.mask && used.salt >= least.salt
            }
            Self::None | Self::Pss(None) => true,
        }
    }
}

fn verify_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let algorithms = ring::default_provider().signature_verification_algorithms;
    let mut algorithms = algorithms.all.iter();
    algorithms.any(|algorithm| {
        algorithm.signature_alg_id() == alg_id::ED25519
            && algorithm.verify_signature(key, message, signature).is_ok()
    })
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0);
    &number[start.unwrap_or(number.len())..]
}

/// The length of a number without leading zeros, in bits.
fn bits(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}
