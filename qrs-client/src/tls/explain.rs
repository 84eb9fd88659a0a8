//! Failed handshakes in words: which certificate, what is missing, what to do. Pure.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, OtherError};

use crate::certificate::{Certificate, Validity, day};
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::trust_store::TrustStore;

/// So many certificates of a trust store are named.
const MOST_NAMED: usize = 5;

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
    pub(super) now: UnixTime,
}

impl<'a> Shown<'a> {
    /// None if the first certificate can't be read.
    pub(super) fn new(
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &'a ServerName<'a>,
        now: UnixTime,
    ) -> Option<Self> {
        let mut chain = vec![Certificate::from_der(end_entity).ok()?];
        let others = intermediates.iter();
        chain.extend(others.filter_map(|other| Certificate::from_der(other).ok()));
        Some(Self { chain, name, now })
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.chain[0]
    }

    pub(super) fn seconds(&self) -> i64 {
        i64::try_from(self.now.as_secs()).unwrap_or(i64::MAX)
    }

    /// The first certificate of the chain whose validity is like this.
    fn first(&self, validity: Validity) -> Option<&Certificate> {
        let mut chain = self.chain.iter();
        chain.find(|certificate| certificate.at(self.seconds()) == validity)
    }

    /// The certificate at which the chain ends, as far as it was shown.
    fn top(&self) -> &Certificate {
        let mut top = self.certificate();
        // No longer than the chain: issuers may go round in circles.
        for _ in 1..self.chain.len() {
            let issuer = self
                .chain
                .iter()
                .find(|other| other.subject() == top.issuer());
            match issuer {
                Some(issuer) if !top.is_self_issued() => top = issuer,
                _ => break,
            }
        }
        top
    }
}

/// Why the verifier refused a certificate. It travels inside of the TLS library's error.
#[derive(Debug)]
pub(crate) struct Refusal {
    message: String,
    hint: String,
    chain: Vec<Certificate>,
}

