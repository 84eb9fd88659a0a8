//! Name constraints: which names an authority may sign for. They always apply, also those of trusted certificates, and also to a
//! common name if that is the name that matches.

use std::net::IpAddr;

use x509_parser::extensions::{GeneralSubtree, NameConstraints};
use x509_parser::prelude::GeneralName;

use super::Link;
use crate::certificate::{DistinguishedName, NamedBy};
use crate::page_text::one_line;
use crate::tls::chain_error::ChainError;

/// A name in a certificate.
enum Named<'a> {
    General(&'a GeneralName<'a>),
    Subject(&'a DistinguishedName),
    CommonDns(&'a str),
    CommonAddress(IpAddr),
    Email(&'a str),
}

/// Whether a name is in a subtree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Yes,
    No,
    /// The subtree concerns other kinds of names.
    OtherKind,
    /// There is no rule for names of this kind.
    Unsupported,
}

/// Checks every certificate of a path against the constraints of all authorities above it.
pub(super) fn check(
    path: &[&Link<'_>],
    anchor: &Link<'_>,
    named_by: Option<NamedBy>,
) -> Result<(), ChainError> {
    let authorities = path.iter().copied().chain([anchor]).enumerate().skip(1);
    for (above, authority) in authorities {
        let Ok(Some(constraints)) = authority.x509.name_constraints() else {
            continue;
        };
        for (at, link) in path[..above].iter().enumerate() {
            if at > 0 && link.certificate.is_self_issued() {
                continue;
            }
            let common = (at == 0 && named_by == Some(NamedBy::CommonName)).then_some(());
            let names = names(link, common.is_some());
            let refused = names
                .iter()
                .find(|name| !is_allowed(name, constraints.value));
            if let Some(name) = refused {
                let certificate = Box::new(authority.certificate.clone());
                return Err(ChainError::Constrained(certificate, name.describe(link)));
            }
        }
    }
    Ok(())
}

fn names<'a>(link: &'a Link<'_>, is_known_by_common_name: bool) -> Vec<Named<'a>> {
    let mut names = Vec::new();
    let subject = link.certificate.subject_name();
    if !subject.is_empty() {
        names.push(Named::Subject(subject));
    }
    let alternative = link.x509.subject_alternative_name().ok().flatten();
    let alternative = alternative
        .iter()
        .flat_map(|found| &found.value.general_names);
    names.extend(alternative.map(Named::General));
    let has_email = |name: &Named<'_>| matches!(name, Named::General(GeneralName::RFC822Name(_)));
    if !names.iter().any(has_email) {
        let emails = link.x509.subject().iter_email();
        names.extend(
            emails
                .filter_map(|email| email.as_str().ok())
                .map(Named::Email),
        );
    }
    if is_known_by_common_name {
        let common = link.certificate.server_names().effective_common_name();
        names.extend(common.map(|common| match common.parse() {
            Ok(address) => Named::CommonAddress(address),
            Err(_) => Named::CommonDns(common),
        }));
    }
    names
}

fn is_allowed(name: &Named<'_>, constraints: &NameConstraints<'_>) -> bool {
    let within = |subtree: &GeneralSubtree<'_>, which| name.within(&subtree.base, which);
    let excluded = constraints.excluded_subtrees.iter().flatten();
    for subtree in excluded {
        if matches!(
            within(subtree, Which::Excluded),
            Within::Yes | Within::Unsupported
        ) {
            return false;
        }
    }
    let permitted = constraints.permitted_subtrees.iter().flatten();
    let permitted: Vec<_> = permitted
        .map(|subtree| within(subtree, Which::Permitted))
        .filter(|within| *within != Within::OtherKind)
        .collect();
    permitted.is_empty() || permitted.contains(&Within::Yes)
}

/// Whether a subtree permits or excludes the names in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Permitted,
    Excluded,
}

impl Named<'_> {
    fn within(&self, base: &GeneralName<'_>, which: Which) -> Within {
        use GeneralName as G;
        let is_within = match (self, base) {
            (Self::Subject(name), G::DirectoryName(base)) => {
                name.is_within(&DistinguishedName::from_x509(base))
            }
            (Self::General(G::DirectoryName(name)), G::DirectoryName(base)) => {
                let name = DistinguishedName::from_x509(name);
                name.is_within(&DistinguishedName::from_x509(base))
            }
            (Self::General(G::DNSName(name)) | Self::CommonDns(name), G::DNSName(base)) => {
                is_dns_within(name, base, which)
            }
            (Self::General(G::IPAddress(address)), G::IPAddress(base)) => {
                is_address_within(address, base)
            }
            (Self::CommonAddress(IpAddr::V4(address)), G::IPAddress(base)) => {
                is_address_within(&address.octets(), base)
            }
            (Self::CommonAddress(IpAddr::V6(address)), G::IPAddress(base)) => {
                is_address_within(&address.octets(), base)
            }
            (Self::General(G::RFC822Name(name)) | Self::Email(name), G::RFC822Name(base)) => {
                is_email_within(name, base)
            }
            (Self::General(G::URI(name)), G::URI(base)) => is_uri_within(name, base),
            (Self::General(G::OtherName(kind, _)), G::OtherName(base, _)) if kind == base => {
                return Within::Unsupported;
            }
            (Self::General(G::X400Address(_)), G::X400Address(_))
            | (Self::General(G::EDIPartyName(_)), G::EDIPartyName(_))
            | (Self::General(G::RegisteredID(_)), G::RegisteredID(_))
            | (Self::General(G::Invalid(..)), _)
            | (_, G::Invalid(..)) => return Within::Unsupported,
            _ => return Within::OtherKind,
        };
        if is_within { Within::Yes } else { Within::No }
    }

    fn describe(&self, link: &Link<'_>) -> String {
        match self {
            Self::Subject(_) => link.certificate.subject().to_owned(),
            Self::CommonDns(name) | Self::Email(name) => one_line(name),
            Self::CommonAddress(address) => address.to_string(),
            Self::General(GeneralName::IPAddress(bytes)) => match **bytes {
                [a, b, c, d] => IpAddr::from([a, b, c, d]).to_string(),
                _ => <[u8; 16]>::try_from(*bytes).map_or_else(
                    |_error| "an address".to_owned(),
                    |bytes| IpAddr::from(bytes).to_string(),
                ),
            },
            Self::General(
                GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name),
            ) => one_line(name),
            Self::General(_) => "an alternative name".to_owned(),
        }
    }
}

