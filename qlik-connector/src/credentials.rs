//! The settings of `connection.auth`: how a connection logs in. Exactly one kind is set.

mod certificate;
mod header;
mod jwt;
mod private_key;
mod ticket;
mod windows;

use catalog_model::{Place, Settings, documentation};
use qrs_client::{Credentials, Error, JwtCredentials, SessionCredentials, SiteUrl};

pub(crate) const AUTH: &str = "connection.auth";
const TOKEN: &str = "connection.auth.token";
const SESSION: &str = "connection.auth.session";

/// A kind of credentials in a connection file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Header,
    Certificate,
    Token,
    Jwt,
    Windows,
    Ticket,
    Session,
}

/// The kinds, and the setting that only this kind has. `connection.auth.key` belongs to two kinds.
const KINDS: [(Kind, &str); 7] = [
    (Kind::Header, header::VALUE),
    (Kind::Certificate, certificate::CERTIFICATE),
    (Kind::Token, TOKEN),
    (Kind::Jwt, jwt::BLOCK),
    (Kind::Windows, windows::BLOCK),
    (Kind::Ticket, ticket::BLOCK),
    (Kind::Session, SESSION),
];

/// Reads the credentials. All settings are read before any is checked, so that the problems of all are reported.
pub(crate) fn credentials(settings: &mut Settings) -> Option<Credentials> {
    match kind(settings)? {
        Kind::Header => header::read(settings).map(Credentials::from),
        Kind::Certificate => certificate::read(settings).map(Credentials::from),
        Kind::Token => token(settings),
        Kind::Jwt => jwt::read(settings).map(Credentials::from),
        Kind::Windows => windows::read(settings),
        Kind::Ticket => ticket::read(settings).map(Credentials::from),
        Kind::Session => session(settings),
    }
}

/// The kind that the file sets. `connection.auth.key` alone is a header's name, so that its value is reported as missing.
fn kind(settings: &mut Settings) -> Option<Kind> {
    let places = KINDS.iter().filter_map(|(kind, key)| {
        let place = settings.place_of(key)?;
        Some((*kind, *key, place))
    });
    let set: Vec<(Kind, &str, Place)> = places.collect();
    match &set[..] {
        [] if settings.place_of(header::HEADER).is_some() => Some(Kind::Header),
        [] => {
            let message = match settings.place_of(AUTH) {
                Some(_) => "`connection.auth` has no way to log in",
                None => "`connection.auth` is missing",
            };
            let hint = concat!(
                "choose one way to log in: ",
                documentation!("connection-file#ways-to-log-in")
            );
            // Not by `AUTH` itself, whose value may be a secret if it is no block.
            settings.refuse(header::HEADER, message, hint.to_owned());
            know_all(settings);
            None
        }
        [(kind, _, _)] => Some(*kind),
        [(_, one, at), (_, other, place), ..] => {
            let message = format!(
                "`{one}` (line {}) and `{other}` (line {}) are two ways to log in, and a connection has only one",
                at.line, place.line
            );
            let hint = concat!(
                "remove the settings of one of them: ",
                documentation!("connection-file#ways-to-log-in"),
                " lists those of each way"
            );
            settings.refuse(other, message, hint.to_owned());
            know_all(settings);
            None
        }
    }
}

/// Marks the settings of all kinds as known, so that none is reported as unknown besides the error.
fn know_all(settings: &mut Settings) {
    settings.know_declared();
    for (_, key) in KINDS {
        settings.know(key);
    }
}

fn token(settings: &mut Settings) -> Option<Credentials> {
    let token = settings.required_secret(TOKEN)?;
    let credentials = JwtCredentials::fixed(token.value);
    let credentials = settings.accept(TOKEN, credentials, Error::hint)?;
    Some(credentials.into())
}

fn session(settings: &mut Settings) -> Option<Credentials> {
    let session = settings.required_secret(SESSION)?;
    let credentials = SessionCredentials::new(&session.value);
    let credentials = settings.accept(SESSION, credentials, Error::hint)?;
    Some(credentials.into())
}

/// The setting or the block with which a connection logs in, in backquotes.
pub(crate) fn setting(credentials: &Credentials) -> &'static str {
    match credentials {
        Credentials::Header(_) => "`connection.auth.value`",
        Credentials::Certificate(_) => "`connection.auth.certificate`",
        Credentials::Jwt(jwt) if jwt.is_fixed() => "`connection.auth.token`",
        Credentials::Jwt(_) => "`connection.auth.jwt`",
        Credentials::Ticket(_) => "`connection.auth.ticket.command`",
        Credentials::Session(_) => "`connection.auth.session`",
        _ => "`connection.auth.windows`",
    }
}

/// What can be read in transit if the connection is not encrypted.
pub(crate) fn sent_in_clear(credentials: &Credentials) -> &'static str {
    match credentials {
        Credentials::Header(_) => "the authentication header",
        Credentials::Jwt(_) => "the token",
        Credentials::Ticket(_) => "the ticket and the session's cookie",
        // The password itself is never sent.
        _ => "the session's cookie",
    }
}

/// The base of links to sheets, if the file sets none: people do not use the repository's port.
pub(crate) fn default_links(site: &SiteUrl) -> SiteUrl {
    /// The port of the repository service.
    const REPOSITORY: u16 = 4242;
    if site.as_url().port() != Some(REPOSITORY) {
        return site.clone();
    }
    let mut people = site.as_url().clone();
    // Only URLs without a host have no port.
    let _ = people.set_port(None);
    SiteUrl::parse(people.as_str()).unwrap_or_else(|_| site.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_do_not_lead_to_the_port_of_the_repository() {
        let cases = [
            ("https://qlik.example:4242", "https://qlik.example/"),
            (
                "https://qlik.example:4243/vp",
                "https://qlik.example:4243/vp/",
            ),
            ("https://qlik.example", "https://qlik.example/"),
        ];
        for (url, expected) in cases {
            let site = SiteUrl::parse(url).unwrap();
            assert_eq!(default_links(&site).to_string(), expected);
        }
    }
}
