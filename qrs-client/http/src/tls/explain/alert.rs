//! Messages for handshakes that failed before, or without, a certificate.

use rustls::{AlertDescription as Alert, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use crate::fact::Fact;
use crate::peer::Peer;

/// What the client supports, for people who must find out what the other end lacks.
const OFFER: &str = "enable one of these on the server: TLS 1.3, or TLS 1.2 with ECDHE and AES or ChaCha20, on the curves X25519, \
                     P-256, P-384 or P-521\nif the server asks for a client certificate, use another port";

/// The precise fact, if the error shows more than that TLS failed.
pub(super) fn fact(error: &rustls::Error) -> Option<Fact> {
    match error {
        error if is_not_tls(error) => Some(Fact::NotTls),
        rustls::Error::AlertReceived(Alert::CertificateRequired) => {
            Some(Fact::ClientCertificateRequired)
        }
        rustls::Error::AlertReceived(alert) if refusal(*alert).is_some() => {
            Some(Fact::ClientCertificateRefused)
        }
        _ => None,
    }
}

/// Whether the received bytes are not TLS.
fn is_not_tls(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge
                | InvalidMessage::InvalidEmptyPayload
        )
    )
}

/// Message and hint.
pub(super) fn reason(error: &rustls::Error, peer: Peer) -> (String, &'static str) {
    use rustls::Error as E;
    match error {
        error if is_not_tls(error) => (
            format!("{peer} does not speak TLS at this port"),
            "use the port that speaks TLS",
        ),
        E::InvalidMessage(_) => (
            format!("{peer} sent a TLS message that cannot be read"),
            "check that the port speaks TLS, and that no firewall changes the data",
        ),
        E::AlertReceived(alert) => alert_received(*alert, peer),
        E::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => old_version(peer),
        E::PeerIncompatible(_) => no_common(peer),
        E::PeerMisbehaved(PeerMisbehaved::SignedKxWithWrongAlgorithm) => (
            format!(
                "{peer} signs TLS 1.2 handshakes with a key that is only for RSASSA-PSS, or with a key that does not fit the cipher suite"
            ),
            "enable TLS 1.3 on the server, or install a certificate with an ordinary RSA key",
        ),
        E::PeerMisbehaved(_) => (
            format!("{peer} violated the TLS protocol"),
            "check that the port speaks TLS\nif it does, report the error to the vendor of its software",
        ),
        E::DecryptError => (
            format!("{peer} sent TLS data that cannot be decrypted"),
            "check that no firewall or proxy changes the data",
        ),
        _ => (
            format!("no secure connection to {peer}"),
            "check that the port speaks TLS",
        ),
    }
}

fn alert_received(alert: Alert, peer: Peer) -> (String, &'static str) {
    match alert {
        Alert::CertificateRequired => (
            format!("{peer} requires a client certificate, and the client has none"),
            "use a port that does not require a client certificate",
        ),
        Alert::ProtocolVersion => old_version(peer),
        Alert::HandshakeFailure | Alert::InsufficientSecurity => no_common(peer),
        Alert::UnrecognisedName => (
            format!("{peer} does not know the host name of the URL"),
            "use a host name that it is configured for",
        ),
        alert => match refusal(alert) {
            Some((why, hint)) => (
                format!(
                    "{peer} does not accept the client's certificate: {why} (alert {})",
                    name(alert)
                ),
                hint,
            ),
            None => (
                format!(
                    "{peer} ended the TLS handshake with the alert {}",
                    name(alert)
                ),
                "look for the reason in the log of the other end",
            ),
        },
    }
}

/// Why a server does not accept the client's certificate, and what to do.
fn refusal(alert: Alert) -> Option<(&'static str, &'static str)> {
    let meaning = match alert {
        Alert::UnknownCA => (
            "the server does not trust the authority that issued it",
            "use a certificate that this server's own authority has issued: export it from this server",
        ),
        Alert::CertificateExpired => (
            "it is not valid at the server's time",
            "export a new certificate, or check the server's clock",
        ),
        Alert::CertificateRevoked => ("it was revoked", "export a new certificate from the server"),
        Alert::BadCertificate => (
            "it is malformed, or its signature is wrong",
            "export the certificate again from the server",
        ),
        Alert::UnsupportedCertificate => (
            "its purpose is not that of a client, or its kind is not supported",
            "use a certificate for TLS clients: its extended key usage must allow client authentication",
        ),
        Alert::DecryptError => (
            "its signature does not belong to the server's authority, which may have been made anew under the same name",
            "export a new certificate from the server",
        ),
        Alert::CertificateUnknown => (
            "the server does not say why",
            "look for the reason in the server's log, and use a certificate that was exported from this server",
        ),
        Alert::AccessDenied => (
            "it is valid, but the server does not let this client in",
            "look for the reason in the server's log",
        ),
        _ => return None,
    };
    Some(meaning)
}

fn no_common(peer: Peer) -> (String, &'static str) {
    let message =
        format!("{peer} and the client have no TLS cipher suite, curve or signature in common");
    (message, OFFER)
}

fn old_version(peer: Peer) -> (String, &'static str) {
    (
        format!("{peer} and the client have no TLS protocol version in common"),
        "enable TLS 1.2 or 1.3 on the server: older versions are not supported",
    )
}

/// The name of an alert in the standards.
fn name(alert: Alert) -> String {
    let name = match alert {
        Alert::CloseNotify => "close_notify",
        Alert::UnexpectedMessage => "unexpected_message",
        Alert::BadRecordMac => "bad_record_mac",
        Alert::RecordOverflow => "record_overflow",
        Alert::BadCertificate => "bad_certificate",
        Alert::UnsupportedCertificate => "unsupported_certificate",
        Alert::CertificateRevoked => "certificate_revoked",
        Alert::CertificateExpired => "certificate_expired",
        Alert::CertificateUnknown => "certificate_unknown",
        Alert::IllegalParameter => "illegal_parameter",
        Alert::UnknownCA => "unknown_ca",
        Alert::AccessDenied => "access_denied",
        Alert::DecodeError => "decode_error",
        Alert::DecryptError => "decrypt_error",
        Alert::InternalError => "internal_error",
        Alert::UserCanceled => "user_canceled",
        Alert::MissingExtension => "missing_extension",
        Alert::UnsupportedExtension => "unsupported_extension",
        Alert::NoApplicationProtocol => "no_application_protocol",
        other => return format!("number {}", u8::from(other)),
    };
    format!("`{name}`")
}
