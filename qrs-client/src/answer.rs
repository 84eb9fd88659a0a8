//! What the head of an answer means. An answer with an error status is an answer: only silence is
//! a failure of the transport. Nothing here touches the network.

mod refusal;

use url::Url;

use crate::asked::Asked;
use crate::challenge::Challenge;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::renewal::Doubt;
use crate::retry::Trouble;
use crate::too_many_sessions;

/// The head of an answer, as far as it decides.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// Where a redirect leads to.
    pub(crate) location: Option<Url>,
    /// What an answer with status 401 asks for.
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) retry_after: Option<std::time::Duration>,
}

/// The status with which Microsoft's gateways answer a session that has ended.
const LOGIN_TIMEOUT: u16 = 440;

impl Head {
    /// Whether the request succeeded. Then the body says whether it is the JSON that was asked for: some gateways label
    /// JSON as `text/html`.
    pub(crate) fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Whether the body is labelled as a web page.
    pub(crate) fn is_labelled_as_page(&self) -> bool {
        self.content_type.to_ascii_lowercase().contains("html")
    }

    /// The error that the answer stands for. Its body is read as far as an excerpt needs.
    pub(crate) fn refusal(&self, body: &[u8], asked: &Asked) -> Error {
        if self.is_success() {
            return login_page(body, asked).with_status(self.status);
        }
        let page = Asked::unredacted(body).to_ascii_lowercase();
        if self.is_about_too_many_sessions(&page) {
            return self.too_many_sessions(body, asked);
        }
        let meaning = self.meaning(&page, asked);
        // A redirect's page says that there is a redirect.
        let said = asked
            .excerpt(body)
            .filter(|_| !matches!(self.status, 300..=399));
        let error = asked
            .error(meaning.kind, meaning.message)
            .with_fact(meaning.fact)
            .with_status(self.status)
            .with_excerpt(said)
            .with_doubt(self.doubt(&page))
            .with_trouble(Trouble::Status(self.status, self.retry_after));
        match meaning.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    fn is_about_too_many_sessions(&self, said: &str) -> bool {
        match self.status {
            300..=399 => self
                .location
                .as_ref()
                .is_some_and(too_many_sessions::is_page),
            400..=599 => too_many_sessions::is_said(said),
            _ => false,
        }
    }

    fn too_many_sessions(&self, body: &[u8], asked: &Asked) -> Error {
        let error = too_many_sessions::error(asked).with_status(self.status);
        match &self.location {
            Some(location) => {
                let target = asked.scrub_line(&shown(location));
                error.with_excerpt(Some(format!("it redirects to `{target}`")))
            }
            None => error.with_excerpt(asked.excerpt(body)),
        }
    }

    /// Whether the refusal may be due to an ended session, or to cookies that have grown too long.
    fn doubt(&self, said: &str) -> Doubt {
        match self.status {
            301..=303 | 307 | 308 | 401 | LOGIN_TIMEOUT => Doubt::Likely,
            _ if self.head_is_too_long(said) => Doubt::Likely,
            // Not the proxy's own, nor what is retried.
            407 | 408 | 425 | 429 => Doubt::None,
            400..=499 => Doubt::Possible,
            _ => Doubt::None,
        }
    }

    /// Status 431, nginx's own 494, and the texts that go with status 400: Windows' "Request Too Long" and "The size of
    /// the request headers is too long", nginx's "Request Header Or Cookie Too Large", Apache's "Size of a request
    /// header field exceeds server limit".
    fn head_is_too_long(&self, said: &str) -> bool {
        const TEXTS: [&str; 4] = [
            "request too long",
            "headers is too long",
            "header or cookie too large",
            "size of a request header",
        ];
        match self.status {
            431 | 494 => true,
            400 => TEXTS.iter().any(|text| said.contains(text)),
            _ => false,
        }
    }
}

/// A web page where JSON was due.
pub(crate) fn login_page(body: &[u8], asked: &Asked) -> Error {
    if too_many_sessions::is_said(&Asked::unredacted(body)) {
        return too_many_sessions::error(asked).with_excerpt(asked.excerpt(body));
    }
    let (fact, message, hint) = if has_form(body) {
        (
            Fact::LoginForm,
            "the site answered with a web page, most likely a login form, instead of JSON",
            "check the virtual proxy's prefix, and that this virtual proxy authenticates by header; a gateway in front \
             of the site may ask for a login, too",
        )
    } else {
        (
            Fact::WebPage,
            "the site answered with a web page instead of JSON",
            "check that the URL is that of a Qlik Sense site, with the prefix of its virtual proxy; a gateway in front of \
             the site may answer like this, too",
        )
    };
    asked
        .error(ErrorKind::LoginPage, message)
        .with_fact(fact)
        .with_hint(hint)
        .with_excerpt(asked.excerpt(body))
        .with_doubt(Doubt::Likely)
}

/// Whether a web page has a form.
fn has_form(page: &[u8]) -> bool {
    let page = page.to_ascii_lowercase();
    page.windows(b"<form".len()).any(|tag| tag == b"<form")
}

/// A URL without what may be secret in it.
fn shown(url: &Url) -> String {
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
    use secrecy::SecretString;

    use super::*;
    use crate::site::SiteUrl;

    fn refusal(status: u16, content_type: &str, location: Option<&str>, body: &str) -> Error {
        let site = SiteUrl::parse("https://qlik.example/vp/").unwrap();
        let url = site.as_url().join("qrs/about").unwrap();
        let asked = Asked::new(&site, &url, vec![SecretString::from("hunter2")]);
        let location = location.map(|location| url.join(location).unwrap());
        let (content_type, retry_after) = (content_type.to_owned(), None);
        let head = Head {
            status,
            content_type,
            location,
            challenges: Vec::new(),
            retry_after,
        };
        head.refusal(body.as_bytes(), &asked)
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
            (409, "", ErrorKind::UnexpectedAnswer),
            (408, "", ErrorKind::ServerError),
            (425, "", ErrorKind::ServerError),
            (429, "", ErrorKind::ServerError),
            (500, "", ErrorKind::ServerError),
            (503, "", ErrorKind::ServerError),
            (304, "", ErrorKind::UnexpectedAnswer),
        ];
        for (status, body, kind) in cases {
            let error = refusal(status, "text/plain", None, body);
            assert_eq!(
                (error.kind(), error.status()),
                (kind, Some(status)),
                "{error}"
            );
        }
    }

