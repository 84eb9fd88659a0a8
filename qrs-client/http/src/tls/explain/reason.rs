//! Refused certificates in words: one sentence for each error.

use rustls::pki_types::ServerName;

use super::{Presented, Store};
use crate::certificate::{Certificate, Validity, day};
use crate::tls::chain_error::{ChainError, Weakness};

/// Maximum number of certificates of a trust store that are named.
const MAX_NAMED: usize = 5;

pub(super) const NEW_KEY: &str = "have a certificate made with an RSA key of 2048 bits or more, or one on P-256, P-384 or P-521, signed with SHA-256";

/// Message and hint. `pin` is the site's own certificate, where it helps to trust it.
pub(super) fn reason(
    error: &ChainError,
    presented: &Presented<'_>,
    store: Store<'_>,
    pin: Option<&Certificate>,
) -> (String, String) {
    let own = presented.certificate().subject();
    let or_pin = |hint: &str| match pin {
        Some(pin) => format!("{hint}; or, {}", pinned(pin, store)),
        None => hint.to_owned(),
    };
    match error {
        ChainError::OutOfDate(certificate) => out_of_date(certificate, presented),
        ChainError::OtherName => other_name(presented),
        ChainError::CommonNameOnly => (
            common_name_only(presented),
            or_pin("have a certificate made with that name as a subject alternative name"),
        ),
        ChainError::UnknownIssuer => unknown_issuer(presented, store, pin),
        ChainError::OtherKey { below, namesake } => (
            other_key(&whose(below, presented.certificate()), namesake, store),
            "that authority may have a new key, or another one has the same name: ask for its present certificate and put \
             it into the trust store"
                .to_owned(),
        ),
        ChainError::Weak(weakness) => (
            weak(weakness),
            or_pin(
                "request a new certificate with RSA of 2048 bits or more and SHA-256, or put the certificate of its \
                    authority into a trust store of your own, where this counts as a warning",
            ),
        ),
        ChainError::WrongSignature {
            below,
            shown: namesake,
        } => (
            format!(
                "{} is not signed by the `{}` that was shown with it",
                whose(below, presented.certificate()),
                namesake.subject()
            ),
            or_pin("have both certificates installed there again: one of them is damaged or outdated"),
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
                "have only the certificates between the site's and the trusted authority's installed there",
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
        "its certificate `{}` has the name `{}` only as its common name, which does not count for the operating system's \
         authorities",
        presented.certificate().subject(),
        presented.name.to_str()
    )
}

/// The flaws of a single certificate of the chain.
fn chain_error(error: &ChainError, own: &Certificate) -> (String, &'static str) {
    match error {
        ChainError::OtherPurpose(certificate, extension) => (
            format!(
                "{} is not for TLS servers ({extension})",
                whose(certificate, own)
            ),
            "have a certificate made for server authentication",
        ),
        ChainError::UnknownExtension(certificate, number) => (
            format!(
                "{} has a critical extension that is not supported: {number}",
                whose(certificate, own)
            ),
            "have a certificate made without it",
        ),
        ChainError::DamagedExtension(certificate, what) => (
            format!(
                "{} is damaged: {what} cannot be read, or stands in it twice",
                whose(certificate, own)
            ),
            "have a new certificate made",
        ),
        ChainError::Unsupported(certificate, what) => (
            format!("{} {what}, which is not supported", whose(certificate, own)),
            NEW_KEY,
        ),
        error => authority_error(error, own),
    }
}

/// What an authority must not do.
fn authority_error(error: &ChainError, own: &Certificate) -> (String, &'static str) {
    let own = own.subject();
    let other_authority = "have a new certificate made by an authority that may sign it";
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
            "have that authority's certificate made anew with `keyCertSign`",
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
            "have a certificate made by another authority, or for a name that this one may sign for",
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
        Validity::NotYet => format!("is valid from {first} on only"),
        Validity::Expired | Validity::Valid => format!("has expired on {last}"),
    };
    let today = day(presented.seconds());
    let hint = format!(
        "have a new certificate installed; if it should be valid, set this machine's clock, which has {today}"
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
            "its certificate `{subject}` has `{called}` as a name, where an address has to be an IP address"
        );
        let hint = "call it by a DNS name of its certificate, or have one made with `IP:` before the address";
        return (message, hint.to_owned());
    }
    let has = if names.is_empty() {
        "has no name of a server at all".to_owned()
    } else {
        format!("but for `{}`", names.join("`, `"))
    };
    let message = format!("its certificate `{subject}` is not for `{called}`, {has}");
    let hint = "call it by a name that its certificate has, or have a certificate made with the name that is called";
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
            None => "have a certificate made for the name that is called, and by an authority that is trusted".to_owned(),
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
        hint += &format!("; or, {}", pinned(pin, store));
    }
    (message, hint)
}

fn pinned(certificate: &Certificate, store: Store<'_>) -> String {
    format!(
        "if the site's owner confirms the SHA-256 fingerprint {}, put this very certificate into {}",
        certificate.fingerprint(),
        the_store(store)
    )
}

fn the_store(store: Store<'_>) -> &'static str {
    match store {
        Store::System => "a trust store of your own",
        Store::Own { .. } => "the trust store",
    }
}

/// The store's name and what it holds.
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
    list += ", which holds: ";
    list += &named.join(", ");
    if certificates.len() > MAX_NAMED {
        list += &format!(" and {} more", certificates.len() - MAX_NAMED);
    }
    list
}
