//! The meaning of a response's head. Nothing here touches the network.

mod refusal;

use self::refusal::advice::form_instead;
use outbound_http::{Challenge, FailureClass, has_form, text_on_one_line};
use url::Url;

use crate::error::{EndedSession, Error, ErrorKind};
use crate::fact::Fact;
use crate::request_context::RequestContext;
use crate::too_many_sessions;

/// The head of a response, as far as its meaning depends on it.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// The target of a redirect.
    pub(crate) location: Option<Url>,
    /// The authentication schemes that a response with status 401 asks for.
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) retry_after: Option<std::time::Duration>,
}

/// The status of Microsoft's gateways for a session that has ended.
const LOGIN_TIMEOUT: u16 = 440;

impl Head {
    /// Whether the request succeeded. The body then shows whether it is JSON: some gateways label JSON as `text/html`.
    pub(crate) fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The error that a response with this head and this body stands for.
    pub(crate) fn refusal(&self, body: &[u8], context: RequestContext<'_>) -> Error {
        if self.is_success() {
            return login_page(body, context).with_status(self.status);
        }
        let page = text_on_one_line(body).to_ascii_lowercase();
        if self.is_about_too_many_sessions(&page) {
            return self.too_many_sessions(body, context);
        }
        let meaning = self.meaning(&page, context);
        // A redirect's page only says that there is a redirect.
        let excerpt = context.redactor().excerpt(body);
        let excerpt = excerpt.filter(|_| !matches!(self.status, 300..=399));
        let error = context
            .error(meaning.kind, meaning.message)
            .with_fact(meaning.fact)
            .with_status(self.status)
            .with_excerpt(excerpt)
            .with_ended_session(self.ended_session(&page))
            .with_class(FailureClass::Status(self.status, self.retry_after));
        match meaning.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    fn is_about_too_many_sessions(&self, text: &str) -> bool {
        match self.status {
            300..=399 => self
                .location
                .as_ref()
                .is_some_and(too_many_sessions::is_page),
            400..=599 => too_many_sessions::is_text_about_it(text),
            _ => false,
        }
    }

    fn too_many_sessions(&self, body: &[u8], context: RequestContext<'_>) -> Error {
        let error = match &self.location {
            Some(location) => {
                let target = context.redactor().redact_line(&without_query(location));
                too_many_sessions::redirect(&target, context)
            }
            None => {
                too_many_sessions::error(context).with_excerpt(context.redactor().excerpt(body))
            }
        };
        error.with_status(self.status)
    }

    /// Whether an ended session, or cookies that have become too long, may be the cause.
    fn ended_session(&self, text: &str) -> EndedSession {
        match self.status {
            301..=303 | 307 | 308 | 401 | LOGIN_TIMEOUT => EndedSession::Likely,
            _ if self.head_is_too_long(text) => EndedSession::Likely,
            // The proxy's own status, and statuses that are retried.
            407 | 408 | 425 | 429 => EndedSession::Excluded,
            400..=499 => EndedSession::Possible,
            _ => EndedSession::Excluded,
        }
    }

    /// Status 431, nginx's own 494, or status 400 with one of these texts: Windows' "Request Too Long" and "The size of
    /// the request headers is too long", nginx's "Request Header Or Cookie Too Large", Apache's "Size of a request
    /// header field exceeds server limit".
    fn head_is_too_long(&self, text: &str) -> bool {
        const TEXTS: [&str; 4] = [
            "request too long",
            "headers is too long",
            "header or cookie too large",
            "size of a request header",
        ];
        match self.status {
            431 | 494 => true,
            400 => TEXTS.iter().any(|known| text.contains(known)),
            _ => false,
        }
    }
}

/// The error of a web page instead of JSON.
pub(crate) fn login_page(body: &[u8], context: RequestContext<'_>) -> Error {
    let excerpt = context.redactor().excerpt(body);
    if too_many_sessions::is_text_about_it(&text_on_one_line(body)) {
        return too_many_sessions::error(context).with_excerpt(excerpt);
    }
    let (fact, message, hint) = if has_form(body) {
        (
            Fact::LoginForm,
            "the site answered with a web page, most likely a login form, instead of JSON",
            form_instead(context.login),
        )
    } else {
        (
            Fact::WebPage,
            "the site answered with a web page instead of JSON",
            "check that the URL is a Qlik Sense site's, with the prefix of its virtual proxy, and whether a gateway in \
             front of the site sends this page",
        )
    };
    context
        .error(ErrorKind::LoginPage, message)
        .with_fact(fact)
        .with_hint(hint)
        .with_excerpt(excerpt)
        .with_ended_session(EndedSession::Likely)
}

/// A URL without its query and its user name, which may be secret.
pub(crate) fn without_query(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    let host = if origin == "null" {
        url.scheme().to_owned() + ":"
    } else {
        origin
    };
    host + url.path()
}

#[cfg(test)]
mod tests {
    use outbound_http::{Redactor, SecretString};

