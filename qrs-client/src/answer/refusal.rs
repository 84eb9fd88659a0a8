//! What an answer that refuses the request says: one table from what was seen to its meaning.

use super::{Head, LOGIN_TIMEOUT, shown};
use crate::asked::Asked;
use crate::challenge::{self, Challenge};
use crate::error::ErrorKind;
use crate::fact::Fact;

mod redirect;

/// What a refusal means.
pub(super) struct Meaning {
    pub(super) kind: ErrorKind,
    pub(super) fact: Fact,
    pub(super) message: String,
    pub(super) hint: Option<&'static str>,
}

impl Meaning {
    fn new(kind: ErrorKind, fact: Fact, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            fact,
            message,
            hint: None,
        }
    }

    fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// What servers say to plain http at a port of TLS: nginx, Apache, Go.
const TLS_EXPECTED: [&str; 3] = [
    "plain http request was sent to https port",
    "speaking plain http to an ssl-enabled server port",
    "sent an http request to an https server",
];

/// What servers say of a host name that they do not accept: Windows' "The request hostname is invalid".
const HOST_REFUSED: [&str; 2] = [
    "request hostname is invalid",
    "bad request - invalid hostname",
];

impl Head {
    /// What a refusal with this text means.
    pub(super) fn meaning(&self, said: &str, asked: &Asked) -> Meaning {
        let says = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
        match self.status {
            301..=303 | 307 | 308 => self.redirect(asked),
            _ if self.head_is_too_long(said) => too_long(),
            400 if says(&TLS_EXPECTED) => tls_expected(),
            400 | 404 if says(&HOST_REFUSED) => host_refused(asked),
            421 => host_refused(asked),
            // Qlik's page for a prefix that no virtual proxy of the central proxy has, and for a host name that is
            // not accepted.
            400 if said.contains("http request header is incorrect") => unknown_prefix(asked),
            400 | 414 => Meaning::new(
                ErrorKind::BadRequest,
                Fact::RequestRefused,
                "the site does not understand the request",
            ),
            401 | LOGIN_TIMEOUT => unauthorized(&self.challenges),
            403 => forbidden(said),
            407 => Meaning::new(
                ErrorKind::Proxy,
                Fact::ProxyFailed,
                "the proxy asks for credentials, or for others",
            )
            .with_hint("check the proxy's user and password"),
            404 => Meaning::new(
                ErrorKind::NotFound,
                Fact::NothingHere,
                "the site has nothing here",
            ),
            status => self.server_error(status),
        }
    }

    fn server_error(&self, status: u16) -> Meaning {
        let (fact, message) = match status {
            408 | 425 => (Fact::Throttled, "the site is not ready for the request"),
            429 => (Fact::Throttled, "the site asks for fewer requests"),
            502 | 504 => (
                Fact::GatewayFailed,
                "a gateway, or the site's proxy, gets no answer from the site",
            ),
            503 => (
                Fact::ServiceUnavailable,
                "the site's services are not available",
            ),
            500..=599 => (Fact::ServerFailed, "the site can't answer"),
            _ => {
                return Meaning::new(
                    ErrorKind::UnexpectedAnswer,
                    Fact::UnexpectedStatus,
                    "the site gave an unexpected answer",
                );
            }
        };
        Meaning::new(ErrorKind::ServerError, fact, message)
    }
}

fn too_long() -> Meaning {
    Meaning::new(
        ErrorKind::RequestTooLong,
        Fact::RequestTooLong,
        "the request's headers are longer than the site or a gateway accepts",
    )
    .with_hint("allow longer request headers on the gateway or load balancer in front of the site")
}

fn tls_expected() -> Meaning {
    Meaning::new(
        ErrorKind::BadRequest,
        Fact::TlsExpected,
        "the site speaks TLS at this port, and was spoken to in the clear",
    )
    .with_hint("write `https` where `http` stands")
}

fn host_refused(asked: &Asked) -> Meaning {
    Meaning::new(
        ErrorKind::BadRequest,
        Fact::HostNameRefused,
        format!(
            "the site does not accept the host name `{}`",
            asked.site().host()
        ),
    )
    .with_hint("use the full host name under which people open the site")
}

fn unknown_prefix(asked: &Asked) -> Meaning {
    let Some(prefix) = asked.site().prefix() else {
        return host_refused(asked);
    };
    Meaning::new(
        ErrorKind::BadRequest,
        Fact::PrefixOrHostUnknown,
        format!(
            "the site knows no virtual proxy with the prefix `{prefix}`, or does not accept the host name `{}`",
            asked.site().host()
        ),
    )
    .with_hint(
        "check the virtual proxy's prefix, that it is linked to the proxy, and that the host name is the full one",
    )
}

/// The challenge says what the site wants in place of the header.
fn unauthorized(challenges: &[Challenge]) -> Meaning {
    let asker = if challenges.iter().any(Challenge::is_windows) {
        "the virtual proxy"
    } else {
        "the site, or a gateway in front of it,"
    };
    let message = match challenge::wanted(challenges) {
        Some(wanted) => format!("{asker} asks for {wanted}"),
        None => "the site asks for other credentials".to_owned(),
    };
    let fact = Fact::CredentialsRequested(challenges.to_vec());
    let hint = match challenges {
        [] => redirect::CHECK_CREDENTIALS,
        _ if challenges.iter().any(Challenge::is_windows) => redirect::WINDOWS,
        _ => {
            "a virtual proxy with header authentication asks for nothing of the kind: a gateway in front of the site may"
        }
    };
    Meaning::new(ErrorKind::Unauthorized, fact, message).with_hint(hint)
}

fn forbidden(said: &str) -> Meaning {
    if said.contains("xsrf") {
        return Meaning::new(
            ErrorKind::Xsrf,
            Fact::XrfkeyMissing,
            "the site saw no valid xrfkey",
        )
        .with_hint("something on the way may drop the query or the header `X-Qlik-Xrfkey`");
    }
    let message = "the site refuses this to the account";
    if said.contains("inactive") {
        return Meaning::new(ErrorKind::Forbidden, Fact::AccountInactive, message)
            .with_hint("activate the account in the QMC");
    }
    Meaning::new(ErrorKind::Forbidden, Fact::Forbidden, message)
        .with_hint("the account may lack the right, be blocked, or have too many sessions")
}
