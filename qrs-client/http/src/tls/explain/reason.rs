//! Messages for refused certificates.

use rustls::pki_types::ServerName;

use super::{Presented, Store};
use crate::certificate::{Certificate, Validity, day};
use crate::tls::chain_error::{ChainError, Weakness};

/// Maximum number of certificates of a trust store that a message names.
const MAX_NAMED: usize = 5;

pub(super) const NEW_KEY: &str = "request a certificate with an RSA key of 2048 bits or more, or a key on P-256, P-384 or P-521, signed with SHA-256";

/// Message and hint. `pin` is the server's own certificate, if adding it to a trust store would help.
pub(super) fn reason(
    error: &ChainError,
    presented: &Presented<'_>,
    store: Store<'_>,
    pin: Option<&Certificate>,
) -> (String, String) {
    let own = presented.certificate().subject();
    let or_pin = |hint: &str| match pin {
        Some(pin) => format!("{hint}\nor, {}", pinned(pin, store)),
        None => hint.to_owned(),
    };
    match error {
        ChainError::OutOfDate(certificate) => out_of_date(certificate, presented),
        ChainError::OtherName => other_name(presented),
        ChainError::CommonNameOnly => (
            common_name_only(presented),
            or_pin("request a certificate with that name as a subject alternative name"),
        ),
        ChainError::UnknownIssuer => unknown_issuer(presented, store, pin),
        ChainError::OtherKey { below, namesake } => (
            other_key(&whose(below, presented.certificate()), namesake, store),
            "ask the authority for its current certificate and put it into the trust store: the authority may have a new key, or \
             another one has the same name"
                .to_owned(),
        ),
        ChainError::Weak(weakness) => (
            weak(weakness),
            or_pin(
                "request a new certificate with RSA of 2048 bits or more and SHA-256, or put the certificate of its \
                    authority into your own trust store, where this is only a warning",
            ),
        ),
        ChainError::WrongSignature {
            below,
            presented: namesake,
        } => (
            format!(
                "{} is not signed by the `{}` that was presented with it",
                whose(below, presented.certificate()),
                namesake.subject()
            ),
            or_pin("install both certificates on the server again: one of them is damaged or outdated"),
        ),
        ChainError::TooLong(most) => (
            format!(
                "there are more than {most} certificates of authorities above its own, `{own}`"
            ),
            or_pin("put one of these authorities into the trust store"),
        ),
        ChainError::TooComplex => (
            format!("the certificates above its own, `{own}`, can be combined in too many ways"),
            or_pin(
                "install only the certificates between the server's and the trusted authority's on the server",
            ),
        ),
        error => {
            let (message, hint) = chain_error(error, presented.certificate());
            (message, or_pin(hint))
        }
    }
}

fn common_name_only(presented: &Presented<'_>) -> String {
    format!(
        "its certificate `{}` has the name `{}` only as its common name, which is not accepted for the operating system's \
         authorities",
        presented.certificate().subject(),
        presented.name.to_str()
    )
}

/// Errors of a single certificate of the chain.
fn chain_error(error: &ChainError, own: &Certificate) -> (String, &'static str) {
    match error {
        ChainError::OtherPurpose(certificate, extension) => (
            format!(
                "{} is not for TLS servers ({extension})",
                whose(certificate, own)
            ),
            "request a certificate for server authentication",
        ),
        ChainError::UnknownExtension(certificate, number) => (
            format!(
                "{} has a critical extension that is not supported: {number}",
                whose(certificate, own)
            ),
            "request a certificate without it",
        ),
        ChainError::DamagedExtension(certificate, what) => (
            format!(
                "{} is damaged: {what} cannot be read, or is in it twice",
                whose(certificate, own)
            ),
            "request a new certificate",
        ),
        ChainError::Unsupported(certificate, what) => (
            format!("{} {what}, which is not supported", whose(certificate, own)),
            NEW_KEY,
        ),
        error => authority_error(error, own),
    }
}

/// Errors of an authority.
fn authority_error(error: &ChainError, own: &Certificate) -> (String, &'static str) {
    let own = own.subject();
    let other_authority = "request a new certificate from an authority that may sign it";
    match error {
        ChainError::NotAuthority(issuer) => (
            format!(
                "issuer `{}` of its certificate `{own}` is not a certificate authority",
                issuer.subject()
            ),
            other_authority,
        ),
        ChainError::NoCertificateSigning(issuer) => (
            format!(
                "the authority `{}` must not sign certificates: its key usage lacks `keyCertSign`",
                issuer.subject()
            ),
            "reissue that authority's certificate with `keyCertSign`",
        ),
        ChainError::TooManyBelow(issuer) => (
            format!(
                "the authority `{}` allows fewer authorities below it than there are (path length)",
                issuer.subject()
            ),
            other_authority,
        ),
        ChainError::Constrained(authority, name) => (
            format!(
                "the authority `{}` must not sign for `{name}` (name constraints)",
                authority.subject()
            ),
            "request a certificate from another authority, or for a name that this authority may sign for",
        ),
        _ => (
            format!(
                "an authority above its certificate `{own}` asks for a certificate policy, and the chain has none in common"
            ),
            other_authority,
        ),
    }
}

