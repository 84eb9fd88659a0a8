//! HTML pages for browsers, sent where a client expects JSON.

use super::answer::Answer;
use super::session::{self, EndedSession};

/// The two login pages that the proxy redirects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginWay {
    /// To `internal_forms_authentication`: a form, with status 200.
    Form,
    /// To `internal_windows_authentication`: 401 with an NTLM challenge.
    Windows,
}

const FORM: &str = "internal_forms_authentication";
pub(super) const WINDOWS: &str = "internal_windows_authentication";

/// The response to a request for a login page, if `path` is one.
pub(super) fn login(path: &str) -> Option<Answer> {
    match path.trim_matches('/') {
        FORM => Some(login_form()),
        WINDOWS => Some(ntlm_challenge()),
        _ => None,
    }
}

/// `prefix` is the virtual proxy's, with its slash, or nothing.
pub(super) fn redirect_to_login(prefix: &str, way: LoginWay) -> Answer {
    let segment = match way {
        LoginWay::Form => FORM,
        LoginWay::Windows => WINDOWS,
    };
    let target = session::guid();
    let location = format!("{prefix}/{segment}/?targetId={target}");
    Answer::html(302, "").header("Location", location)
}

pub(super) fn is_windows_login(path: &str) -> bool {
    path.trim_matches('/') == WINDOWS
}

pub(super) fn login_form() -> Answer {
    Answer::html(200, include_str!("login_form.html"))
}

pub(super) fn ntlm_challenge() -> Answer {
    Answer::html(401, "").header("WWW-Authenticate", "NTLM")
}

/// The refusal of an ended session; `None` if the header authenticates again.
pub(super) fn ended_session(prefix: &str, way: LoginWay, ended: EndedSession) -> Option<Answer> {
    match ended {
        EndedSession::RedirectToLogin => Some(redirect_to_login(prefix, way)),
        EndedSession::RedirectElsewhere => {
            const LOCATION: &str = "https://login.example/saml/start?RelayState=1";
            Some(Answer::html(302, "").header("Location", LOCATION))
        }
        EndedSession::Unauthorized => Some(ntlm_challenge()),
        EndedSession::Forbidden => Some(Answer::text(403, "Forbidden")),
        EndedSession::BadRequest => Some(Answer::text(400, "Bad Request - Invalid Session")),
        EndedSession::LoginPage => Some(login_form()),
        EndedSession::AuthenticateAgain => None,
    }
}

/// The response to a request whose head is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongHead {
    /// 400 `Request Too Long`, as on Windows.
    RequestTooLong,
    /// 431
    HeaderFieldsTooLarge,
}

pub(super) fn head_too_long(answer: LongHead) -> Answer {
    match answer {
        LongHead::RequestTooLong => {
            const PAGE: &str = "<!DOCTYPE HTML><html><head><title>Bad Request</title></head><body>\
                <h2>Bad Request - Request Too Long</h2><hr>\
                <p>HTTP Error 400. The size of the request headers is too long.</p></body></html>";
            Answer::html(400, PAGE)
        }
        LongHead::HeaderFieldsTooLarge => Answer::text(431, "Request Header Fields Too Large"),
    }
}

/// The proxy's page for a prefix that no virtual proxy has: about 88 KB, mostly style and images.
pub(super) fn wrong_prefix() -> Answer {
    const SIZE: usize = 88 * 1024;
    let mut page = String::with_capacity(SIZE + 1024);
    page.push_str("<!DOCTYPE html><html><head><title>Error 400</title><style>\n");
    for rule in 0.. {
        if page.len() > SIZE {
            break;
        }
        page.push_str(&format!(".error-part-{rule} {{ background: url(data:image/png;base64,iVBORw0KGgo{rule:032}); }}\n"));
    }
    page.push_str("</style></head><body><h1>Error 400 - Bad request</h1>");
    page.push_str("<p>The http request header is incorrect.</p></body></html>\n");
    Answer::html(400, page)
}