    #[test]
    fn what_an_ended_session_may_cause_is_known() {
        let cases = [
            (302, "", Doubt::Likely),
            (401, "", Doubt::Likely),
            (440, "", Doubt::Likely),
            (431, "", Doubt::Likely),
            (
                400,
                "<h2>Bad Request - Request Too Long</h2>",
                Doubt::Likely,
            ),
            (400, "Request Header Or Cookie Too Large", Doubt::Likely),
            (200, "<form>", Doubt::Likely),
            (400, "Cannot parse the expression", Doubt::Possible),
            (403, "Forbidden", Doubt::Possible),
            (403, "XSRF prevention check failed.", Doubt::Possible),
            (404, "", Doubt::Possible),
            (413, "", Doubt::Possible),
            (419, "", Doubt::Possible),
            (407, "", Doubt::None),
            (429, "", Doubt::None),
            (500, "", Doubt::None),
        ];
        for (status, body, expected) in cases {
            let error = refusal(status, "text/html", Some("/elsewhere"), body);
            assert_eq!(error.doubt(), expected, "{status} {body}");
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
            let error = refusal(status, "text/html", Some(location), "<p>moved, hunter2</p>");
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.excerpt(), None);
        }
        assert_eq!(
            refusal(302, "", None, "").kind(),
            ErrorKind::UnexpectedAnswer
        );
    }

    #[test]
    fn a_web_page_in_place_of_json_is_called_what_it_is() {
        let error = refusal(
            200,
            "text/html; charset=utf-8",
            None,
            "<form>Log in, hunter2</form>",
        );
        assert_eq!(error.kind(), ErrorKind::LoginPage);
        assert_eq!(error.excerpt(), Some("Log in, ***"));
    }
}
