//! What a file is, by its first bytes.

use super::der::{self, Flaw, INTEGER, OBJECT_IDENTIFIER, SEQUENCE};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Empty,
    Jks,
    Jceks,
    Pkcs12,
    Pkcs7,
    Pem,
    DerCertificate,
    DerPrivateKey,
    /// Begins as ASN.1, and is shorter than it says: this many bytes.
    TruncatedDer(usize),
    /// ASN.1 of open length, as some old programs wrote PKCS12.
    Ber,
    Unknown,
}

impl Format {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::Empty,
            [0xFE, 0xED, 0xFE, 0xED, ..] => Self::Jks,
            [0xCE, 0xCE, 0xCE, 0xCE, ..] => Self::Jceks,
            [SEQUENCE, 0x80..=0xFF, ..] => of_der(bytes),
            // `0` is a letter, too, with which a comment before the certificates may begin.
            _ if contains(bytes, b"-----BEGIN ") => Self::Pem,
            [SEQUENCE, ..] => of_der(bytes),
            _ => Self::Unknown,
        }
    }

    /// What to call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Empty => "an empty file",
            Self::Jks => "a JKS key store",
            Self::Jceks => "a JCEKS key store",
            Self::Pkcs12 => "a PKCS12 store",
            Self::Pkcs7 => "a PKCS7 bundle",
            Self::Pem => "a PEM file",
            Self::DerCertificate => "a certificate in DER",
            Self::DerPrivateKey => "a private key in DER",
            Self::TruncatedDer(_) => "a truncated file",
            Self::Ber => "a file in BER of open length",
            Self::Unknown => "neither PKCS12, nor JKS, nor PEM, nor a certificate",
        }
    }
}

fn of_der(bytes: &[u8]) -> Format {
    let outer = match der::element(bytes) {
        Ok(outer) => outer,
        Err(Flaw::Truncated(length)) => return Format::TruncatedDer(length),
        Err(Flaw::OpenLength) => return Format::Ber,
        Err(Flaw::Malformed) => return Format::Unknown,
    };
    let Ok(first) = der::element(outer.content) else {
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

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
