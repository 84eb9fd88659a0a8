//! Failed handshakes in words: which certificate, what is missing, what to do. Pure.

mod alert;
mod reason;

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, OtherError};

use super::flaw::Flaw;
use super::signature::SignatureError;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Site,
    Proxy,
}

impl Peer {
    /// The kind of an error in TLS with it.
    pub(crate) fn tls_kind(self) -> ErrorKind {
        match self {
            Self::Site => ErrorKind::Tls,
            Self::Proxy => ErrorKind::Proxy,
        }
    }

    /// The kind of an error when it does not answer in time.
    pub(crate) fn timeout_kind(self) -> ErrorKind {
        match self {
            Self::Site => ErrorKind::Timeout,
            Self::Proxy => ErrorKind::Proxy,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Site => "the site",
            Self::Proxy => "the proxy",
        })
    }
}

/// What was shown, when, and by what name it was called.
pub(super) struct Shown<'a> {
    /// The site's own comes first; there is at least that one.
    pub(super) chain: Vec<Certificate>,
    pub(super) name: &'a ServerName<'a>,
    now: UnixTime,
}

/// What is trusted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Store<'a> {
    System,
    Own {
        /// Empty if it has none.
        name: &'a str,
        certificates: &'a [Certificate],
    },
}

impl<'a> Shown<'a> {
    /// `None` if the first certificate cannot be read.
    pub(super) fn new(
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &'a ServerName<'a>,
        now: UnixTime,
    ) -> Option<Self> {
        let mut chain = vec![whole_certificate(end_entity)?];
        let others = intermediates.iter();
        chain.extend(others.filter_map(whole_certificate));
        Some(Self { chain, name, now })
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.chain[0]
    }

    pub(super) fn seconds(&self) -> i64 {
        i64::try_from(self.now.as_secs()).unwrap_or(i64::MAX)
    }

    /// The certificate at which the chain ends, as far as it was shown.
    fn top(&self) -> &Certificate {
        let mut top = self.certificate();
        // No longer than the chain: issuers may go round in circles.
        for _ in 1..self.chain.len() {
            let issuer = self
                .chain
                .iter()
                .find(|other| other.subject_name() == top.issuer_name());
            match issuer {
                Some(issuer) if !top.is_self_issued() => top = issuer,
                _ => break,
            }
        }
        top
    }
}

/// A certificate that can be read, and that nothing follows.
fn whole_certificate(der: &CertificateDer<'_>) -> Option<Certificate> {
    let certificate = Certificate::from_der(der).ok()?;
    (certificate.der() == der.as_ref()).then_some(certificate)
}

/// Why the verifier refused a certificate. It travels inside of the TLS library's error.
#[derive(Debug)]
pub(crate) struct Refusal {
    message: String,
    hint: String,
    chain: Vec<Certificate>,
}

impl Refusal {
    /// `pin` is the site's own certificate, if it would pass once it is in a trust store.
    pub(super) fn new(
        flaw: &Flaw,
        shown: Shown<'_>,
        store: Store<'_>,
        pin: Option<Certificate>,
    ) -> Self {
        let (message, hint) = reason::reason(flaw, &shown, store, pin.as_ref());
        Self {
            message,
            hint,
            chain: shown.chain,
        }
    }

    /// For a certificate that cannot be read.
    pub(super) fn unreadable() -> Self {
        Self {
            message: "it showed a certificate that cannot be read".to_owned(),
            hint: "install a new certificate there".to_owned(),
            chain: Vec::new(),
        }
    }

    /// For a handshake that the certificate's key did not sign.
    pub(super) fn from_signature(error: SignatureError, certificate: &CertificateDer<'_>) -> Self {
        let (message, hint) = match error {
            SignatureError::UnsupportedKey(what) => {
                (format!("its certificate has {what}"), reason::NEW_KEY)
            }
            SignatureError::UnsupportedAlgorithm(what) => (
                format!("its certificate has a key for {what}"),
                reason::NEW_KEY,
            ),
            SignatureError::Wrong => (
                "its handshake is not signed with the key of its certificate".to_owned(),
                "the key and the certificate installed there may not belong together",
            ),
        };
        let certificate = Certificate::from_der(certificate);
        Self {
            message,
            hint: hint.to_owned(),
            chain: certificate.into_iter().collect(),
        }
    }
}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}

/// The chain that was shown.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it showed ")?;
        for (at, certificate) in self.chain.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{certificate}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// A handshake that failed.
pub(crate) fn failed(error: &rustls::Error, peer: Peer) -> Error {
    let Some(refusal) = refusal(error) else {
        let (message, hint) = alert::reason(error, peer);
        let described = Error::new(peer.tls_kind(), message).with_hint(hint);
        return match peer {
            Peer::Site if alert::is_not_tls(error) => described.with_fact(Fact::NotTls),
            _ => described,
        };
    };
    let message = format!("no secure connection to {peer}: {}", refusal.message);
    let failed = Error::new(peer.tls_kind(), message).with_hint(refusal.hint.clone());
    if refusal.chain.is_empty() {
        return failed;
    }
    failed
        .with_certificates(refusal.chain.clone())
        .with_cause(refusal.to_string())
}

/// What the verifier said, if it was the verifier.
fn refusal(error: &rustls::Error) -> Option<&Refusal> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.downcast_ref()
        }
        _ => None,
    }
}
