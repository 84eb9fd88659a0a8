//! Sends requests, again if that is worth it, and keeps the session.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Request;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, COOKIE, DATE, HeaderName, LOCATION, RETRY_AFTER,
    SET_COOKIE, WWW_AUTHENTICATE,
};
use rustls::ClientConfig;
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, trace};
use url::Url;

use crate::answer::Head;
use crate::asked::Asked;
use crate::body::Body;
use crate::challenge::Challenge;
use crate::credentials::HeaderCredentials;
use crate::error::{Error, ErrorKind};
use crate::http::{Http, Response, Unanswered};
use crate::proxy::Proxy;
use crate::renewal::Failed;
use crate::request::{Get, xrfkey};
use crate::retry::{self, RetryPolicy, Tries, Trouble};
use crate::route::Route;
use crate::scrub::Secrets;
use crate::session::{self, Carried, Session, SessionEnd};
use crate::silence;
use crate::site::SiteUrl;
use crate::time_limits::{self, AnswerLimits, TimeLimit, TimeLimits, Wanted};
use crate::tls::Weaknesses;

/// All that it takes to ask one site.
pub(crate) struct Transport {
    pub(crate) http: Http,
    pub(crate) site: SiteUrl,
    pub(crate) credentials: HeaderCredentials,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) tls: Arc<ClientConfig>,
    /// What was weak in the handshakes so far.
    pub(crate) weaknesses: Weaknesses,
    pub(crate) session: Arc<Session>,
    pub(crate) session_end: SessionEnd,
    pub(crate) limits: TimeLimits,
    pub(crate) retry: RetryPolicy,
}

const XRFKEY: HeaderName = HeaderName::from_static("x-qlik-xrfkey");

impl Transport {
    pub(crate) fn tries(&self, wanted: Wanted) -> Tries {
        Tries::new(self.retry, self.limits.begin(wanted))
    }

    /// Asks until an answer begins that promises to be JSON, or the tries are used up.
    pub(crate) async fn open(&self, get: &Get, tries: &mut Tries) -> Result<Body, Error> {
        loop {
            match self.ask_renewing(get, tries).await {
                Ok(body) => return Ok(body),
                Err(error) => {
                    // Where TLS is spoken, retries in the clear are of no use.
                    let error = if tries.is_first() {
                        self.or_unexpected_tls(error).await
                    } else {
                        error
                    };
                    if !tries.again(error.trouble()).await {
                        return Err(tries.give_up(error));
                    }
                }
            }
        }
    }

    /// Sends the request once, with the session's cookies.
    pub(crate) async fn ask(&self, get: &Get, limits: AnswerLimits) -> Result<Body, Failed> {
        // While a session is opened, this waits no longer than for its own answer.
        let turn = timeout_at(limits.deadline, self.session.turn()).await;
        let url = get.url(&self.site);
        let carried = self
            .session
            .cookies(url.as_ref().unwrap_or(self.site.as_url()));
        let mut outdated = false;
        let answer = self.answer(get, limits, &carried, &mut outdated).await;
        if answer.is_ok() || self.session.was_opened_since(&carried) {
            self.session.set_open();
        }
        drop(turn);
        match answer {
            Ok(mut body) => {
                body.set_carried(carried);
                Ok(body)
            }
            Err(error) => Err(Failed {
                error,
                carried,
                outdated,
            }),
        }
    }

    async fn answer(
        &self,
        get: &Get,
        limits: AnswerLimits,
        carried: &Carried,
        outdated: &mut bool,
    ) -> Result<Body, Error> {
        let xrfkey = xrfkey();
        let url = get.url_with(&self.site, Some(&xrfkey))?;
        let secrets = self.secrets([SecretString::from(xrfkey.as_str())]);
        let mut asked = Asked::new(&self.site, &get.url(&self.site)?, secrets);
        let request = self.request(&url, &xrfkey, carried)?;
        trace!(
            path = asked.path(),
            session = carried.header().is_some(),
            "request"
        );
        let begun = Instant::now();
        let answered = self.send(request, &asked, limits).await;
        log_answer(&answered, &asked, begun);
        let mut response = answered?;
        let head = head(&response, &url);
        let cookies = response.headers().get_all(SET_COOKIE).iter();
        let headers = session::Headers {
            cookies: cookies.filter_map(|cookie| cookie.to_str().ok()).collect(),
            date: header(&response, &DATE).and_then(retry::http_date),
            is_accepted: head.is_success() && !head.is_labelled_as_page(),
        };
        *outdated = self.session.keep(carried, &headers);
        asked.hide(self.session.secrets());
        let coding = response.unpack();
        let mut body = Body::new(response, asked, limits);
        if head.is_labelled_as_page() {
            body.set_labelled_as_page();
        }
        if let Err(coding) = &coding {
            let error = if head.is_success() {
                silence::unknown_coding(coding, body.asked()).with_status(head.status)
            } else {
                head.refusal(&[], body.asked())
            };
            return Err(error);
        }
        if head.is_success() {
            body.begin().await?;
            return Ok(body);
        }
        let page = body.for_message().await;
        Err(head.refusal(&page, body.asked()))
    }

