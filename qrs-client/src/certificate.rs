//! What a certificate says of itself, for people and for the checks that WebPKI leaves out. Pure.

use std::fmt;
use std::net::IpAddr;

use jiff::SignedDuration;
use jiff::civil::date;
use rustls::pki_types::ServerName;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Version};

use crate::error::Error;
use crate::excerpt::one_line;
use crate::timestamp::Timestamp;

/// An X.509 certificate: of a trust store, or one that a site showed.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    issuer: String,
    /// Seconds since 1970, both included.
    validity: (i64, i64),
    alternative_names: AlternativeNames,
    common_name: Option<String>,
    has_name_constraints: bool,
    is_authority: bool,
}

/// The DNS names and addresses that a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AlternativeNames {
    Read(Vec<String>),
    /// They are there and can't be read, so that nothing else may stand in for them.
    Unreadable,
}

impl Certificate {
    /// Reads a certificate in DER. What follows it is ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if it is none.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|_error| Error::configuration("that is no X.509 certificate"))?;
        let validity = parsed.validity();
        let common_name = parsed.subject().iter_common_name().last();
        Ok(Self {
            der: der[..der.len() - rest.len()].to_vec(),
            subject: one_line(&parsed.subject().to_string()),
            issuer: one_line(&parsed.issuer().to_string()),
            validity: (
                validity.not_before.timestamp(),
                validity.not_after.timestamp(),
            ),
            alternative_names: alternative_names(&parsed),
            common_name: common_name
                .and_then(|name| name.as_str().ok())
                .map(str::to_owned),
            has_name_constraints: !matches!(parsed.name_constraints(), Ok(None)),
            // Before version 3 there is no telling.
            is_authority: parsed.version() != X509Version::V3 || parsed.is_ca(),
        })
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
    pub fn names(&self) -> Vec<&str> {
        match &self.alternative_names {
            AlternativeNames::Read(names) if names.is_empty() => {
                self.common_name.as_deref().into_iter().collect()
            }
            AlternativeNames::Read(names) => names.iter().map(String::as_str).collect(),
            AlternativeNames::Unreadable => Vec::new(),
        }
    }

    /// Whether it names itself as its issuer, as a root does.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
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

    pub(crate) fn has_name_constraints(&self) -> bool {
        self.has_name_constraints
    }

    /// Whether its common name is this name, and it has no alternative names that would go before.
    pub(crate) fn is_commonly_named(&self, name: &ServerName<'_>) -> bool {
        if !matches!(&self.alternative_names, AlternativeNames::Read(names) if names.is_empty()) {
            return false;
        }
        let Some(common) = self.common_name.as_deref() else {
            return false;
        };
        match name {
            ServerName::DnsName(name) => covers(common, name.as_ref()),
            ServerName::IpAddress(address) => common.parse() == Ok(IpAddr::from(*address)),
            _ => false,
        }
    }
}

/// Whether a certificate is valid at a certain time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    NotYet,
    Valid,
    Expired,
}

/// Whether a common name, which may have `*` as its first label, covers a DNS name.
fn covers(common: &str, name: &str) -> bool {
    let name = name.trim_end_matches('.');
    if common.eq_ignore_ascii_case(name) {
        return true;
    }
    let (Some(domain), Some((_, rest))) = (common.strip_prefix("*."), name.split_once('.')) else {
        return false;
    };
    // `*.example` would be for everybody.
    domain.contains('.') && domain.eq_ignore_ascii_case(rest)
}

fn alternative_names(certificate: &X509Certificate<'_>) -> AlternativeNames {
    let Ok(extension) = certificate.subject_alternative_name() else {
        return AlternativeNames::Unreadable;
    };
    let names = extension
        .iter()
        .flat_map(|found| &found.value.general_names);
    AlternativeNames::Read(names.filter_map(name).collect())
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(one_line(name)),
        GeneralName::IPAddress(bytes) => Some(match *bytes {
            [a, b, c, d] => IpAddr::from([*a, *b, *c, *d]).to_string(),
            bytes => match <[u8; 16]>::try_from(bytes) {
                Ok(bytes) => IpAddr::from(bytes).to_string(),
                Err(_) => "an address that is none".to_owned(),
            },
        }),
        _ => None,
    }
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
        match &self.alternative_names {
            AlternativeNames::Read(names) if !names.is_empty() => {
                write!(f, ", for `{}`", names.join("`, `"))
            }
            _ => Ok(()),
        }
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
    fn a_star_covers_one_label_of_a_domain() {
        let cases = [
            ("qlik.example", "QLIK.example", true),
            ("qlik.example", "qlik.example.", true),
            ("*.acme.example", "qlik.acme.example", true),
            ("*.acme.example", "a.qlik.acme.example", false),
            ("*.acme.example", "acme.example", false),
            ("*.example", "qlik.example", false),
            ("q*.acme.example", "qlik.acme.example", false),
            ("*", "qlik", false),
            ("", "qlik", false),
        ];
        for (common, name, expected) in cases {
            assert_eq!(covers(common, name), expected, "{common} {name}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for bytes in [&b""[..], b"hello", b"\x30\x03\x02\x01\x03"] {
            assert!(Certificate::from_der(bytes).is_err());
        }
    }
}
