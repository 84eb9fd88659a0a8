//! Sends requests, again if that is worth it, and keeps the session.

use std::sync::Arc;

use reqwest::header::{
    ACCEPT, CONTENT_TYPE, COOKIE, DATE, HeaderName, LOCATION, RETRY_AFTER, SET_COOKIE,
};
use reqwest::{RequestBuilder, Response};
use rustls::ClientConfig;
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};

use crate::answer::Head;
use crate::asked::Asked;
use crate::body::Body;
use crate::credentials::HeaderCredentials;
use crate::diagnosis::route::Route;
use crate::error::{Error, ErrorKind};
use crate::proxy::Proxy;
use crate::renewal::Failed;
use crate::request::{Get, xrfkey};
use crate::retry::{self, RetryPolicy, Tries, Trouble};
use crate::scrub::Secrets;
use crate::session::{Carried, Session};
use crate::silence;
use crate::site::SiteUrl;
use crate::time_limits::{self, AnswerLimits, TimeLimit, TimeLimits, Wanted};

/// All that it takes to ask one site.
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    pub(crate) site: SiteUrl,
    pub(crate) credentials: HeaderCredentials,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) session: Session,
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
                Err(error) if tries.again(error.trouble()).await => {}
                Err(error) => return Err(self.or_unexpected_tls(tries.give_up(error)).await),
            }
        }
    }

    /// Sends the request once, with the session's cookies.
    pub(crate) async fn ask(&self, get: &Get, limits: AnswerLimits) -> Result<Body, Failed> {
        // While a session is opened, this waits no longer than for its own answer.
        let turn = timeout_at(limits.deadline, self.session.turn()).await;
        let carried = self.session.cookies();
        let mut outdated = false;
        let answer = self.answer(get, limits, &carried, &mut outdated).await;
        if answer.is_ok() || self.session.was_opened_since(&carried) {
            self.session.set_open();
        }
        drop(turn);
        answer.map_err(|error| Failed {
            error,
            carried,
            outdated,
        })
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
        let mut request = self.http.get(url).header(XRFKEY, &xrfkey);
        if let Some(cookies) = carried.header() {
            request = request.header(COOKIE, cookies);
        }
        let response = self.send(request, &asked, limits).await?;
        let date = header(&response, &DATE).and_then(retry::http_date);
        let cookies = response.headers().get_all(SET_COOKIE);
        let cookies = cookies.iter().filter_map(|cookie| cookie.to_str().ok());
        *outdated = self.session.keep(carried, cookies, date);
        asked.hide(self.session.secrets());
        let head = head(&response);
        let mut body = Body::new(response, asked, limits);
        if head.promises_json() {
            body.begin().await?;
            return Ok(body);
        }
        let page = body.for_message().await;
        Err(head.refusal(&page, body.asked()))
    }

    async fn send(
        &self,
        request: RequestBuilder,
        asked: &Asked,
        limits: AnswerLimits,
    ) -> Result<Response, Error> {
        let request = request
            .header(ACCEPT, "application/json")
            .header(self.credentials.name(), self.credentials.header_value());
        let (limit, value) = limits.first_byte;
        let first_byte = Instant::now() + value;
        match timeout_at(first_byte.min(limits.deadline), request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.explained(&error, asked).await),
            Err(_) if first_byte < limits.deadline => {
                Err(time_limits::exceeded(limit, value, asked))
            }
            Err(_) => Err(time_limits::exceeded(TimeLimit::List, limits.whole, asked)),
        }
    }

    /// Why no answer came. The HTTP library does not tell why a proxy did not lead on: that is
    /// found out by walking the way to the site by hand.
    async fn explained(&self, error: &reqwest::Error, asked: &Asked) -> Error {
        if self.proxy.is_some() && error.is_connect() {
            let obstacle = self.route(asked.secrets().clone()).obstacle().await;
            if let Some(obstacle) = obstacle {
                return obstacle.with_url(asked.url());
            }
        }
        silence::no_answer(error, self.limits.connect, asked)
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
fn head(response: &Response) -> Head {
    let text = |name| header(response, name);
    Head {
        status: response.status().as_u16(),
        content_type: text(&CONTENT_TYPE).unwrap_or_default().to_owned(),
        location: text(&LOCATION).and_then(|location| response.url().join(location).ok()),
        retry_after: text(&RETRY_AFTER).and_then(|after| retry::retry_after(after, text(&DATE))),
    }
}

fn header<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}
