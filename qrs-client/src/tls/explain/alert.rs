//! Handshakes that failed before, or without, a certificate: from the fact that the TLS library reports to what to do.

use rustls::{AlertDescription as Alert, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use super::Peer;

/// What the client offers, for people who have to find what the other end lacks.
const OFFER: &str = "the client offers TLS 1.3, and TLS 1.2 with ECDHE and AES or ChaCha20, on the curves X25519, P-256, P-384 and \
                     P-521: enable one of these there; where the site asks for a client certificate, use another port";

/// Whether what came is no TLS at all.
pub(super) fn is_not_tls(error: &rustls::Error) -> bool {
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
            "name the port of TLS",
        ),
        E::InvalidMessage(_) => (
            format!("{peer} sent a TLS message that cannot be read"),
            "check that the port is one of TLS, and that no firewall changes what passes",
        ),
        E::AlertReceived(alert) => alert_received(*alert, peer),
        E::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => old_version(peer),
        E::PeerIncompatible(_) => no_common(peer),
        E::PeerMisbehaved(PeerMisbehaved::SignedKxWithWrongAlgorithm) => (
            format!(
                "{peer} signs TLS 1.2 handshakes with a key that is for RSASSA-PSS alone, or not with the key of the cipher suite"
            ),
            "enable TLS 1.3 there, or have a certificate made with an ordinary RSA key",
        ),
        E::PeerMisbehaved(_) => (
            format!("{peer} broke the rules of the TLS protocol"),
            "check that the port is one of TLS; if it is, its software has a fault",
        ),
        E::DecryptError => (
            format!("{peer} sent TLS data that cannot be decrypted"),
            "check that no firewall or proxy changes what passes",
        ),
        _ => (
            format!("no secure connection to {peer}"),
            "check that the port is one of TLS",
        ),
    }
}

fn alert_received(alert: Alert, peer: Peer) -> (String, &'static str) {
    match alert {
        Alert::CertificateRequired => (
            format!("{peer} asks for a certificate of the client"),
            "Qlik Sense does so at port 4242: name the port of its proxy, usually 443",
        ),
        Alert::ProtocolVersion => old_version(peer),
        Alert::HandshakeFailure | Alert::InsufficientSecurity => no_common(peer),
        Alert::UnrecognisedName => (
            format!("{peer} does not know the name that was called"),
            "call it by a name that it was set up for",
        ),
        alert => (
            format!(
                "{peer} broke off the TLS handshake with the alert {}",
                name(alert)
            ),
            "its own log says why",
        ),
    }
}

fn no_common(peer: Peer) -> (String, &'static str) {
    let message =
        format!("{peer} and the client have no TLS cipher suite, curve or signature in common");
    (message, OFFER)
}

fn old_version(peer: Peer) -> (String, &'static str) {
    (
        format!("{peer} and the client have no TLS protocol version in common"),
        "enable TLS 1.2 or 1.3 there: older versions are not supported",
    )
}

/// An alert by its name in the standards.
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