    use super::*;
    use crate::credentials::LoginKind;
    use crate::site::SiteUrl;

    fn refusal(status: u16, location: Option<&str>, body: &str) -> Error {
        let site = SiteUrl::parse("https://qlik.example/vp/").unwrap();
        let url = site.as_url().join("qrs/about").unwrap();
        let redactor = Redactor::new([SecretString::from("hunter2")]);
        let http = outbound_http::RequestContext::new("the site", site.as_url(), &url, redactor);
        let context = RequestContext {
            site: &site,
            login: LoginKind::Header,
            http: &http,
        };
        let location = location.map(|location| url.join(location).unwrap());
        let head = Head {
            status,
            location,
            challenges: Vec::new(),
            retry_after: None,
        };
        head.refusal(body.as_bytes(), context)
    }

    #[test]
    fn each_status_has_its_kind() {
        let cases = [
            (400, "Missing parameter value(s)", ErrorKind::BadRequest),
            (
                400,
                "<p>The http request header is incorrect</p>",
                ErrorKind::BadRequest,
            ),
            (401, "", ErrorKind::Unauthorized),
            (403, "Forbidden", ErrorKind::Forbidden),
            (
                403,
                "XSRF prevention check failed. Possible XSRF discovered.",
                ErrorKind::Xsrf,
            ),
            (404, "", ErrorKind::NotFound),
            (407, "", ErrorKind::Proxy),
            (440, "", ErrorKind::Unauthorized),
            (431, "", ErrorKind::RequestTooLong),
            (494, "", ErrorKind::RequestTooLong),
            (409, "", ErrorKind::Conflict),
            (408, "", ErrorKind::ServerError),
            (425, "", ErrorKind::ServerError),
            (429, "", ErrorKind::ServerError),
            (500, "", ErrorKind::ServerError),
            (503, "", ErrorKind::ServerError),
            (304, "", ErrorKind::UnexpectedAnswer),
        ];
        for (status, body, kind) in cases {
            let error = refusal(status, None, body);
            assert_eq!(
                (error.kind(), error.status()),
                (kind, Some(status)),
                "{error}"
            );
        }
    }

    #[test]
    fn responses_that_an_ended_session_may_cause_are_known() {
        let cases = [
            (302, "", EndedSession::Likely),
            (401, "", EndedSession::Likely),
            (440, "", EndedSession::Likely),
            (431, "", EndedSession::Likely),
            (
                400,
                "<h2>Bad Request - Request Too Long</h2>",
                EndedSession::Likely,
            ),
            (
                400,
                "Request Header Or Cookie Too Large",
                EndedSession::Likely,
            ),
            (200, "<form>", EndedSession::Likely),
            (400, "Cannot parse the expression", EndedSession::Possible),
            (403, "Forbidden", EndedSession::Possible),
            (403, "XSRF prevention check failed.", EndedSession::Possible),
            (404, "", EndedSession::Possible),
            (413, "", EndedSession::Possible),
            (419, "", EndedSession::Possible),
            (407, "", EndedSession::Excluded),
            (429, "", EndedSession::Excluded),
            (500, "", EndedSession::Excluded),
        ];
        for (status, body, expected) in cases {
            let error = refusal(status, Some("/elsewhere"), body);
            assert_eq!(error.ended_session(), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_redirect_names_its_target_without_the_query() {
        let login = "/internal_forms_authentication/?targetId=hunter2";
        let elsewhere = "https://me:pw@idp.example/hunter2/saml?SAMLRequest=x";
        let cases = [
            (
                302,
                login,
                ErrorKind::RedirectedToLogin,
                "`https://qlik.example/internal_forms_authentication/`",
            ),
            (
                303,
                "internal_windows_authentication",
                ErrorKind::RedirectedToLogin,
                "qrs/internal_windows",
            ),
            (
                302,
                elsewhere,
                ErrorKind::UnexpectedAnswer,
                "to `https://idp.example/***/saml`",
            ),
        ];
        for (status, location, kind, expected) in cases {
            let error = refusal(status, Some(location), "<p>moved, hunter2</p>");
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.excerpt(), None);
        }
        assert_eq!(refusal(302, None, "").kind(), ErrorKind::UnexpectedAnswer);
    }

    #[test]
    fn a_web_page_instead_of_json_is_a_login_page() {
        let error = refusal(200, None, "<form>Log in, hunter2</form>");
        assert_eq!(error.kind(), ErrorKind::LoginPage);
        assert_eq!(error.excerpt(), Some("Log in, ***"));
    }
}