    /// The request for a URL.
    pub(crate) fn request(
        &self,
        url: &Url,
        xrfkey: &str,
        carried: &Carried,
    ) -> Result<Request, Error> {
        let mut request = self
            .http
            .get(url.clone())
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "gzip")
            .header(XRFKEY, xrfkey)
            .header(self.credentials.name(), self.credentials.header_value());
        if let Some(cookies) = carried.header() {
            request = request.header(COOKIE, cookies);
        }
        let invalid = |_error| Error::configuration("the request's URL or host is not valid");
        request.build().map_err(invalid)
    }

    pub(crate) async fn send(
        &self,
        request: Request,
        asked: &Asked,
        limits: AnswerLimits,
    ) -> Result<Response, Error> {
        let (limit, value) = limits.first_byte;
        let first_byte = Instant::now() + value;
        let route = self.route(asked.secrets().clone());
        let answer = self.http.send(request, &route);
        match timeout_at(first_byte.min(limits.deadline), answer).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(unanswered)) => Err(self.explained(unanswered, &route, asked).await),
            Err(_) if first_byte < limits.deadline => {
                Err(self.too_late(limit, value, &route, asked).await)
            }
            Err(_) => Err(time_limits::exceeded(TimeLimit::List, limits.whole, asked)),
        }
    }

    /// No answer began in time. Where the site never answered before, it may be the connection that is missing.
    async fn too_late(
        &self,
        limit: TimeLimit,
        value: Duration,
        route: &Route<'_>,
        asked: &Asked,
    ) -> Error {
        let route = Route {
            limit: value.min(route.limit),
            secrets: route.secrets.clone(),
            ..*route
        };
        if !self.session.was_answered()
            && let Err(obstacle) = route.find_slow_step().await
        {
            let obstacle = obstacle.with_url(asked.url());
            return match obstacle.time_limit() {
                Some(_) => obstacle.with_time_limit(limit, value),
                None => obstacle,
            };
        }
        time_limits::exceeded(limit, value, asked)
    }

    /// Why no answer came. Where the HTTP library does not say at which step the connection failed, the way is walked by
    /// hand to find out.
    async fn explained(&self, why: Unanswered, route: &Route<'_>, asked: &Asked) -> Error {
        let error = match why {
            Unanswered::NoConnection(error) => return error.with_url(asked.url()),
            Unanswered::Broken(error) => return silence::no_answer(&*error, asked),
            Unanswered::NotConnected(error) => error,
        };
        if silence::is_time_limit(&error) {
            // The library does not say at which step: a name, a connection, TLS, a proxy.
            if let Err(slow) = route.find_slow_step().await {
                return slow.with_url(asked.url());
            }
            return time_limits::exceeded(TimeLimit::Connect, self.limits.connect, asked);
        }
        if self.proxy.is_none() && silence::is_of_tls(&error) {
            let error = silence::no_answer(&error, asked);
            return match route.instead_of_tls(&error).await {
                Some(better) => better.with_url(asked.url()),
                None => error,
            };
        }
        match route.open().await {
            Err(obstacle) => obstacle.with_url(asked.url()),
            Ok(_) => silence::no_answer(&error, asked),
        }
    }

    /// The error, or a better one if no answer ever came in the clear because TLS is spoken there.
    async fn or_unexpected_tls(&self, error: Error) -> Error {
        let not_understood =
            error.trouble() == Trouble::Cut || error.kind() == ErrorKind::UnexpectedAnswer;
        let route = self.route(Secrets::default());
        if self.session.was_answered() || !not_understood || !route.begins_in_the_clear() {
            return error;
        }
        match (route.unexpected_tls().await, error.url()) {
            (Some(found), Some(url)) => found.with_url(url),
            _ => error,
        }
    }

    pub(crate) fn route(&self, secrets: Secrets) -> Route<'_> {
        Route {
            site: &self.site,
            proxy: self.proxy.as_ref(),
            tls: &self.tls,
            limit: self.limits.connect,
            secrets,
        }
    }

    pub(crate) fn secrets(
        &self,
        more: impl IntoIterator<Item = SecretString>,
    ) -> Vec<SecretString> {
        let mut secrets = self.session.secrets();
        secrets.push(self.credentials.value().clone());
        secrets.extend(self.proxy.iter().flat_map(Proxy::secrets));
        secrets.extend(more);
        secrets
    }
}

/// Logs what came of a request. The site's own address is left out: a caller may keep it secret.
fn log_answer(answered: &Result<Response, Error>, asked: &Asked, begun: Instant) {
    let (path, seconds) = (asked.path(), begun.elapsed().as_secs_f64());
    match answered {
        Ok(response) => debug!(path, status = response.status(), seconds, "response"),
        Err(error) => debug!(path, kind = ?error.kind(), seconds, "no response"),
    }
}

pub(crate) fn head(response: &Response, url: &Url) -> Head {
    let text = |name| header(response, name);
    Head {
        status: response.status(),
        content_type: text(&CONTENT_TYPE).unwrap_or_default().to_owned(),
        location: text(&LOCATION).and_then(|location| url.join(location).ok()),
        challenges: challenges(response),
        retry_after: text(&RETRY_AFTER).and_then(|after| retry::retry_after(after, text(&DATE))),
    }
}

fn challenges(response: &Response) -> Vec<Challenge> {
    let headers = response.headers().get_all(WWW_AUTHENTICATE).iter();
    Challenge::all(headers.filter_map(|value| value.to_str().ok()))
}

fn header<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}
