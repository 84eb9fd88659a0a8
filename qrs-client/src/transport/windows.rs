//! Opens a session as a Windows user: finds the page that asks for a login, answers its challenge, and follows the redirect back.
//!
//! Without a session, the site redirects to `internal_windows_authentication` if the client's `User-Agent` contains the virtual
//! proxy's "Windows authentication pattern", and to a form otherwise (Qlik help, Creating a virtual proxy). After the login, it
//! redirects back with a ticket. Some sites ask for a login at the path of the request.

mod refusal;
mod target;

use outbound_http::header::{ACCEPT, AUTHORIZATION, COOKIE, HeaderValue, WWW_AUTHENTICATE};
use outbound_http::{
    Challenge, Connection, Method, Request, Response, SecretString, Url, WindowsHandshake,
};

use tracing::debug;

use super::{Transport, XRFKEY, head};
use crate::credentials::{Credentials, LoginKind, WindowsCredentials};
use crate::error::{EndedSession, Error};
use crate::path::{QrsPath, xrfkey};
use crate::span::RequestSpan;
use crate::tries::Try;
use target::{Page, check_target, page};

/// Maximum number of redirects of a login. A site needs two.
const MAX_REDIRECTS: usize = 6;

/// A login in progress.
struct WindowsLogin<'a> {
    transport: &'a Transport,
    credentials: &'a WindowsCredentials,
    this_try: Try,
    /// All requests have the same one, because the site redirects back to the first URL.
    xrfkey: String,
    connection: Connection,
    /// Whether the site has received the password's proof and not refused it.
    is_accepted: bool,
}

impl Transport {
    /// Whether a session must be opened before a request can be sent.
    pub(super) fn must_log_in(&self) -> bool {
        self.login.kind() == LoginKind::Windows && !self.session.is_logged_in()
    }

    /// Opens a session, unless one is open or the credentials are of another kind. The caller must hold the session's turn.
    pub(super) async fn log_in(&self, this_try: Try) -> Result<(), Error> {
        let Credentials::Windows(credentials) = &self.login.credentials else {
            return Ok(());
        };
        if self.session.is_logged_in() {
            return Ok(());
        }
        if self.session.is_refused() {
            return Err(refusal::not_sent_again(credentials));
        }
        let login = WindowsLogin {
            transport: self,
            credentials,
            this_try,
            xrfkey: xrfkey(),
            connection: self.http.connection(),
            is_accepted: false,
        };
        let opened = login.run().await;
        // A new session would be opened in the same way.
        opened.map_err(|error| error.with_ended_session(EndedSession::Excluded))?;
        self.session.set_logged_in();
        Ok(())
    }
}

