//! Sends requests, again if that is worth it, and keeps the session.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::header::{
    ACCEPT, CONTENT_TYPE, COOKIE, DATE, HeaderName, LOCATION, RETRY_AFTER, SET_COOKIE,
};
use reqwest::{RequestBuilder, Response};
use rustls::ClientConfig;
use secrecy::SecretString;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};

use crate::answer::Head;
use crate::asked::Asked;
use crate::body::Body;
use crate::builder::TimeLimits;
use crate::credentials::HeaderCredentials;
use crate::diagnosis::route::Route;
use crate::error::{Error, ErrorKind};
use crate::proxy::Proxy;
use crate::request::{Get, xrfkey};
use crate::retry::{self, RetryPolicy, Tries, Trouble};
use crate::scrub::Secrets;
use crate::session::Session;
use crate::silence;
use crate::site::SiteUrl;

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
    pub(crate) first: First,
}

/// The first request goes alone: a site opens a session for each one that has no cookie yet, and
/// locks the user out at the sixth.
#[derive(Default)]
pub(crate) struct First {
    answered: AtomicBool,
    turn: Mutex<()>,
}

const XRFKEY: HeaderName = HeaderName::from_static("x-qlik-xrfkey");

impl Transport {
    pub(crate) fn tries(&self) -> Tries {
        Tries::new(self.retry, self.limits.list)
    }

    /// Asks until an answer begins that promises to be JSON, or the tries are used up.
    pub(crate) async fn open(&self, get: &Get, tries: &mut Tries) -> Result<Body, Error> {
        loop {
            match self.open_once(get, tries.deadline()).await {
                Ok(body) => return Ok(body),
                Err(error) if tries.again(error.trouble()).await => {}
                Err(error) => return Err(self.or_unexpected_tls(tries.give_up(error)).await),
            }
        }
    }

    async fn open_once(&self, get: &Get, deadline: Instant) -> Result<Body, Error> {
        let xrfkey = xrfkey();
        let url = get.url_with(&self.site, Some(&xrfkey))?;
        let secrets = self.secrets([SecretString::from(xrfkey.as_str())]);
        let mut asked = Asked::new(&self.site, &get.url(&self.site)?, secrets);
        let turn = self.first.turn().await;
        let request = self.http.get(url).header(XRFKEY, &xrfkey);
        let response = self.send(request, &asked, deadline).await?;
        let date = header(&response, &DATE).and_then(retry::http_date);
        let cookies = response.headers().get_all(SET_COOKIE);
        let cookies = cookies.iter().filter_map(|cookie| cookie.to_str().ok());
        self.session.keep(cookies, date);
        self.first.over(turn);
        asked.hide(self.session.secrets());
        let head = head(&response);
        let mut body = Body::new(response, asked, self.limits.silence, deadline);
        if head.promises_json() {
            return Ok(body);
        }
        let page = body.for_message().await;
        Err(head.refusal(&page, body.asked()))
    }

    async fn send(
        &self,
        request: RequestBuilder,
        asked: &Asked,
        deadline: Instant,
    ) -> Result<Response, Error> {
        let mut request = request
            .header(ACCEPT, "application/json")
            .header(self.credentials.name(), self.credentials.header_value());
        if let Some(cookies) = self.session.header() {
            request = request.header(COOKIE, cookies);
        }
        let started = Instant::now();
        let latest = deadline.min(started + self.limits.first_byte);
        match timeout_at(latest, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.explained(&error, asked).await),
            Err(_) => {
                let seconds = (latest - started).as_secs_f64();
                let message = format!("the site did not begin to answer within {seconds} s");
                let error = asked.error(ErrorKind::Timeout, message);
                Err(error.with_trouble(Trouble::Limit))
            }
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
        silence::no_answer(error, asked)
    }

    /// The error, or a better one if no answer ever came in the clear because TLS is spoken there.
    async fn or_unexpected_tls(&self, error: Error) -> Error {
        let not_understood =
            error.trouble() == Trouble::Cut || error.kind() == ErrorKind::UnexpectedAnswer;
        let route = self.route(Secrets::default());
        if self.first.is_over() || !not_understood || !route.begins_in_the_clear() {
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

impl First {
    /// The turn of the first request; none once the site has answered one.
    async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        if self.is_over() {
            return None;
        }
        let turn = self.turn.lock().await;
        (!self.is_over()).then_some(turn)
    }

    /// Whether the site has ever answered.
    fn is_over(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }

    fn over(&self, turn: Option<MutexGuard<'_, ()>>) {
        self.answered.store(true, Ordering::Release);
        drop(turn);
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
