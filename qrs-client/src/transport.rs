//! Sends requests to a site within a session, and retries them.

mod logout;
mod renewal;
#[cfg(feature = "windows-login")]
mod windows;

#[cfg(feature = "windows-login")]
use std::pin::Pin;
use std::sync::Arc;

use outbound_http::header::{ACCEPT, COOKIE, DATE, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use outbound_http::{Client, Method, Redactor, Repeat, Request, Response, SecretString, Url};
use tokio::sync::MutexGuard;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{Instrument, debug, trace};

use crate::answer::Head;
use crate::body::Body;
use crate::call::Call;
use crate::error::Error;
use crate::limiter::Limiter;
use crate::login::{self, Login, Proof};
use crate::path::xrfkey;
use crate::request_context::RequestContext;
use crate::runtime;
use crate::session::{self, SentCookies, Session, SessionEnd};
use crate::site::SiteUrl;
use crate::span::RequestSpan;
use crate::time_limits::{TimeLimits, Wanted};
use crate::tries::{Tries, Try};
use renewal::FailedRequest;

/// The connection to one site as one account.
pub(crate) struct Transport {
    pub(crate) http: Client,
    pub(crate) site: SiteUrl,
    pub(crate) login: Login,
    pub(crate) session: Arc<Session>,
    pub(crate) session_end: SessionEnd,
    pub(crate) limits: TimeLimits,
    pub(crate) limiter: Limiter,
}

/// What a request carries besides its URL.
#[derive(Clone, Copy)]
struct Sent<'a> {
    cookies: &'a SentCookies,
    proof: &'a Proof,
}

const XRFKEY: HeaderName = HeaderName::from_static("x-qlik-xrfkey");

impl Transport {
    pub(crate) fn tries(&self, wanted: Wanted, repeat: Repeat) -> Tries {
        Tries::new(self.http.retry_policy(), self.limits, wanted, repeat)
    }

    /// Sends a request until a response begins that seems to be JSON, or there are no more tries.
    pub(crate) async fn open(&self, call: &Call, tries: &mut Tries) -> Result<Body, Error> {
        runtime::check()?;
        let request = RequestSpan::new(call);
        let opened = Box::pin(self.open_by_tries(call, tries));
        let opened = opened.instrument(request.span());
        match opened.await {
            Ok(mut body) => {
                body.set_span(request, tries.failed() + 1);
                Ok(body)
            }
            Err(error) => {
                request.record_error(&error, tries.failed());
                Err(error)
            }
        }
    }

    async fn open_by_tries(&self, call: &Call, tries: &mut Tries) -> Result<Body, Error> {
        loop {
            let error = match self.send_renewing(call, tries).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            if !tries.wait_for_next(error.class()).await {
                return Err(tries.last_error(error));
            }
        }
    }

    /// Sends the request once, with the session's cookies.
    async fn send_once(&self, call: &Call, this_try: Try) -> Result<Body, FailedRequest> {
        let (turn, opened, mut cookies) = loop {
            // While a session is opened, this waits no longer than for its own response.
            let turn = timeout_at(this_try.limits.deadline(), self.turn()).await;
            let opened: Result<(), Error> = match &turn {
                #[cfg(feature = "windows-login")]
                Ok(Some(_)) => self.boxed_log_in(this_try).await,
                _ => Ok(()),
            };
            let url = call.path.url(&self.site);
            let url = url.as_ref().unwrap_or(self.site.as_url());
            let cookies = self.session.cookies(url);
            // Another request may have dropped the session since: then this one must not open one beside the others.
            if cookies.was_open() || !matches!(turn, Ok(None)) {
                break (turn, opened, cookies);
            }
        };
        let (mut outdated, mut has_ticket) = (false, false);
        let proof = match opened {
            Ok(()) => self.proof(&cookies, this_try).await,
            Err(error) => Err(error),
        };
        let answer = match proof {
            Ok(proof) => {
                if proof.is_renewable {
                    cookies = cookies.with_renewable_token();
                }
                let sent = Sent {
                    cookies: &cookies,
                    proof: &proof,
                };
                // In the heap: the futures of callers contain this one several times.
                let answer = Box::pin(self.answer(call, this_try, sent, &mut outdated)).await;
                has_ticket = proof.has_ticket();
                answer
            }
            Err(error) => Err(error),
        };
        let was_opened = self.session.was_opened_since(&cookies);
        let is_settled = || !self.login.has_sessions() || self.session.is_settled(&cookies);
        if was_opened || (answer.is_ok() && is_settled()) {
            self.session.set_open();
        }
        drop(turn);
        match answer {
            Ok(mut body) => {
                body.set_sent_cookies(cookies);
                Ok(body)
            }
            Err(error) => Err(FailedRequest {
                error: self.login.explain(error, has_ticket),
                cookies,
                outdated,
                has_opened_session: has_ticket && was_opened,
            }),
        }
    }

