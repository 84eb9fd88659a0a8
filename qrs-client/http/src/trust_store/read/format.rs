//! The format of a file, by its content.

use std::borrow::Cow;

use super::ber::{self, BerError, INTEGER, OBJECT_IDENTIFIER, SEQUENCE};
use crate::trust_store::StoreKind;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Empty,
    Jks,
    Jceks,
    Pkcs12,
    Pkcs7,
    Pem,
    DerCertificate,
    DerPrivateKey,
    /// The file begins as ASN.1 but is too short. If its length is known, it should have this many bytes.
    TruncatedDer(Option<usize>),
    Unknown,
}

impl Format {
    pub(crate) fn from_content(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::Empty,
            [0xFE, 0xED, 0xFE, 0xED, ..] => Self::Jks,
            [0xCE, 0xCE, 0xCE, 0xCE, ..] => Self::Jceks,
            [SEQUENCE, 0x80..=0xFF, ..] => from_ber(bytes),
            // A comment before the certificates may begin with the digit `0`.
            _ if contains(bytes, b"-----BEGIN ") => Self::Pem,
            [SEQUENCE, ..] => from_ber(bytes),
            _ => Self::Unknown,
        }
    }

    /// The kind of trust store, if it can be read.
    pub(super) fn kind(self) -> Option<StoreKind> {
        match self {
            Self::Jks => Some(StoreKind::Jks),
            Self::Pkcs12 => Some(StoreKind::Pkcs12),
            Self::Pkcs7 => Some(StoreKind::Pkcs7),
            Self::Pem | Self::DerCertificate => Some(StoreKind::Pem),
            _ => None,
        }
    }
}

fn from_ber(bytes: &[u8]) -> Format {
    let outer = match ber::element(bytes) {
        Ok(outer) => outer,
        Err(BerError::Truncated(length)) => return Format::TruncatedDer(length),
        Err(BerError::Malformed) => return Format::Unknown,
    };
    let Ok(first) = ber::element(outer.content) else {
        return Format::Unknown;
    };
    match (first.tag, first.content) {
        (INTEGER, [3]) => Format::Pkcs12,
        (INTEGER, _) => Format::DerPrivateKey,
        (OBJECT_IDENTIFIER, _) => Format::Pkcs7,
        // An encrypted key begins with its algorithm.
        (SEQUENCE, [OBJECT_IDENTIFIER, ..]) => Format::DerPrivateKey,
        (SEQUENCE, _) => Format::DerCertificate,
        _ => Format::Unknown,
    }
}

/// Text in UTF-8 without a byte order mark; other data is unchanged. Windows also writes PEM files in UTF-16.
pub(crate) fn as_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(rest),
        [0xFF, 0xFE, rest @ ..] => from_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => from_utf16(rest, u16::from_be_bytes),
        _ if contains(bytes, b"-\0-\0-\0-\0-\0B\0E\0G\0I\0N\0 \0") => {
            // Big-endian text begins with a zero.
            match bytes.first() {
                Some(0) => from_utf16(bytes, u16::from_be_bytes),
                _ => from_utf16(bytes, u16::from_le_bytes),
            }
        }
        _ => Cow::Borrowed(bytes),
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Cow<'static, [u8]> {
    let (pairs, _) = bytes.as_chunks();
    let units: Vec<_> = pairs.iter().map(|pair| unit(*pair)).collect();
    Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}