fn is_dns_within(name: &str, base: &str, which: Which) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let base = base.trim_end_matches('.').to_ascii_lowercase();
    if is_domain_within(&name, &base) {
        return true;
    }
    // A wildcard may match an excluded name.
    let domain = name.strip_prefix("*.").filter(|_| which == Which::Excluded);
    domain.is_some_and(|domain| is_domain_within(base.trim_start_matches('.'), domain))
}

/// Whether a name is `base` or below it; with a leading dot, only below.
fn is_domain_within(name: &str, base: &str) -> bool {
    if base.is_empty() || (!base.starts_with('.') && name == base) {
        return true;
    }
    let above = name.strip_suffix(base);
    above.is_some_and(|above| !above.is_empty() && (base.starts_with('.') || above.ends_with('.')))
}

/// A base is an address and its mask.
fn is_address_within(address: &[u8], base: &[u8]) -> bool {
    if base.len() != address.len() * 2 {
        return false;
    }
    let (network, mask) = base.split_at(address.len());
    let mut bytes = address.iter().zip(network).zip(mask);
    bytes.all(|((byte, network), mask)| byte & mask == network & mask)
}

/// A base is a mailbox, a host, or with a leading dot the hosts below a domain.
fn is_email_within(name: &str, base: &str) -> bool {
    let Some((mailbox, host)) = name.rsplit_once('@') else {
        return false;
    };
    match base.rsplit_once('@') {
        Some((base_mailbox, base_host)) => {
            mailbox == base_mailbox && host.eq_ignore_ascii_case(base_host)
        }
        None => is_host_within(host, base),
    }
}

fn is_uri_within(name: &str, base: &str) -> bool {
    let host = url::Url::parse(name).ok();
    let host = host.as_ref().and_then(url::Url::host_str);
    host.is_some_and(|host| is_host_within(host, base))
}

/// Whether a host is `base`, or with a leading dot is below it.
fn is_host_within(host: &str, base: &str) -> bool {
    let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    match base.starts_with('.') {
        true => host.len() > base.len() && host.ends_with(&base),
        false => base.is_empty() || host == base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_contains_itself_and_its_subdomains() {
        let cases = [
            ("web.acme.example", "acme.example", true),
            ("acme.example", "acme.example", true),
            ("ACME.example.", "acme.example", true),
            ("acme.example", ".acme.example", false),
            ("web.acme.example", ".acme.example", true),
            ("evilacme.example", "acme.example", false),
            ("evilacme.example", ".acme.example", false),
            ("web.example", "acme.example", false),
            ("anything", "", true),
            ("*.acme.example", "acme.example", true),
        ];
        for (name, base, expected) in cases {
            assert_eq!(
                is_dns_within(name, base, Which::Permitted),
                expected,
                "{name} {base}"
            );
        }
        assert!(is_dns_within(
            "*.acme.example",
            "web.acme.example",
            Which::Excluded
        ));
        assert!(!is_dns_within(
            "*.acme.example",
            "web.acme.example",
            Which::Permitted
        ));
    }

    #[test]
    fn addresses_emails_and_uris_have_their_own_rules() {
        assert!(is_address_within(
            &[10, 0, 0, 7],
            &[10, 0, 0, 0, 255, 0, 0, 0]
        ));
        assert!(!is_address_within(
            &[11, 0, 0, 7],
            &[10, 0, 0, 0, 255, 0, 0, 0]
        ));
        assert!(!is_address_within(&[10, 0, 0, 7], &[0; 32]));
        assert!(is_email_within("ann@acme.example", "acme.example"));
        assert!(is_email_within("ann@Acme.example", "ann@acme.example"));
        assert!(!is_email_within("ann@a.acme.example", "acme.example"));
        assert!(is_email_within("ann@a.acme.example", ".acme.example"));
        assert!(!is_email_within("ann", "acme.example"));
        assert!(is_uri_within("https://acme.example/x", "acme.example"));
        assert!(!is_uri_within("urn:acme.example", "acme.example"));
    }
}