impl Refusal {
    pub(super) fn new(error: &rustls::Error, shown: Shown<'_>, store: Option<&TrustStore>) -> Self {
        let (message, hint) = match error {
            rustls::Error::InvalidCertificate(error) => reason(error, &shown, store),
            error => uncheckable(error, &shown),
        };
        let chain = shown.chain;
        Self {
            message,
            hint,
            chain,
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

fn reason(
    error: &CertificateError,
    shown: &Shown<'_>,
    store: Option<&TrustStore>,
) -> (String, String) {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => out_of_date(shown, Validity::Expired),
        E::NotValidYet | E::NotValidYetContext { .. } => out_of_date(shown, Validity::NotYet),
        E::NotValidForName | E::NotValidForNameContext { .. } => other_name(shown),
        E::UnknownIssuer | E::BadSignature => match namesake(shown, store) {
            Some(namesake) => other_key(shown, namesake, store),
            None => unknown_issuer(shown, store),
        },
        error if error.to_string().contains("CaUsedAsEndEntity") => authority_as_site(shown),
        error if error.to_string().contains("EndEntityUsedAsCa") => no_authority(shown),
        error => uncheckable(error, shown),
    }
}

fn uncheckable(error: &impl fmt::Display, shown: &Shown<'_>) -> (String, String) {
    let subject = shown.certificate().subject();
    let message = format!("its certificate `{subject}` does not pass: {error}");
    let hint = "have a certificate made with RSA of 2048 bits or more, or P-256, signed with SHA-256, for the use of \
                TLS servers";
    (message, hint.to_owned())
}

fn out_of_date(shown: &Shown<'_>, validity: Validity) -> (String, String) {
    let culprit = shown.first(validity).unwrap_or(shown.certificate());
    let whose = if culprit == shown.certificate() {
        "its certificate"
    } else {
        "the certificate above its own,"
    };
    let (first, last) = culprit.days();
    let verdict = match validity {
        Validity::NotYet => format!("is valid from {first} on only"),
        Validity::Expired | Validity::Valid => format!("has expired on {last}"),
    };
    let today = day(shown.seconds());
    let hint = format!(
        "have a new certificate installed; if it should be valid, set this machine's clock, which has {today}"
    );
    (format!("{whose} `{}` {verdict}", culprit.subject()), hint)
}

fn other_name(shown: &Shown<'_>) -> (String, String) {
    let certificate = shown.certificate();
    let called = shown.name.to_str();
    let names = certificate.names();
    let has = if names.is_empty() {
        "has no name of a server at all".to_owned()
    } else {
        format!("but for `{}`", names.join("`, `"))
    };
    let message = format!(
        "its certificate `{}` is not for `{called}`, {has}",
        certificate.subject()
    );
    let hint = "call it by a name that its certificate has, or have a certificate made with the name that is called";
    (message, hint.to_owned())
}

fn authority_as_site(shown: &Shown<'_>) -> (String, String) {
    let certificate = shown.certificate();
    let message = format!(
        "its certificate `{}` is one of an authority (CA:TRUE), not of a site",
        certificate.subject()
    );
    (message, pin(certificate))
}

fn no_authority(shown: &Shown<'_>) -> (String, String) {
    let certificate = shown.certificate();
    let (subject, issuer) = (certificate.subject(), certificate.issuer());
    let message = format!("issuer `{issuer}` of its certificate `{subject}` is no authority");
    (message, pin(certificate))
}

fn unknown_issuer(shown: &Shown<'_>, store: Option<&TrustStore>) -> (String, String) {
    let certificate = shown.certificate();
    let top = shown.top();
    let subject = certificate.subject();
    if certificate.is_self_issued() {
        let message = format!(
            "its certificate `{subject}` is self-signed and not in {}",
            list(store)
        );
        return (message, pin(certificate));
    }
    let issuer = top.issuer();
    let message = format!(
        "issuer `{issuer}` of its certificate `{subject}` is not in {}",
        list(store)
    );
    let hint = format!("put the certificate of `{issuer}` into the trust store");
    (message, hint)
}

/// The certificate in the store that has the name of the issuer at which the chain ends.
fn namesake<'a>(shown: &Shown<'_>, store: Option<&'a TrustStore>) -> Option<&'a Certificate> {
    let issuer = shown.top().issuer();
    let mut certificates = store?.certificates().iter();
    certificates.find(|trusted| trusted.subject() == issuer)
}

fn other_key(
    shown: &Shown<'_>,
    namesake: &Certificate,
    store: Option<&TrustStore>,
) -> (String, String) {
    let (subject, issuer) = (shown.certificate().subject(), namesake.subject());
    if !namesake.is_authority() {
        return no_authority(shown);
    }
    let (first, last) = namesake.days();
    let message = format!(
        "its certificate `{subject}` is not signed by the `{issuer}` (valid from {first} to {last}) that is in {}",
        list(store)
    );
    let hint = "that authority may have a new key, or another one has the same name: ask for its present certificate \
                and put it into the trust store";
    (message, hint.to_owned())
}

fn pin(certificate: &Certificate) -> String {
    format!(
        "if the site's owner confirms the SHA-256 fingerprint {}, put this very certificate into the trust store",
        certificate.fingerprint()
    )
}

/// The store's name and what it holds.
fn list(store: Option<&TrustStore>) -> String {
    let Some(store) = store else {
        return "the operating system's trust store".to_owned();
    };
    let certificates = store.certificates();
    let named = certificates.iter().take(MOST_NAMED);
    let named: Vec<_> = named
        .map(|known| format!("`{}`", known.subject()))
        .collect();
    let mut list = match store.name() {
        "" => "the trust store".to_owned(),
        name => format!("the trust store `{name}`"),
    };
    list += ", which holds: ";
    list += &named.join(", ");
    if certificates.len() > MOST_NAMED {
        list += &format!(" and {} more", certificates.len() - MOST_NAMED);
    }
    list
}

/// A handshake that failed.
pub(crate) fn failed(error: &rustls::Error, peer: Peer) -> Error {
    if let Some(refusal) = refusal(error) {
        let message = format!("no secure connection to {peer}: {}", refusal.message);
        return Error::new(peer.tls_kind(), message)
            .with_hint(refusal.hint.clone())
            .with_certificates(refusal.chain.clone())
            .with_cause(refusal.to_string());
    }
    let (message, hint) = without_refusal(error, peer);
    let described = Error::new(peer.tls_kind(), message)
        .with_hint(hint)
        .with_cause(error.to_string());
    match (error, peer) {
        (rustls::Error::InvalidMessage(_), Peer::Site) => described.with_fact(Fact::NotTls),
        _ => described,
    }
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

fn without_refusal(error: &rustls::Error, peer: Peer) -> (String, &'static str) {
    use AlertDescription as Alert;
    match error {
        rustls::Error::InvalidMessage(_) => (
            format!("{peer} does not speak TLS at this port"),
            "name the port of TLS",
        ),
        rustls::Error::AlertReceived(Alert::CertificateRequired) => (
            format!("{peer} asks for a certificate of the client"),
            "Qlik Sense does so at port 4242: name the port of its proxy, usually 443",
        ),
        rustls::Error::AlertReceived(
            Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity,
        )
        | rustls::Error::PeerIncompatible(_) => (
            format!("{peer} and the client have no TLS protocol or cipher in common"),
            "let it speak TLS 1.3, or TLS 1.2 with ECDHE and AES-GCM or ChaCha20; where it asks for a certificate of \
             the client, name another port",
        ),
        rustls::Error::AlertReceived(alert) => (
            format!("{peer} broke off the TLS handshake: {alert:?}"),
            "its own log says why",
        ),
        _ => (
            format!("no secure connection to {peer}"),
            "check that the port is one of TLS",
        ),
    }
}
