//! The errors of a login as a Windows user. None of them is retried at once: each wrong password counts for a directory.

use outbound_http::{Challenge, FailureClass, RequestContext};
use url::Url;

use crate::answer::without_query;
use crate::credentials::{WINDOWS_USER_AGENT, WindowsCredentials};
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;

const CHECK_PASSWORD: &str = "check the domain, the user and the password, and whether the user is locked or the password \
    has expired";

/// The site refuses the password.
pub(super) fn password(credentials: &WindowsCredentials, context: &RequestContext) -> Error {
    let name = credentials.name();
    let message = format!("the site refuses the password of the Windows user `{name}`");
    let fact = Fact::PasswordRefused;
    error(ErrorKind::Unauthorized, fact, message, context).with_hint(CHECK_PASSWORD)
}

/// The site has refused the password before.
pub(super) fn not_sent_again(credentials: &WindowsCredentials) -> Error {
    let name = credentials.name();
    let message = format!(
        "the site has refused the password of the Windows user `{name}` before; it was not sent again, because directories \
         lock users after several wrong passwords"
    );
    Error::new(ErrorKind::Credentials, message)
        .with_fact(Fact::PasswordRefused)
        .with_class(FailureClass::Permanent)
        .with_hint(CHECK_PASSWORD)
}

/// The site shows its form.
pub(super) fn form(context: &RequestContext) -> Error {
    let message = "the site shows its login form instead of asking for Windows authentication";
    let kind = ErrorKind::RedirectedToLogin;
    error(kind, Fact::FormInsteadOfWindows, message, context).with_hint(format!(
        "set the virtual proxy's \"Windows authentication pattern\" to `Windows`, its default: it must be a part of the \
         client's `User-Agent`, `{WINDOWS_USER_AGENT}`\ncheck that the prefix in the URL is that of a virtual proxy with \
         Windows authentication"
    ))
}

/// The server does not answer the first message with a challenge.
pub(super) fn no_challenge(
    cause: &outbound_http::Error,
    scheme: &Challenge,
    context: &RequestContext,
) -> Error {
    let message = format!("the site asks for `{scheme}` but does not continue the login");
    let fact = Fact::CredentialsRequested(vec![scheme.clone()]);
    error(ErrorKind::Unauthorized, fact, message, context)
        .with_source(cause.to_string())
        .with_hint("check that NTLM is allowed on the site's server; Kerberos is not supported")
}

/// The connection was closed between two messages of a handshake.
pub(super) fn connection_closed(scheme: &Challenge, context: &RequestContext) -> Error {
    let message = format!("the connection was closed during the login with `{scheme}`");
    let fact = Fact::LoginInterrupted;
    error(ErrorKind::Unreachable, fact, message, context).with_hint(
        "such logins need a connection that stays open: let the proxies and gateways between the client and the site forward \
         it unchanged, or use another kind of login",
    )
}

/// No response came to the password, so that it is unknown whether it was accepted.
pub(super) fn without_answer(error: Error) -> Error {
    error.with_class(FailureClass::Later)
}

/// The site accepts the login but sets no cookie.
pub(super) fn no_session(context: &RequestContext) -> Error {
    let message =
        "the site accepts the login but opens no session: none of its responses sets a cookie";
    error(ErrorKind::UnexpectedAnswer, Fact::Unknown, message, context)
        .with_hint("check whether a gateway in front of the site removes `Set-Cookie`")
}

pub(super) fn too_many_redirects(context: &RequestContext) -> Error {
    let message = "the site redirects the login again and again";
    let fact = Fact::RedirectElsewhere;
    error(ErrorKind::UnexpectedAnswer, fact, message, context)
}

/// A redirect to another host.
pub(super) fn another_host(target: &Url, context: &RequestContext) -> Error {
    let target = shown(target, context);
    let message = format!("the site redirects the login to another host, `{target}`");
    let fact = Fact::RedirectElsewhere;
    error(ErrorKind::UnexpectedAnswer, fact, message, context)
        .with_hint("if that host is the site's own, use its name in the URL")
}

/// A redirect from https to http.
pub(super) fn not_encrypted(target: &Url, context: &RequestContext) -> Error {
    let target = shown(target, context);
    let message =
        format!("the site redirects the login to an address that is not encrypted, `{target}`");
    let fact = Fact::RedirectElsewhere;
    error(ErrorKind::UnexpectedAnswer, fact, message, context).with_hint(
        "ask the owner of the site, or of the gateway in front of it, to redirect to `https`",
    )
}

fn shown(target: &Url, context: &RequestContext) -> String {
    context.redactor().redact_line(&without_query(target))
}

fn error(
    kind: ErrorKind,
    fact: Fact,
    message: impl Into<String>,
    context: &RequestContext,
) -> Error {
    Error::new(kind, message)
        .with_url(context.url())
        .with_fact(fact)
        .with_class(FailureClass::Permanent)
}
