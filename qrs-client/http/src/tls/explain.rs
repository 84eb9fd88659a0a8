//! Messages for failed handshakes: which certificate, what is missing, what to do. Nothing here touches the network.

mod alert;
mod reason;

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, OtherError};

use super::chain_error::ChainError;
use super::signature::SignatureError;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::peer::Peer;

/// The certificates that were presented, the time, and the name that the client connected to.
pub(super) struct Presented<'a> {
    /// The server's own certificate comes first; there is at least that one.
    pub(super) chain: Vec<Certificate>,
    pub(super) name: &'a ServerName<'a>,
    now: UnixTime,
}

/// The trusted certificates.
#[derive(Debug, Clone, Copy)]
pub(super) enum Store<'a> {
    System,
    Own {
        /// Empty if the store has no name.
        name: &'a str,
        certificates: &'a [Certificate],
    },
}

impl<'a> Presented<'a> {
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

    /// The last certificate of the chain that was presented.
    fn top(&self) -> &Certificate {
        let mut top = self.certificate();
        // At most as many steps as the chain has certificates: issuers may form a circle.
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

/// A certificate that can be read and has no bytes after it.
fn whole_certificate(der: &CertificateDer<'_>) -> Option<Certificate> {
    let certificate = Certificate::from_der(der).ok()?;
    (certificate.der() == der.as_ref()).then_some(certificate)
}

/// Why the verifier refused a certificate. It is passed inside the TLS library's error.
#[derive(Debug)]
pub(crate) struct VerificationError {
    message: String,
    hint: String,
    chain: Vec<Certificate>,
}

impl VerificationError {
    /// `pin` is the server's own certificate, if adding it to a trust store would help.
    pub(super) fn new(
        error: &ChainError,
        presented: Presented<'_>,
        store: Store<'_>,
        pin: Option<Certificate>,
    ) -> Self {
        let (message, hint) = reason::reason(error, &presented, store, pin.as_ref());
        Self {
            message,
            hint,
            chain: presented.chain,
        }
    }

    /// For a certificate that cannot be read.
    pub(super) fn unreadable() -> Self {
        Self {
            message: "it presented a certificate that cannot be read".to_owned(),
            hint: "install a new certificate on the server".to_owned(),
            chain: Vec::new(),
        }
    }

    /// The error of a handshake that is not signed with the certificate's key.
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
                "the key and the certificate installed on the server may not belong together",
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

impl From<VerificationError> for rustls::Error {
    fn from(error: VerificationError) -> Self {
        CertificateError::Other(OtherError(Arc::new(error))).into()
    }
}

/// The chain that was presented.
impl fmt::Display for VerificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the chain was: ")?;
        for (at, certificate) in self.chain.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{certificate}")?;
        }
        Ok(())
    }
}

impl std::error::Error for VerificationError {}

/// The error of a failed handshake.
pub(crate) fn handshake_error(error: &rustls::Error, peer: Peer) -> Error {
    let Some(refused) = verification_error(error) else {
        let (message, hint) = alert::reason(error, peer);
        let described = Error::new(peer.tls_kind(), message).with_hint(hint);
        return match alert::fact(error) {
            Some(fact) if !peer.is_proxy() => described.with_fact(fact),
            _ => described,
        };
    };
    let message = format!("no secure connection to {peer}: {}", refused.message);
    let failed = Error::new(peer.tls_kind(), message).with_hint(refused.hint.clone());
    if refused.chain.is_empty() {
        return failed;
    }
    failed
        .with_certificates(refused.chain.clone())
        .with_cause(refused.to_string())
}

/// The verifier's own error, if the handshake failed because of it.
fn verification_error(error: &rustls::Error) -> Option<&VerificationError> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.downcast_ref()
        }
        _ => None,
    }
}
