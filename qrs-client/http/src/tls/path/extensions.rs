//! The purposes that the certificates of a path allow.

use x509_parser::prelude::{ParsedExtension, X509Extension, X509Version};

use super::{Link, Rules};
use crate::tls::chain_error::ChainError;

/// Extensions that affect the check of a chain, by their numbers. If one cannot be read, its certificate is refused, even if the
/// extension is not critical.
const DECISIVE: [(&str, &str); 8] = [
    ("2.5.29.15", "the extension `key usage`"),
    ("2.5.29.19", "the extension `basic constraints`"),
    ("2.5.29.30", "the extension `name constraints`"),
    ("2.5.29.32", "the extension `certificate policies`"),
    ("2.5.29.33", "the extension `policy mappings`"),
    ("2.5.29.36", "the extension `policy constraints`"),
    ("2.5.29.37", "the extension `extended key usage`"),
    ("2.5.29.54", "the extension `inhibit any policy`"),
];

/// Old purposes of TLS servers from the time of export restrictions, which Java still accepts.
const SERVER_GATED: [&str; 2] = ["1.3.6.1.4.1.311.10.3.3", "2.16.840.1.113730.4.1"];

/// Checks the extensions of a path and of the trusted certificate above it. The path's first certificate is the server's.
pub(super) fn check(path: &[&Link<'_>], anchor: &Link<'_>, rules: Rules) -> Result<(), ChainError> {
    for (below, link) in path.iter().enumerate() {
        if below == 0 {
            check_server(link)?;
            continue;
        }
        readable(link)?;
        critical(link)?;
        authority(link)?;
        length(link, &path[1..below])?;
        // Java checks the purpose of the server's certificate only, OpenSSL and browsers that of the authorities as well.
        if rules == Rules::System {
            purpose(link)?;
        }
    }
    readable(anchor)?;
    signs_certificates(anchor)
}

/// Checks the extensions of a server's certificate.
pub(super) fn check_server(own: &Link<'_>) -> Result<(), ChainError> {
    readable(own)?;
    critical(own)?;
    purpose(own)?;
    key_usage(own)?;
    netscape_type(own)
}

/// Checks that the extensions that matter can be read and occur only once.
fn readable(link: &Link<'_>) -> Result<(), ChainError> {
    let damaged = |what| ChainError::DamagedExtension(Box::new(link.certificate.clone()), what);
    let mut known = Vec::new();
    for extension in link.x509.extensions() {
        if known.contains(&&extension.oid) {
            return Err(damaged("an extension"));
        }
        known.push(&extension.oid);
        let number = extension.oid.to_id_string();
        let decisive = DECISIVE.iter().find(|(decisive, _)| *decisive == number);
        if let (Some((_, name)), ParsedExtension::ParseError { .. }) =
            (decisive, extension.parsed_extension())
        {
            return Err(damaged(name));
        }
    }
    Ok(())
}

fn critical(link: &Link<'_>) -> Result<(), ChainError> {
    let mut extensions = link.x509.extensions().iter();
    match extensions.find(|extension| extension.critical && !is_known(extension)) {
        Some(unknown) => Err(ChainError::UnknownExtension(
            Box::new(link.certificate.clone()),
            unknown.oid.to_id_string(),
        )),
        None => Ok(()),
    }
}

/// Whether an extension is supported here, or can be ignored because revocation is not checked.
fn is_known(extension: &X509Extension<'_>) -> bool {
    use ParsedExtension as E;
    match extension.parsed_extension() {
        E::KeyUsage(_)
        | E::BasicConstraints(_)
        | E::SubjectAlternativeName(_)
        | E::NameConstraints(_)
        | E::CertificatePolicies(_)
        | E::PolicyMappings(_)
        | E::PolicyConstraints(_)
        | E::InhibitAnyPolicy(_)
        | E::ExtendedKeyUsage(_)
        | E::CRLDistributionPoints(_) => true,
        E::NSCertType(kind) => kind.ssl_server() || kind.ssl_ca(),
        _ => false,
    }
}

/// Checks that an intermediate certificate belongs to an authority that may sign.
fn authority(link: &Link<'_>) -> Result<(), ChainError> {
    // Certificates before version 3 do not say so. They are accepted only if they are trusted themselves.
    if link.x509.version() != X509Version::V3 || !link.x509.is_ca() {
        return Err(ChainError::NotAuthority(Box::new(link.certificate.clone())));
    }
    signs_certificates(link)
}

fn signs_certificates(link: &Link<'_>) -> Result<(), ChainError> {
    match link.x509.key_usage() {
        Ok(Some(usage)) if !usage.value.key_cert_sign() => Err(ChainError::NoCertificateSigning(
            Box::new(link.certificate.clone()),
        )),
        _ => Ok(()),
    }
}

/// Checks the number of authorities below one. Self-issued ones do not count.
fn length(link: &Link<'_>, below: &[&Link<'_>]) -> Result<(), ChainError> {
    let constraints = link.x509.basic_constraints().ok().flatten();
    let Some(most) = constraints.and_then(|found| found.value.path_len_constraint) else {
        return Ok(());
    };
    let counted = below
        .iter()
        .filter(|link| !link.certificate.is_self_issued());
    if counted.count() > usize::try_from(most).unwrap_or(usize::MAX) {
        return Err(ChainError::TooManyBelow(Box::new(link.certificate.clone())));
    }
    Ok(())
}

fn purpose(link: &Link<'_>) -> Result<(), ChainError> {
    let Ok(Some(usage)) = link.x509.extended_key_usage() else {
        return Ok(());
    };
    let mut other = usage.value.other.iter();
    let is_gated = other.any(|purpose| SERVER_GATED.contains(&purpose.to_id_string().as_str()));
    if usage.value.server_auth || usage.value.any || is_gated {
        return Ok(());
    }
    Err(ChainError::OtherPurpose(
        Box::new(link.certificate.clone()),
        "extended key usage",
    ))
}

/// Checks that a server's key may be used in a handshake. Java requires `digitalSignature`; OpenSSL and browsers also accept a
/// usage of older handshakes.
fn key_usage(own: &Link<'_>) -> Result<(), ChainError> {
    let Ok(Some(usage)) = own.x509.key_usage() else {
        return Ok(());
    };
    let usage = usage.value;
    if usage.digital_signature() || usage.key_encipherment() || usage.key_agreement() {
        return Ok(());
    }
    Err(ChainError::OtherPurpose(
        Box::new(own.certificate.clone()),
        "key usage",
    ))
}

/// The same for an extension that is older than extended key usage, which Java and OpenSSL still check.
fn netscape_type(own: &Link<'_>) -> Result<(), ChainError> {
    let mut extensions = own.x509.extensions().iter();
    let is_other = extensions.any(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::NSCertType(kind) if !kind.ssl_server())
    });
    if is_other {
        let certificate = Box::new(own.certificate.clone());
        return Err(ChainError::OtherPurpose(
            certificate,
            "Netscape certificate type",
        ));
    }
    Ok(())
}
