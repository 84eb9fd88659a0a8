//! What the head of an answer means. An answer with an error status is an answer: only silence is
//! a failure of the transport. Nothing here touches the network.

use url::Url;

use crate::asked::Asked;
use crate::error::{Error, ErrorKind};
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
    pub(crate) retry_after: Option<std::time::Duration>,
}

const CHECK_CREDENTIALS: &str = "check the header's name and value, the virtual proxy's prefix, and \
    that this virtual proxy authenticates by header; a proxy on the way that refuses its user may \
    answer like this, too";

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
        let (kind, message, hint) = self.meaning(&page, asked);
        // A redirect's page says that there is a redirect.
        let said = asked
            .excerpt(body)
            .filter(|_| !matches!(self.status, 300..=399));
        let error = asked
            .error(kind, message)
            .with_status(self.status)
            .with_excerpt(said)
            .with_doubt(self.doubt(&page))
            .with_trouble(Trouble::Status(self.status, self.retry_after));
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    fn meaning(&self, said: &str, asked: &Asked) -> (ErrorKind, String, Option<&'static str>) {
        let (kind, message, hint) = match self.status {
            301..=303 | 307 | 308 => return self.redirect(asked),
            _ if self.head_is_too_long(said) => (
                ErrorKind::RequestTooLong,
                "the request's headers are longer than the site or a gateway accepts",
                Some(
                    "allow longer request headers on the gateway or load balancer in front of the site",
                ),
            ),
            // Qlik's page for a prefix that no virtual proxy of the central proxy has.
            400 if said.contains("http request header is incorrect") => (
                ErrorKind::BadRequest,
                "the site knows no virtual proxy of this prefix",
                Some("check the virtual proxy's prefix, and that it is linked to the proxy"),
            ),
            400 | 414 => (
                ErrorKind::BadRequest,
                "the site does not understand the request",
                None,
            ),
            401 | LOGIN_TIMEOUT => (
                ErrorKind::Unauthorized,
                "the site asks for other credentials",
                Some(CHECK_CREDENTIALS),
            ),
            403 if said.contains("xsrf") => (
                ErrorKind::Xsrf,
                "the site saw no valid xrfkey",
                Some("something on the way may drop the query or the header `X-Qlik-Xrfkey`"),
            ),
            403 => (
                ErrorKind::Forbidden,
                "the site refuses this to the account",
                Some("the account may be inactive, lack the right, or have too many sessions"),
            ),
            404 => (ErrorKind::NotFound, "the site has nothing here", None),
            407 => (
                ErrorKind::Proxy,
                "the proxy asks for credentials, or for others",
                Some("check the proxy's user and password"),
            ),
            408 | 425 => (
                ErrorKind::ServerError,
                "the site is not ready for the request",
                None,
            ),
            429 => (
                ErrorKind::ServerError,
                "the site asks for fewer requests",
                None,
            ),
            500..=599 => (ErrorKind::ServerError, "the site can't answer", None),
            _ => (
                ErrorKind::UnexpectedAnswer,
                "the site gave an unexpected answer",
                None,
            ),
        };
        (kind, message.to_owned(), hint)
    }

    fn redirect(&self, asked: &Asked) -> (ErrorKind, String, Option<&'static str>) {
        let Some(location) = &self.location else {
            let message = "the site redirects to nowhere".to_owned();
            return (ErrorKind::UnexpectedAnswer, message, None);
        };
        let target = asked.scrub_line(&shown(location));
        if is_login(location) {
            let message = format!("the site redirects to its login page `{target}`");
            (
                ErrorKind::RedirectedToLogin,
                message,
                Some(CHECK_CREDENTIALS),
            )
        } else {
            let message = format!("the site redirects to `{target}`");
            let hint = "if that is where the site is now, give this URL; if it is the login of \
                another system, the virtual proxy does not authenticate by header";
            (ErrorKind::UnexpectedAnswer, message, Some(hint))
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
    let message = "the site answered with a web page, most likely a login form, instead of JSON";
    asked
        .error(ErrorKind::LoginPage, message)
        .with_hint(CHECK_CREDENTIALS)
        .with_excerpt(asked.excerpt(body))
        .with_doubt(Doubt::Likely)
}

/// `internal_forms_authentication` and `internal_windows_authentication` are Qlik Sense's own.
fn is_login(location: &Url) -> bool {
    location.path().split('/').any(|segment| {
        let segment = segment.to_ascii_lowercase();
        segment.starts_with("internal_") && segment.ends_with("_authentication")
    })
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