impl WindowsLogin<'_> {
    async fn run(mut self) -> Result<(), Error> {
        let about = QrsPath::new("about");
        let mut url = about.url_with(&self.transport.site, Some(&self.xrfkey))?;
        for _ in 0..MAX_REDIRECTS {
            let response = self.send(&url, None).await?;
            let response = match response.status() {
                401 if !self.is_accepted => self.authenticate(&url, response).await?,
                _ => response,
            };
            match response.status() {
                301..=303 | 307 | 308 => url = self.target(response, &url).await?,
                200..=299 => return self.opened(&response),
                _ => return Err(self.refused(response, &url).await),
            }
        }
        Err(refusal::too_many_redirects(&self.context(&url)))
    }

    /// Answers a challenge. Returns the response to the password, unless it is refused.
    async fn authenticate(&mut self, url: &Url, response: Response) -> Result<Response, Error> {
        let offered = response.challenges();
        let Some(scheme) = WindowsHandshake::scheme(&offered) else {
            return Err(self.refused(response, url).await);
        };
        // If the connection is closed here, the handshake uses another one.
        self.connection.finish(response).await;
        let host = url.host_str().unwrap_or_default();
        let account = self.credentials.account();
        let (handshake, first) = WindowsHandshake::begin(scheme, account, host)?;
        let response = self.send(url, Some(first)).await?;
        if response.status() != 401 {
            return Ok(response);
        }
        let last = self.answer(handshake, &response, scheme)?;
        let shown = self.context(url);
        self.transport
            .session
            .set_windows_challenge(shown.url(), scheme);
        if !self.connection.finish(response).await {
            return Err(refusal::connection_closed(scheme, &self.context(url)));
        }
        let response = self.send(url, Some(last)).await;
        let response = response.map_err(refusal::without_answer)?;
        if response.status() == 401 || is_login_page(&response, url) {
            self.transport.session.set_refused();
            return Err(refusal::password(self.credentials, &self.context(url)));
        }
        self.is_accepted = true;
        Ok(response)
    }

    fn answer(
        &self,
        handshake: WindowsHandshake,
        response: &Response,
        scheme: &Challenge,
    ) -> Result<HeaderValue, Error> {
        let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenges = challenges.filter_map(|value| value.to_str().ok());
        let answer = handshake.answer(challenges);
        answer.map_err(|error| refusal::no_challenge(&error, scheme, response.context()))
    }

    /// The URL to which a response redirects, if it belongs to the login.
    async fn target(&self, response: Response, url: &Url) -> Result<Url, Error> {
        let Some(target) = head(&response, url).location else {
            return Err(self.refused(response, url).await);
        };
        match (page(&target), self.is_accepted) {
            (Page::Windows, false) | (Page::Other, true) => {
                check_target(&self.transport.site, &target, response.context())?;
                Ok(target)
            }
            (Page::Form, false) => Err(refusal::form(&self.context(url))),
            _ => Err(self.refused(response, url).await),
        }
    }

    /// Sends a request of the login, and keeps the cookies that its response sets.
    async fn send(&mut self, url: &Url, answer: Option<HeaderValue>) -> Result<Response, Error> {
        let transport = self.transport;
        let is_own_host = url.host_str() == Some(transport.site.host());
        let cookies = transport.session.cookies(url);
        let mut context = self.context(url);
        let mut request = self.request(url);
        if let Some(answer) = answer {
            context.add_secrets(answer.to_str().map(SecretString::from));
            request = request.with_header(AUTHORIZATION, answer);
        }
        if let Some(cookies) = cookies.header().filter(|_| is_own_host) {
            request = request.with_header(COOKIE, cookies.clone());
        }
        let this_try = self.this_try;
        // Between two requests of a login, others may be sent.
        let _turn = transport.limiter.turn(this_try.limits.deadline()).await?;
        let connection = &mut self.connection;
        let response = async {
            let response = connection.send_once(&mut request, &context, this_try.limits);
            match response.await {
                Ok(response) => Ok(response),
                Err(error) => {
                    let error = transport.http.with_probe(error, &context).await;
                    Err(this_try.error(error))
                }
            }
        };
        let span = RequestSpan::with_path(&Method::GET, context.path());
        let mut response = Box::pin(span.only_try(response)).await?;
        debug!(path = context.path(), status = response.status(), "login");
        if is_own_host {
            let head = head(&response, url);
            transport.keep_cookies(&response, &head, &cookies);
            let secrets = transport.session.secrets();
            response.context_mut().add_secrets(secrets);
        }
        Ok(response)
    }

    fn request(&self, url: &Url) -> Request {
        let xrfkey = HeaderValue::from_str(&self.xrfkey);
        let xrfkey = xrfkey.expect("an xrfkey has letters and digits only");
        Request::new(Method::GET, url.clone())
            .with_header(ACCEPT, HeaderValue::from_static("application/json"))
            .with_header(XRFKEY, xrfkey)
    }

    /// A request as messages may describe it: without its query, which contains a ticket or names a login.
    fn context(&self, url: &Url) -> outbound_http::RequestContext {
        let mut shown = url.clone();
        shown.set_query(None);
        let tickets = url
            .query_pairs()
            .map(|(_, value)| SecretString::from(value.into_owned()));
        let secrets = tickets.chain([SecretString::from(self.xrfkey.as_str())]);
        let redactor = self.transport.redactor().with(secrets);
        let mut origin = url.clone();
        origin.set_query(None);
        origin.set_path("/");
        self.transport.http.context(&origin, &shown, redactor)
    }

    /// Whether requests to QRS have a cookie now.
    fn has_cookie(&self) -> bool {
        let about = QrsPath::new("about").url(&self.transport.site);
        let url = about.as_ref().unwrap_or(self.transport.site.as_url());
        self.transport.session.cookies(url).has_cookies()
    }

    /// The error of a response that is not a part of a login.
    async fn refused(&self, response: Response, url: &Url) -> Error {
        let head = head(&response, url);
        let error = self.transport.refusal(response, &head).await;
        match self.is_accepted && error.is_retryable() {
            true => refusal::without_answer(error),
            false => error,
        }
    }

    /// Whether a response that succeeded ends the login.
    fn opened(&self, response: &Response) -> Result<(), Error> {
        match self.is_accepted {
            false if response.is_labelled_as_page() => Err(refusal::form(response.context())),
            true if !self.has_cookie() => Err(refusal::no_session(response.context())),
            _ => Ok(()),
        }
    }
}

/// Whether a response redirects to a login page.
fn is_login_page(response: &Response, url: &Url) -> bool {
    let target = head(response, url).location;
    target.is_some_and(|target| page(&target) != Page::Other)
}
