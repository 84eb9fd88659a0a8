//! Private keys: they identify a client to a server, and sign tokens. Nothing here touches a disk or the network.

#[cfg(feature = "trust-stores")]
pub(crate) mod read;

use std::fmt;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

use crate::error::Error;
use crate::tls::provider;

/// A private key: RSA with 2048 to 8192 bits, or an elliptic curve P-256, P-384 or Ed25519. No text contains it.
#[derive(Clone)]
pub struct PrivateKey(Arc<dyn SigningKey>);

/// How a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSA with PKCS1 padding and SHA-256.
    RsaSha256,
    /// RSA with PKCS1 padding and SHA-384.
    RsaSha384,
    /// RSA with PKCS1 padding and SHA-512.
    RsaSha512,
    /// ECDSA on P-256 with SHA-256. The signature is the two numbers of 32 bytes.
    EcdsaP256Sha256,
}

impl PrivateKey {
    /// Reads a key in DER: PKCS8, PKCS1 or SEC1, not encrypted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the bytes are not a private key, or one of a kind that
    /// is not supported.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let key = PrivateKeyDer::try_from(der).map_err(|_error| unreadable())?;
        Self::from_rustls(key.clone_key())
    }

    /// Signs a message.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the key is not one for this algorithm.
    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signer = self.0.choose_scheme(&[algorithm.scheme()]).ok_or_else(|| {
            Error::configuration(format!("the private key is not one for {algorithm}"))
                .with_hint("use another key, or the algorithm that the key is for")
        })?;
        let signature = signer.sign(message);
        let signature =
            signature.map_err(|_error| Error::configuration("the private key cannot sign"))?;
        match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => two_numbers(&signature)
                .ok_or_else(|| Error::configuration("the private key's signature is malformed")),
            _ => Ok(signature),
        }
    }

    pub(crate) fn from_rustls(key: PrivateKeyDer<'static>) -> Result<Self, Error> {
        let is_readable = is_sequence(key.secret_der());
        let loaded = provider::provider().key_provider.load_private_key(key);
        loaded.map(Self).map_err(|_error| match is_readable {
            true => Error::configuration("the private key has a kind that is not supported").with_hint(
                "use a key of RSA with 2048 to 8192 bits, or an elliptic curve P-256, P-384 or Ed25519",
            ),
            false => unreadable(),
        })
    }

    pub(crate) fn signing_key(&self) -> Arc<dyn SigningKey> {
        Arc::clone(&self.0)
    }

    /// The public key without its algorithm, whose parameters are written in several ways.
    pub(crate) fn public_bits(&self) -> Option<Vec<u8>> {
        let info = self.0.public_key()?;
        let (_, key) = SubjectPublicKeyInfo::from_der(&info).ok()?;
        Some(key.subject_public_key.data.to_vec())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl SignatureAlgorithm {
    fn scheme(self) -> SignatureScheme {
        match self {
            Self::RsaSha256 => SignatureScheme::RSA_PKCS1_SHA256,
            Self::RsaSha384 => SignatureScheme::RSA_PKCS1_SHA384,
            Self::RsaSha512 => SignatureScheme::RSA_PKCS1_SHA512,
            Self::EcdsaP256Sha256 => SignatureScheme::ECDSA_NISTP256_SHA256,
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RsaSha256 => "RSA with SHA-256",
            Self::RsaSha384 => "RSA with SHA-384",
            Self::RsaSha512 => "RSA with SHA-512",
            Self::EcdsaP256Sha256 => "ECDSA on P-256 with SHA-256",
        })
    }
}

pub(crate) fn unreadable() -> Error {
    Error::configuration("the private key cannot be read")
        .with_hint("export the key again, as PEM (PKCS8, PKCS1 or SEC1)")
}

/// Whether the bytes are one ASN.1 sequence, as all keys are.
fn is_sequence(der: &[u8]) -> bool {
    let length = match der {
        [0x30, short @ 0..=0x7F, ..] => 2 + usize::from(*short),
        [0x30, 0x81, one, ..] => 3 + usize::from(*one),
        [0x30, 0x82, one, two, ..] => 4 + usize::from(u16::from_be_bytes([*one, *two])),
        _ => return false,
    };
    length == der.len()
}

/// An ECDSA signature on P-256 as two numbers of 32 bytes, instead of an ASN.1 sequence of two integers.
fn two_numbers(signature: &[u8]) -> Option<Vec<u8>> {
    let [0x30, _, 0x02, length, rest @ ..] = signature else {
        return None;
    };
    let (first, rest) = rest.split_at_checked(usize::from(*length))?;
    let [0x02, length, second @ ..] = rest else {
        return None;
    };
    let second = second.get(..usize::from(*length))?;
    let mut numbers = Vec::new();
    for number in [first, second] {
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        numbers.resize(numbers.len() + 32_usize.checked_sub(number.len())?, 0);
        numbers.extend_from_slice(number);
    }
    Some(numbers)
}