    /// Logs a Windows user in. In a box, because it would make the future of every request several times as large. Without its
    /// type, which is nested so deeply that a caller's check for `Send` could exceed the compiler's limit.
    #[cfg(feature = "windows-login")]
    fn boxed_log_in(
        &self,
        this_try: Try,
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>> {
        Box::pin(self.log_in(this_try))
    }

    async fn answer(
        &self,
        call: &Call,
        this_try: Try,
        sent: Sent<'_>,
        outdated: &mut bool,
    ) -> Result<Body, Error> {
        let turn = self.limiter.turn(this_try.limits.deadline()).await?;
        let xrfkey = xrfkey();
        let mut url = call.path.url_with(&self.site, Some(&xrfkey))?;
        sent.proof.add_to_url(&mut url);
        let context = self.context(&call.path.url(&self.site)?, &xrfkey, sent.proof);
        let request = self.request(call.method.clone(), &url, &xrfkey, sent);
        let mut request = call.add_body(request);
        trace!(
            path = context.path(),
            session = sent.cookies.has_cookies(),
            "request"
        );
        let begun = Instant::now();
        let received = self.send(&mut request, &context, this_try).await;
        log_result(&received, &context, begun);
        let mut response = received?;
        turn.answered(&call.path, response.status(), begun.elapsed());
        let head = head(&response, &url);
        *outdated = self.keep_cookies(&response, &head, sent.cookies);
        response.context_mut().add_secrets(self.session.secrets());
        if !head.is_success() {
            return Err(self.refusal(response, &head).await);
        }
        let mut body = Body::new(response, self.site.clone(), self.login.kind());
        body.set_turn(turn);
        body.begin().await?;
        Ok(body)
    }

    /// Waits while another request opens a session.
    async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.session.turn().await {
            #[cfg(feature = "windows-login")]
            None if self.must_log_in() => Some(self.session.turn_to_log_in().await),
            turn => turn,
        }
    }

    /// What the next request carries to show who sends it. Supplying a token may take as long as a response.
    async fn proof(&self, cookies: &SentCookies, this_try: Try) -> Result<Proof, Error> {
        let left = this_try
            .limits
            .deadline()
            .saturating_duration_since(Instant::now());
        let limit = self.limits.first_byte.min(left);
        match timeout(limit, self.login.proof(cookies)).await {
            Ok(proof) => proof,
            Err(_) => Err(login::too_slow(limit)),
        }
    }

    /// Sends a request once, without cookies being kept.
    async fn send(
        &self,
        request: &mut Request,
        context: &outbound_http::RequestContext,
        this_try: Try,
    ) -> Result<Response, Error> {
        let error = match self.http.send_once(request, context, this_try.limits).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        // If the site expects TLS, unencrypted retries are of no use.
        let error = match this_try.is_first {
            true => self.http.with_probe(error, context).await,
            false => error,
        };
        Err(this_try.error(error))
    }

    /// The request for a URL.
    fn request(&self, method: Method, url: &Url, xrfkey: &str, sent: Sent<'_>) -> Request {
        let xrfkey = HeaderValue::from_str(xrfkey).expect("an xrfkey has letters and digits only");
        let request = Request::new(method, url.clone())
            .with_header(ACCEPT, HeaderValue::from_static("application/json"))
            .with_header(XRFKEY, xrfkey);
        let request = sent.proof.add_to(request);
        match sent.cookies.header() {
            Some(cookies) => request.with_header(COOKIE, cookies.clone()),
            None => request,
        }
    }

    /// Keeps the cookies that a response sets. Returns whether they had changed since the request was sent.
    fn keep_cookies(&self, response: &Response, head: &Head, cookies: &SentCookies) -> bool {
        let set = response.headers().get_all(SET_COOKIE).iter();
        let headers = session::Headers {
            cookies: set.filter_map(|cookie| cookie.to_str().ok()).collect(),
            date: date(response),
            is_accepted: head.is_success() && !response.is_labelled_as_page(),
        };
        self.session.keep(cookies, &headers)
    }

    /// The error that a response with an error status stands for.
    async fn refusal(&self, mut response: Response, head: &Head) -> Error {
        let date = date(&response);
        let page = response.page(Vec::new()).await;
        let context = RequestContext {
            site: &self.site,
            login: self.login.kind(),
            http: response.context(),
        };
        self.login
            .compare_clocks(head.refusal(&page, context), date)
    }

    /// The request for `url`, which has no xrfkey, as messages may describe it.
    fn context(&self, url: &Url, xrfkey: &str, proof: &Proof) -> outbound_http::RequestContext {
        let secrets = proof.secrets.iter().cloned();
        let secrets = secrets.chain([SecretString::from(xrfkey)]);
        let redactor = self.redactor().with(secrets);
        self.http.context(self.site.as_url(), url, redactor)
    }

    /// What must be redacted in all texts: the credentials and the session.
    fn redactor(&self) -> Redactor {
        self.http.redactor().clone().with(self.session.secrets())
    }
}

/// Logs the result of a request, without the site's own address: a caller may keep it secret.
fn log_result(
    sent: &Result<Response, Error>,
    context: &outbound_http::RequestContext,
    begun: Instant,
) {
    let (path, seconds) = (context.path(), begun.elapsed().as_secs_f64());
    match sent {
        Ok(response) => debug!(path, status = response.status(), seconds, "response"),
        Err(error) => debug!(path, kind = ?error.kind(), seconds, "no response"),
    }
}

/// The site's time in seconds since 1970, if the response has a `Date`.
fn date(response: &Response) -> Option<i64> {
    response
        .header(DATE.as_str())
        .and_then(outbound_http::http_date)
}

/// The head of a response to a request for `url`.
fn head(response: &Response, url: &Url) -> Head {
    let location = response.header(LOCATION.as_str());
    Head {
        status: response.status(),
        location: location.and_then(|location| url.join(location).ok()),
        challenges: response.challenges(),
        retry_after: response.retry_after(),
    }
}
