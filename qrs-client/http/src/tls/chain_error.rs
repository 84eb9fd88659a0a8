//! The errors of a chain of certificates.

use std::fmt;

use crate::certificate::{Certificate, NamedBy};

/// Why a chain is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChainError {
    /// The certificate is not valid yet or has expired.
    OutOfDate(Box<Certificate>),
    /// The server's certificate is for other names.
    OtherName,
    /// The server's certificate has the right name only as its common name, which is not accepted for the operating system's
    /// authorities.
    CommonNameOnly,
    /// No trusted certificate has the name of the issuer at which the chain ends.
    UnknownIssuer,
    /// A trusted certificate has the issuer's name, but did not sign the certificate below it.
    OtherKey {
        below: Box<Certificate>,
        namesake: Box<Certificate>,
    },
    /// The same for a certificate that was presented with it.
    WrongSignature {
        below: Box<Certificate>,
        presented: Box<Certificate>,
    },
    /// There are more authorities above the server's certificate than this.
    TooLong(usize),
    /// The certificate signed another one but does not belong to an authority.
    NotAuthority(Box<Certificate>),
    /// The key usage of this authority's certificate does not include the signing of certificates.
    NoCertificateSigning(Box<Certificate>),
    /// There are more authorities below this one than it allows.
    TooManyBelow(Box<Certificate>),
    /// The certificate is for other purposes than TLS servers, according to this extension.
    OtherPurpose(Box<Certificate>, &'static str),
    /// The certificate has an unknown critical extension with this number.
    UnknownExtension(Box<Certificate>, String),
    /// A required extension cannot be read or occurs twice.
    DamagedExtension(Box<Certificate>, &'static str),
    /// The authority's name constraints do not allow this name.
    Constrained(Box<Certificate>, String),
    /// An authority requires a common certificate policy, but the chain has none.
    NoPolicy,
    /// The chain is too weak for the operating system's authorities.
    Weak(Weakness),
    /// The certificate has an unsupported signature or key; the text describes it.
    Unsupported(Box<Certificate>, String),
    /// The intermediate certificates can be combined in too many ways.
    TooComplex,
}

impl ChainError {
    /// How useful the error is to people. If several paths were tried, the error with the highest rank is reported.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::UnknownIssuer => 0,
            Self::OtherKey { .. } | Self::WrongSignature { .. } | Self::TooLong(_) => 1,
            Self::NotAuthority(_) => 2,
            Self::TooComplex => 4,
            _ => 3,
        }
    }
}

/// A weakness that is accepted below a private authority.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Weakness {
    /// A certificate is signed with SHA-1.
    Sha1 {
        /// The certificate's subject.
        subject: String,
    },
    /// A certificate has an RSA key of less than 2048 bits.
    ShortKey {
        /// The certificate's subject.
        subject: String,
        /// The length of its key.
        bits: usize,
    },
    /// The server signs the handshakes of TLS 1.2 with SHA-1.
    Sha1Handshake,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha1 { subject } => {
                write!(
                    f,
                    "the certificate `{subject}` is signed with SHA-1, which can be forged"
                )
            }
            Self::ShortKey { subject, bits } => write!(
                f,
                "the certificate `{subject}` has an RSA key of {bits} bits, which can be broken"
            ),
            Self::Sha1Handshake => {
                f.write_str("the server signs TLS handshakes with SHA-1, which can be forged")
            }
        }
    }
}

/// A chain that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AcceptedChain {
    pub(super) weaknesses: Vec<Weakness>,
    pub(super) named_by: NamedBy,
}
