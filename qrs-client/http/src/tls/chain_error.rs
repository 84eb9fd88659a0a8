//! What can be wrong with a chain of certificates, as facts.

use std::fmt;

use crate::certificate::{Certificate, NamedBy};

/// Why a chain is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChainError {
    /// The certificate is not valid yet, or no longer.
    OutOfDate(Box<Certificate>),
    /// The site's certificate is for other names.
    OtherName,
    /// It has the right name only as its common name, which does not count for the system's authorities.
    CommonNameOnly,
    /// No trusted certificate has the name of the issuer at which the chain ends.
    UnknownIssuer,
    /// A trusted certificate has the issuer's name, but did not sign the certificate below it.
    OtherKey {
        below: Box<Certificate>,
        namesake: Box<Certificate>,
    },
    /// The same of a certificate that was shown with it.
    WrongSignature {
        below: Box<Certificate>,
        shown: Box<Certificate>,
    },
    /// There are more authorities above the site's certificate than this.
    TooLong(usize),
    /// The certificate signed the chain, and is not one of an authority.
    NotAuthority(Box<Certificate>),
    /// The certificate is one of an authority whose key usage does not include the signing of certificates.
    NoCertificateSigning(Box<Certificate>),
    /// There are more authorities below this one than it allows.
    TooManyBelow(Box<Certificate>),
    /// The certificate is for other purposes than TLS servers; the extension that says so.
    OtherPurpose(Box<Certificate>, &'static str),
    /// It has a critical extension that is not known; its number.
    UnknownExtension(Box<Certificate>, String),
    /// An extension that matters cannot be read, or is there twice.
    DamagedExtension(Box<Certificate>, &'static str),
    /// The authority's name constraints do not allow a name; what is named.
    Constrained(Box<Certificate>, String),
    /// The chain has no certificate policy in common, and an authority asks for one.
    NoPolicy,
    /// Something in it is too weak for the system's authorities.
    Weak(Weakness),
    /// The certificate is signed in a way that is not supported, or has such a key; what it is.
    Unsupported(Box<Certificate>, String),
    /// The intermediate certificates can be combined in too many ways.
    TooComplex,
}

impl ChainError {
    /// How much it says: of all paths that were tried, the flaw of the most promising one is reported.
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

/// What is accepted below a private authority, and is weak all the same.
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

/// A chain that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AcceptedChain {
    pub(super) weaknesses: Vec<Weakness>,
    pub(super) named_by: NamedBy,
}
