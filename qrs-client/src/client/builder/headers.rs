//! Headers that every request has besides those of the client.

use outbound_http::ClientBuilder;
use secrecy::SecretString;

use crate::credentials::Credentials;
use crate::error::Error;

/// A header of every request.
#[derive(Debug, Clone)]
pub(super) enum ExtraHeader {
    Plain(String, String),
    Secret(String, SecretString),
}

/// Headers that the client sets itself, or that belong to a single request.
const OWN: [&str; 13] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "transfer-encoding",
    "user-agent",
    "x-qlik-user",
    "x-qlik-xrfkey",
];

impl ExtraHeader {
    fn name(&self) -> &str {
        let (Self::Plain(name, _) | Self::Secret(name, _)) = self;
        name
    }

    pub(super) fn add_to(self, client: ClientBuilder) -> ClientBuilder {
        match self {
            Self::Plain(name, value) => client.header(&name, &value),
            Self::Secret(name, value) => client.secret_header(&name, value),
        }
    }
}

/// Refuses headers that the client sets itself.
pub(super) fn check(headers: &[ExtraHeader], credentials: &Credentials) -> Result<(), Error> {
    let of_login = match credentials {
        Credentials::Header(header) => header.name().as_str().to_owned(),
        _ => String::new(),
    };
    let is_own = |name: &str| OWN.contains(&name) || name == of_login;
    match headers
        .iter()
        .find(|header| is_own(&header.name().to_ascii_lowercase()))
    {
        Some(header) => Err(Error::configuration(format!(
            "the header `{}` cannot be added, because the client sets it itself",
            header.name()
        ))),
        None => Ok(()),
    }
}
