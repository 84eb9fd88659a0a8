//! The meaning of a response that refuses the request, as a table.

use outbound_http::Challenge;

use super::{Head, LOGIN_TIMEOUT, without_query};
use crate::credentials::LoginKind;
use crate::error::ErrorKind;
use crate::fact::Fact;
use crate::request_context::RequestContext;

pub(super) mod advice;
mod redirect;

/// The meaning of a refusal.
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

/// Texts of servers that receive plain http at a TLS port: nginx, Apache, Go.
const TLS_EXPECTED: [&str; 3] = [
    "plain http request was sent to https port",
    "speaking plain http to an ssl-enabled server port",
    "sent an http request to an https server",
];

/// Texts of servers that do not accept the host name, such as Windows' "The request hostname is invalid".
const HOST_REFUSED: [&str; 2] = [
    "request hostname is invalid",
    "bad request - invalid hostname",
];

impl Head {
    /// The meaning of a refusal with this text.
    pub(super) fn meaning(&self, text: &str, context: RequestContext<'_>) -> Meaning {
        let has = |texts: &[&str]| texts.iter().any(|known| text.contains(known));
        match self.status {
            301..=303 | 307 | 308 => self.redirect(context),
            _ if self.head_is_too_long(text) => too_long(),
            400 if has(&TLS_EXPECTED) => tls_expected(),
            400 | 404 if has(&HOST_REFUSED) => host_refused(context),
            421 => host_refused(context),
            // Qlik's page if no virtual proxy of the central proxy has the prefix, or the host name is not accepted.
            400 if text.contains("http request header is incorrect") => unknown_prefix(context),
            400..=403 if text.contains("x-qlik-user") => user_header_refused(),
            400 | 414 => Meaning::new(
                ErrorKind::BadRequest,
                Fact::RequestRefused,
                "the site does not accept the request",
            ),
            401 | LOGIN_TIMEOUT => unauthorized(&self.challenges, context.login),
            403 => forbidden(text, context.login),
            407 => proxy_refused(&self.challenges),
            404 => Meaning::new(
                ErrorKind::NotFound,
                Fact::NothingHere,
                "the site has no such page",
            ),
            409 => Meaning::new(
                ErrorKind::Conflict,
                Fact::Conflict,
                "the site has another version of the record",
            )
            .with_hint("read the record again, and repeat the change"),
            status => self.server_error(status),
        }
    }

    fn server_error(&self, status: u16) -> Meaning {
        let (fact, message) = match status {
            408 | 425 => (Fact::Throttled, "the site is not ready for the request"),
            429 => (Fact::Throttled, "the site asks for fewer requests"),
            502 | 504 => (
                Fact::GatewayFailed,
                "a gateway, or the site's proxy, gets no response from the site",
            ),
            503 => (
                Fact::ServiceUnavailable,
                "the site's services are not available",
            ),
            500..=599 => (Fact::ServerFailed, "the site failed to process the request"),
            _ => {
                return Meaning::new(
                    ErrorKind::UnexpectedAnswer,
                    Fact::UnexpectedStatus,
                    "the site sent an unexpected status",
                );
            }
        };
        Meaning::new(ErrorKind::ServerError, fact, message)
    }
}

fn proxy_refused(challenges: &[Challenge]) -> Meaning {
    let is_windows = challenges.iter().any(Challenge::is_windows);
    match Challenge::describe(challenges) {
        Some(kinds) if is_windows && !challenges.contains(&Challenge::Basic) => Meaning::new(
            ErrorKind::Proxy,
            Fact::ProxyNeedsWindows,
            format!("the proxy asks for {kinds}, which is not possible for a URL without `https`"),
        )
        .with_hint("use `https` in the URL, and log in at the proxy as a Windows user"),
        _ => Meaning::new(
            ErrorKind::Proxy,
            Fact::ProxyFailed,
            "the proxy asks for credentials, or rejects the given ones",
        )
        .with_hint("check the proxy's user and password"),
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
        "the site expects TLS at this port, but plain http was used",
    )
    .with_hint("use `https` instead of `http`")
}

fn host_refused(context: RequestContext<'_>) -> Meaning {
    Meaning::new(
        ErrorKind::BadRequest,
        Fact::HostNameRefused,
        format!(
            "the site does not accept the host name `{}`",
            context.site.host()
        ),
    )
    .with_hint("use the full host name that people use to open the site")
}

fn unknown_prefix(context: RequestContext<'_>) -> Meaning {
    let Some(prefix) = context.site.prefix() else {
        return host_refused(context);
    };
    Meaning::new(
        ErrorKind::BadRequest,
        Fact::PrefixOrHostUnknown,
        format!(
            "the site has no virtual proxy with the prefix `{prefix}`, or does not accept the host name `{}`",
            context.site.host()
        ),
    )
    .with_hint(
        "check the virtual proxy's prefix, that it is linked to the proxy service, and that the host name is complete",
    )
}

/// The repository's own text names the header.
fn user_header_refused() -> Meaning {
    Meaning::new(
        ErrorKind::BadRequest,
        Fact::UserHeaderRefused,
        "the repository does not accept the header `X-Qlik-User`",
    )
    .with_hint("check the user's directory and id; a proxy between client and site must not remove the header")
}

/// The challenges show what the site asks for instead of the client's credentials.
fn unauthorized(challenges: &[Challenge], login: LoginKind) -> Meaning {
    let asker = if challenges.iter().any(Challenge::is_windows) {
        "the virtual proxy"
    } else {
        "the site, or a gateway in front of it,"
    };
    let message = match Challenge::describe(challenges) {
        Some(schemes) => format!("{asker} asks for {schemes}"),
        None => "the site asks for other credentials".to_owned(),
    };
    let fact = Fact::CredentialsRequested(challenges.to_vec());
    let hint = match challenges {
        [] => advice::check_credentials(login),
        _ if challenges.iter().any(Challenge::is_windows) => advice::windows_instead(login),
        _ => {
            "ask the owner of the gateway in front of the site: no virtual proxy of Qlik Sense asks for this"
        }
    };
    Meaning::new(ErrorKind::Unauthorized, fact, message).with_hint(hint)
}

fn forbidden(text: &str, login: LoginKind) -> Meaning {
    if text.contains("xsrf") {
        return Meaning::new(
            ErrorKind::Xsrf,
            Fact::XrfkeyMissing,
            "the site received no valid xrfkey",
        )
        .with_hint(
            "check whether a gateway between client and site removes the query or the header `X-Qlik-Xrfkey`",
        );
    }
    let message = "the site refuses this request for the account";
    if text.contains("inactive") {
        return Meaning::new(ErrorKind::Forbidden, Fact::AccountInactive, message)
            .with_hint("activate the account in the QMC");
    }
    Meaning::new(ErrorKind::Forbidden, Fact::Forbidden, message)
        .with_hint(advice::check_rights(login))
}
