//! The content of a certificate, for people and for the checks that WebPKI leaves out. Nothing here touches the network.

mod distinguished_name;
mod server_names;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::date;
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use crate::page_text::one_line;
pub(crate) use distinguished_name::DistinguishedName;
pub(crate) use server_names::{AlternativeName, CommonName, NamedBy, ServerNames};

/// An X.509 certificate: of a trust store, or one that a server presented.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    issuer: String,
    subject_name: DistinguishedName,
    issuer_name: DistinguishedName,
    /// The first and the last second, since 1970.
    validity: (i64, i64),
    server_names: ServerNames,
    is_authority: bool,
}

impl Certificate {
    /// Reads a certificate in DER. Bytes after it are ignored.
    ///
    /// # Errors
    ///
    /// If the bytes are not a valid certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_error| CertificateError)?;
        let validity = parsed.validity();
        Ok(Self {
            der: der[..der.len() - rest.len()].to_vec(),
            subject: distinguished_name::describe(parsed.subject()),
            issuer: distinguished_name::describe(parsed.issuer()),
            subject_name: DistinguishedName::from_x509(parsed.subject()),
            issuer_name: DistinguishedName::from_x509(parsed.issuer()),
            validity: (
                validity.not_before.timestamp(),
                validity.not_after.timestamp(),
            ),
            server_names: ServerNames::from_x509(&parsed),
            // Certificates before version 3 do not say whether they belong to an authority.
            is_authority: parsed.version() != X509Version::V3 || parsed.is_ca(),
        })
    }

    /// The parsed content, for the checks of a chain.
    pub(crate) fn parsed(&self) -> Option<X509Certificate<'_>> {
        let (_, parsed) = X509Certificate::from_der(&self.der).ok()?;
        Some(parsed)
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject: `CN=server1, O=Acme`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The issuer that the certificate names.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The beginning of its validity.
    #[must_use]
    pub fn not_before(&self) -> SystemTime {
        system_time(self.validity.0)
    }

    /// The end of its validity.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        system_time(self.validity.1)
    }

    /// The names and addresses that it is valid for: its alternative names, or its common name if it has none.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let names = self.server_names.alternative().iter();
        let names: Vec<_> = names.map(AlternativeName::text).collect();
        if !names.is_empty() {
            return names;
        }
        let common = self.server_names.effective_common_name();
        common.map(one_line).into_iter().collect()
    }

    /// Whether it names itself as its issuer, as root certificates do.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject_name == self.issuer_name
    }

    /// Whether it belongs to a certificate authority, so that it may sign others.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.is_authority
    }

    /// The digest that binds a login to the TLS connection (`tls-server-end-point`, RFC 5929): by the hash of the signature,
    /// but SHA-256 instead of MD5 and SHA-1. `None` if the signature has no single hash.
    #[must_use]
    pub fn channel_binding(&self) -> Option<Vec<u8>> {
        let parsed = self.parsed()?;
        let algorithm = parsed.signature_algorithm.algorithm.to_id_string();
        match algorithm.as_str() {
            // MD5, SHA-1 and SHA-256, with RSA and ECDSA.
            "1.2.840.113549.1.1.4"
            | "1.2.840.113549.1.1.5"
            | "1.2.840.113549.1.1.11"
            | "1.2.840.10045.4.1"
            | "1.2.840.10045.4.3.2" => Some(Sha256::digest(&self.der).to_vec()),
            "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => {
                Some(Sha384::digest(&self.der).to_vec())
            }
            "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => {
                Some(Sha512::digest(&self.der).to_vec())
            }
            _ => None,
        }
    }

    /// The SHA-256 fingerprint as browsers and `keytool` show it: `AB:CD:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.der);
        let bytes: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        bytes.join(":")
    }

    /// Whether it is valid at a time, in seconds since 1970.
    pub(crate) fn at(&self, now: i64) -> Validity {
        match self.validity {
            (start, _) if now < start => Validity::NotYet,
            (_, end) if now > end => Validity::Expired,
            _ => Validity::Valid,
        }
    }

    /// The first and the last day of its validity.
    pub(crate) fn days(&self) -> (String, String) {
        (day(self.validity.0), day(self.validity.1))
    }

    pub(crate) fn subject_name(&self) -> &DistinguishedName {
        &self.subject_name
    }

    pub(crate) fn issuer_name(&self) -> &DistinguishedName {
        &self.issuer_name
    }

    pub(crate) fn server_names(&self) -> &ServerNames {
        &self.server_names
    }
}

/// The validity of a certificate at a certain time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    NotYet,
    Valid,
    Expired,
}

/// The bytes are not a valid X.509 certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateError;

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a valid X.509 certificate")
    }
}

impl std::error::Error for CertificateError {}

/// Seconds since 1970 as a time. A time before that which the system cannot represent becomes 1970.
fn system_time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(UNIX_EPOCH)
}

/// A day in UTC: `2031-05-06`.
pub(crate) fn day(seconds: i64) -> String {
    let since = SignedDuration::from_secs(seconds);
    match date(1970, 1, 1).checked_add(since) {
        Ok(day) => day.to_string(),
        Err(_) => format!("{seconds} s since 1970"),
    }
}

/// One line with subject, issuer, validity and alternative names.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.days();
        write!(f, "`{}`, ", self.subject)?;
        if self.is_self_issued() {
            f.write_str("self-signed")?;
        } else {
            write!(f, "issued by `{}`", self.issuer)?;
        }
        write!(f, ", valid from {first} to {last}")?;
        let names = self.server_names.alternative().iter();
        let names: Vec<_> = names.map(AlternativeName::text).collect();
        if !names.is_empty() {
            write!(f, ", for `{}`", names.join("`, `"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_a_certificate_are_refused() {
        for bytes in [&b""[..], b"hello", b"\x30\x03\x02\x01\x03"] {
            assert!(Certificate::from_der(bytes).is_err());
        }
    }
}