fn other_key(whose: &str, namesake: &Certificate, store: Store<'_>) -> String {
    let (first, last) = namesake.days();
    format!(
        "{whose} is not signed by the `{}` (valid from {first} to {last}) that is in {}",
        namesake.subject(),
        list(store)
    )
}

fn whose(certificate: &Certificate, own: &Certificate) -> String {
    let subject = certificate.subject();
    if certificate == own {
        return format!("its certificate `{subject}`");
    }
    format!("the certificate above its own, `{subject}`,")
}

fn weak(weakness: &Weakness) -> String {
    format!("{weakness}: too weak for the operating system's authorities")
}

fn out_of_date(culprit: &Certificate, presented: &Presented<'_>) -> (String, String) {
    let (first, last) = culprit.days();
    let verdict = match culprit.at(presented.seconds()) {
        Validity::NotYet => format!("is not valid before {first}"),
        Validity::Expired | Validity::Valid => format!("expired on {last}"),
    };
    let today = day(presented.seconds());
    let hint = format!(
        "install a new certificate; if it should be valid, correct this machine's clock, which shows {today}"
    );
    (
        format!("{} {verdict}", whose(culprit, presented.certificate())),
        hint,
    )
}

fn other_name(presented: &Presented<'_>) -> (String, String) {
    let certificate = presented.certificate();
    let called = presented.name.to_str();
    let names = certificate.names();
    let subject = certificate.subject();
    if matches!(presented.name, ServerName::IpAddress(_))
        && names.contains(&called.clone().into_owned())
    {
        let message = format!(
            "its certificate `{subject}` has `{called}` as a DNS name, but an address must be an IP address in it"
        );
        let hint = "use a DNS name of its certificate in the URL, or request a certificate with `IP:` before the address";
        return (message, hint.to_owned());
    }
    let has = if names.is_empty() {
        "and has no server name at all".to_owned()
    } else {
        format!("but for `{}`", names.join("`, `"))
    };
    let message = format!("its certificate `{subject}` is not for `{called}`, {has}");
    let hint =
        "use a name of its certificate in the URL, or request a certificate with the URL's name";
    (message, hint.to_owned())
}

fn unknown_issuer(
    presented: &Presented<'_>,
    store: Store<'_>,
    pin: Option<&Certificate>,
) -> (String, String) {
    let certificate = presented.certificate();
    let subject = certificate.subject();
    if certificate.is_self_issued() {
        let message = format!(
            "its certificate `{subject}` is self-signed and not in {}",
            list(store)
        );
        let hint = match pin {
            Some(pin) => pinned(pin, store),
            None => "request a certificate for the URL's name from an authority that is trusted"
                .to_owned(),
        };
        return (message, hint);
    }
    let issuer = presented.top().issuer();
    let message = format!(
        "issuer `{issuer}` of its certificate `{subject}` is not in {}",
        list(store)
    );
    let mut hint = format!(
        "put the certificate of `{issuer}` into {}",
        the_store(store)
    );
    if let Some(pin) = pin {
        hint += &format!("\nor, {}", pinned(pin, store));
    }
    (message, hint)
}

fn pinned(certificate: &Certificate, store: Store<'_>) -> String {
    format!(
        "if the server's owner confirms the SHA-256 fingerprint {}, put this certificate itself into {}",
        certificate.fingerprint(),
        the_store(store)
    )
}

fn the_store(store: Store<'_>) -> &'static str {
    match store {
        Store::System => "your own trust store",
        Store::Own { .. } => "the trust store",
    }
}

/// The store's name and the certificates in it.
fn list(store: Store<'_>) -> String {
    let Store::Own { name, certificates } = store else {
        return "the operating system's trust store".to_owned();
    };
    let named = certificates.iter().take(MAX_NAMED);
    let named: Vec<_> = named
        .map(|known| format!("`{}`", known.subject()))
        .collect();
    let mut list = match name {
        "" => "the trust store".to_owned(),
        name => format!("the trust store `{name}`"),
    };
    list += ", which contains: ";
    list += &named.join(", ");
    if certificates.len() > MAX_NAMED {
        list += &format!(" and {} more", certificates.len() - MAX_NAMED);
    }
    list
}
