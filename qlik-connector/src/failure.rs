//! Errors of the client in the words of a scan: at which step, what happened, what to try.

use catalog_model::{ScanError, with_causes};
use qrs_client::{Error, ErrorKind};

/// A step of a scan that failed for good.
pub(crate) fn failure(step: String, error: &Error) -> ScanError {
    ScanError::Source {
        step,
        message: with_causes(error),
        hint: Some(hint(error)),
        may_pass: error.is_retryable(),
    }
}

/// What to try: in the words of the connection file, which the client does not know, unless the client knows exactly.
pub(crate) fn hint(error: &Error) -> String {
    match (error.kind(), error.hint()) {
        (ErrorKind::Tls | ErrorKind::Proxy, Some(hint)) => hint.to_owned(),
        (kind, _) => hint_for(kind).to_owned(),
    }
}

fn hint_for(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unreachable => {
            "check host and port of `connection.url`, that a firewall lets the scanner through, and the `proxy` settings \
             if the site is behind a proxy"
        }
        ErrorKind::Tls => {
            "check that `connection.url` says `https` only for a TLS port, and that the authority which issued the \
             site's certificate is trusted"
        }
        ErrorKind::Proxy => {
            "check the `proxy` settings: scheme, hostname, port, username and password, and that the proxy lets this \
             machine reach the site"
        }
        ErrorKind::Timeout => {
            "a site that nobody used for a while needs up to 20 s for its first answer: try again; then look at the load \
             of the site and of what lies between"
        }
        ErrorKind::RedirectedToLogin | ErrorKind::Unauthorized => {
            "the virtual proxy did not accept the header: check that `connection.url` ends in the prefix of the virtual \
             proxy with header authentication, `connection.auth.key` is the header name set there, and \
             `connection.auth.value` is `DOMAIN\\user` of an active account, as its pattern wants it; too many sessions \
             of the account look the same, and end after 30 minutes"
        }
        ErrorKind::LoginPage => {
            "an answer that is a web page comes from a login form or from a gateway in front of the site: check that \
             `connection.url` ends in the prefix of the virtual proxy with header authentication"
        }
        ErrorKind::Xsrf => {
            "something between the scanner and the site drops the query or the header `X-Qlik-Xrfkey`: ask whoever runs \
             the proxy or gateway there"
        }
        ErrorKind::Forbidden => {
            "check in the QMC that the account is active and not blocked, that it may read (docs/qlik-setup.md has the \
             rule), and that it has not five sessions open already, which end after 30 minutes"
        }
        ErrorKind::NotFound => {
            "check that `connection.url` names a Qlik Sense Enterprise on Windows site and the prefix of its virtual proxy"
        }
        ErrorKind::BadRequest => {
            "check that `connection.url` ends in the prefix of a virtual proxy that is linked to the central proxy, and \
             that its host name is in the virtual proxy's host allow list"
        }
        ErrorKind::RequestTooLong => {
            "raise the limit for request headers on the gateway or load balancer in front of the site, and check that \
             `connection.auth.value` is not longer than intended"
        }
        ErrorKind::ServerError => {
            "the site has trouble of its own: try later, and look at the repository's log"
        }
        ErrorKind::ListBroken => {
            "the connection broke, or something on the way cut or changed the answer: try again, at a quieter time if it \
             stays"
        }
        ErrorKind::TooLarge => {
            "the response is not what a Qlik Sense site sends: check what `connection.url` points to, and whether a gateway \
             on the way changes responses"
        }
        ErrorKind::Configuration => "correct the setting that is named",
        _ => "check that `connection.url` names a Qlik Sense Enterprise on Windows site",
    }
}
