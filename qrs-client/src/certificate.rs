//! What a certificate says of itself, for people and for the checks that WebPKI leaves out. Pure.

mod distinguished_name;
mod server_names;

use std::fmt;

use jiff::SignedDuration;
use jiff::civil::date;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use crate::error::Error;
use crate::excerpt::one_line;
use crate::timestamp::Timestamp;
pub(crate) use distinguished_name::DistinguishedName;
pub(crate) use server_names::{AlternativeName, CommonName, NamedBy, ServerNames};

/// An X.509 certificate: of a trust store, or one that a site showed.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    issuer: String,
    subject_name: DistinguishedName,
    issuer_name: DistinguishedName,
    /// Seconds since 1970, both included.
    validity: (i64, i64),
    server_names: ServerNames,
    is_authority: bool,
}

impl Certificate {
    /// Reads a certificate in DER. What follows it is ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if it is not a valid certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|_error| Error::configuration("not a valid X.509 certificate"))?;
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
            // Before version 3, certificates do not say whether they are an authority's.
            is_authority: parsed.version() != X509Version::V3 || parsed.is_ca(),
        })
    }

    /// Its content, for the checks of a chain.
    pub(crate) fn parsed(&self) -> Option<X509Certificate<'_>> {
        let (_, parsed) = X509Certificate::from_der(&self.der).ok()?;
        Some(parsed)
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whom it is about: `CN=qlikserver1, O=Acme`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Who signed it, by its own word.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Since when it is valid.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        Timestamp::At(self.validity.0.saturating_mul(1000))
    }

    /// Until when it is valid.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        Timestamp::At(self.validity.1.saturating_mul(1000))
    }

    /// The names and addresses that it is for: its alternative names, or else its common name.
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

    /// Whether it names itself as its issuer, as a root does.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject_name == self.issuer_name
    }

    /// Whether it may sign others: an authority's certificate, a root or not.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.is_authority
    }

    /// The SHA-256 fingerprint as browsers and `keytool` show it: `AB:CD:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.der);
        let bytes: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        bytes.join(":")
    }

    /// Whether it is valid at a time, in seconds since 1970, and if not, on which side of it.
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

/// Whether a certificate is valid at a certain time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    NotYet,
    Valid,
    Expired,
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
    fn what_is_no_certificate_is_refused() {
        for bytes in [&b""[..], b"hello", b"\x30\x03\x02\x01\x03"] {
            assert!(Certificate::from_der(bytes).is_err());
        }
    }
}
