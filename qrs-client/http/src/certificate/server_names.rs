//! The server names in a certificate, and whether one of them is the name that the client connected to.

use std::net::IpAddr;

use rustls::pki_types::ServerName;
use x509_parser::prelude::{GeneralName, X509Certificate};

use crate::page_text::one_line;

/// The names that a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerNames {
    /// The alternative names that are names of servers, in their order.
    alternative: Vec<AlternativeName>,
    /// Whether there are alternative names that cannot be read. Then the common name must not replace them.
    are_unreadable: bool,
    common: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AlternativeName {
    Dns(String),
    Address(IpAddr),
}

/// Whether the common name is used if there is no alternative name of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommonName {
    Counts,
    IsIgnored,
}

/// The kind of name by which a certificate matches a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedBy {
    AlternativeName,
    CommonName,
}

impl ServerNames {
    pub(super) fn from_x509(certificate: &X509Certificate<'_>) -> Self {
        let common = certificate.subject().iter_common_name().last();
        let mut names = Self {
            alternative: Vec::new(),
            are_unreadable: false,
            common: common
                .and_then(|name| name.as_str().ok())
                .map(str::to_owned),
        };
        let Ok(extension) = certificate.subject_alternative_name() else {
            names.are_unreadable = true;
            return names;
        };
        let found = extension.iter();
        for name in found.flat_map(|found| &found.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names
                    .alternative
                    .push(AlternativeName::Dns((*name).to_owned())),
                GeneralName::IPAddress(bytes) => match address(bytes) {
                    Some(address) => names.alternative.push(AlternativeName::Address(address)),
                    None => names.are_unreadable = true,
                },
                GeneralName::Invalid(..) => names.are_unreadable = true,
                _ => {}
            }
        }
        names
    }

    /// The kind of name that matches `called`; `None` if no name does.
    pub(crate) fn names(&self, called: &ServerName<'_>, common: CommonName) -> Option<NamedBy> {
        let mut alternative = self.alternative.iter();
        let is_alternative = alternative.any(|name| match (name, called) {
            (AlternativeName::Dns(name), ServerName::DnsName(called)) => {
                covers(name, called.as_ref())
            }
            (AlternativeName::Address(address), ServerName::IpAddress(called)) => {
                *address == IpAddr::from(*called)
            }
            _ => false,
        });
        if is_alternative {
            return Some(NamedBy::AlternativeName);
        }
        let is_common = common == CommonName::Counts && self.is_common(called);
        is_common.then_some(NamedBy::CommonName)
    }

    /// The common name replaces DNS names if there are none, and addresses if there are no names at all.
    fn is_common(&self, called: &ServerName<'_>) -> bool {
        let Some(common) = self.effective_common_name() else {
            return false;
        };
        match called {
            ServerName::DnsName(called) => covers(common, called.as_ref()),
            ServerName::IpAddress(called) => {
                self.alternative.is_empty() && common.parse() == Ok(IpAddr::from(*called))
            }
            _ => false,
        }
    }

    /// The common name, if it can be the name of a server.
    pub(crate) fn effective_common_name(&self) -> Option<&str> {
        let has_dns = |name: &AlternativeName| matches!(name, AlternativeName::Dns(_));
        if self.are_unreadable || self.alternative.iter().any(has_dns) {
            return None;
        }
        self.common.as_deref()
    }

    pub(crate) fn alternative(&self) -> &[AlternativeName] {
        &self.alternative
    }
}

impl AlternativeName {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Dns(name) => one_line(name),
            Self::Address(address) => address.to_string(),
        }
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}

/// Whether a name in a certificate, possibly with `*` as its first label, matches a DNS name.
fn covers(named: &str, called: &str) -> bool {
    let called = called.trim_end_matches('.');
    let named = named.strip_suffix('.').unwrap_or(named);
    if named.eq_ignore_ascii_case(called) {
        return !named.is_empty();
    }
    let (Some(domain), Some((_, rest))) = (named.strip_prefix("*."), called.split_once('.')) else {
        return false;
    };
    // `*.example` would match all servers of a top-level domain.
    domain.contains('.') && domain.eq_ignore_ascii_case(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_matches_one_label_of_a_domain() {
        let cases = [
            ("web.example", "WEB.example", true),
            ("web.example", "web.example.", true),
            ("web.example.", "web.example", true),
            ("*.acme.example", "web.acme.example", true),
            ("*.acme.example", "a.web.acme.example", false),
            ("*.acme.example", "acme.example", false),
            ("*.example", "web.example", false),
            ("w*.acme.example", "web.acme.example", false),
            ("*", "web", false),
            ("", "web", false),
            ("", ".", false),
        ];
        for (named, called, expected) in cases {
            assert_eq!(covers(named, called), expected, "{named} {called}");
        }
    }
}
