//! The client of one server.

mod builder;
mod connection;
mod explain;
mod request_builder;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{ACCEPT, ACCEPT_ENCODING};
use http::{HeaderMap, HeaderValue, Method};
use rustls::ClientConfig;
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, trace};
use url::Url;

use crate::diagnosis::Step;
use crate::error::Error;
use crate::identity::ClientIdentity;
use crate::proxy::Proxy;
use crate::redactor::Redactor;
use crate::request::Request;
use crate::request_context::RequestContext;
use crate::response::Response;
use crate::response_error;
use crate::retry::{RetryPolicy, Tries};
use crate::route::Route;
use crate::time_limits::{ResponseLimits, TimeLimit, TimeLimits};
use crate::tls::{Weakness, Weaknesses};
use crate::transport::{RawResponse, SendError, Transport};
pub use builder::ClientBuilder;
pub use connection::Connection;
use request_builder::HeadersOfTry;
pub use request_builder::RequestBuilder;

/// A client of one server. Clones are cheap and share the connections.
///
/// It needs a tokio runtime with time and I/O enabled.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Transport,
    /// Ends in `/`.
    base: Url,
    /// The server's address alone.
    origin: Url,
    server_name: &'static str,
    proxy: Option<Proxy>,
    tls: Arc<ClientConfig>,
    identity: Option<ClientIdentity>,
    weaknesses: Weaknesses,
    limits: TimeLimits,
    retry: RetryPolicy,
    /// The headers of every request.
    headers: HeaderMap,
    redactor: Redactor,
    /// Whether the server has ever answered.
    has_answered: AtomicBool,
}

impl Client {
    /// Begins a client of the server at `base`. The paths of its requests are below this URL.
    ///
    /// ```
    /// use outbound_http::{Client, SecretString, Url};
    ///
    /// let base = Url::parse("https://server.example/api/")?;
    /// let token = SecretString::from("Bearer eyJhbGciOi");
    /// let client = Client::builder(base).secret_header("Authorization", token).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(base: Url) -> ClientBuilder {
        ClientBuilder::new(base)
    }

    /// Begins a request. `path` is a path below the client's URL, or a whole URL on the same server.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder<'_> {
        RequestBuilder::new(self, method, self.url(path))
    }

    /// Connects to the server step by step, up to the first step that fails, and reports each step: name resolution, TCP, the
    /// proxy, TLS, and whether the server accepts the client's certificate if it has one. Each step may take as long as the
    /// limit to connect. No request is sent to the server, except for the last step.
    pub async fn diagnose(&self) -> Vec<Step> {
        self.route(&self.0.origin, self.0.redactor.clone())
            .diagnose()
            .await
    }

    /// Weak signatures and keys of the certificates and handshakes so far that were accepted, as
    /// [`Trust::Only`](crate::Trust::Only) does.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<Weakness> {
        self.0.weaknesses.all()
    }

    /// The retry policy.
    #[must_use]
    pub fn retry_policy(&self) -> RetryPolicy {
        self.0.retry
    }

    /// The time limits.
    #[must_use]
    pub fn time_limits(&self) -> TimeLimits {
        self.0.limits
    }

    /// What the client redacts in texts about every request: the secrets of its headers and of the proxy.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.0.redactor
    }

    /// Describes a request for messages. `base` is the part of the URL that is never redacted.
    #[must_use]
    pub fn context(&self, base: &Url, url: &Url, redactor: Redactor) -> RequestContext {
        RequestContext::new(self.0.server_name, base, url, redactor)
    }

    /// Sends a request once, for clients that have a retry loop of their own. A response with an error status is a response.
    ///
    /// # Errors
    ///
    /// If no response comes. The error says at which step the connection failed.
    pub async fn send_once(
        &self,
        request: &mut Request,
        context: &RequestContext,
        limits: ResponseLimits,
    ) -> Result<Response, Error> {
        Self::add_default_headers(request, &self.0.headers);
        let url = request.url.clone();
        let route = self.route(&url, context.redactor().clone());
        // In a box: every future of a caller would contain it several times.
        let response = Box::pin(self.0.transport.send(request.take_reqwest(), &route));
        self.exchange(response, &route, context, limits).await
    }

    /// Waits for a response within the time limits, and finds out why if none comes.
    async fn exchange(
        &self,
        response: impl Future<Output = Result<RawResponse, SendError>>,
        route: &Route<'_>,
        context: &RequestContext,
        limits: ResponseLimits,
    ) -> Result<Response, Error> {
        let first_byte = Instant::now() + limits.limits.first_byte;
        match timeout_at(first_byte.min(limits.deadline), response).await {
            Ok(Ok(response)) => {
                self.0.has_answered.store(true, Ordering::Relaxed);
                Ok(Response::new(response, context.clone(), limits))
            }
            Ok(Err(error)) => {
                let error = Box::pin(self.explained(error, route, context)).await;
                Err(route.with_identity(error))
            }
            Err(_) if first_byte < limits.deadline => {
                let limit = limits.limits.first_byte;
                Err(Box::pin(self.no_response_in_time(limit, route, context)).await)
            }
            Err(_) => {
                let (limit, value) = (TimeLimit::Total, limits.limits.total);
                Err(response_error::time_limit_exceeded(limit, value, context))
            }
        }
    }

    /// Sends a request until a response comes that is not to be retried.
    pub(crate) async fn send(
        &self,
        mut request: Request,
        of_each_try: Option<&HeadersOfTry<'_>>,
        secrets: Vec<SecretString>,
        mut tries: Tries,
    ) -> Result<Response, Error> {
        let redactor = self.0.redactor.clone().with(secrets);
        let context = self.context(&self.0.origin, &request.url, redactor);
        let limits = tries.limits();
        loop {
            trace!(method = %request.method, path = context.path(), "request");
            let begun = Instant::now();
            if let Some(headers) = of_each_try {
                request.replace_headers(headers());
            }
            let sent = self.send_once(&mut request, &context, limits).await;
            log_result(&sent, &context, begun);
            match sent {
                Ok(mut response) => {
                    let is_error = response.status() >= 400;
                    if !is_error || !tries.wait_for_next(response.class()).await {
                        response.set_tries(tries.several());
                        return Ok(response);
                    }
                }
                Err(error) => {
                    let error = match tries.is_first() {
                        true => self.with_probe(error, &context).await,
                        false => error,
                    };
                    if !tries.wait_for_next(error.class()).await {
                        return Err(match tries.several() {
                            Some((count, total)) => error.with_tries(count, total),
                            None => error,
                        });
                    }
                }
            }
        }
    }

    /// The URL of a path below the base, or of a whole URL on the same server.
    fn url(&self, path: &str) -> Result<Url, Error> {
        let url = match Url::parse(path) {
            Ok(url) => url,
            Err(_) => {
                let joined = self.0.base.join(path.trim_start_matches('/'));
                joined.map_err(|error| {
                    Error::configuration(format!("the request's path is not valid: {error}"))
                })?
            }
        };
        // The client's headers may contain credentials that no other server must see.
        if url.origin() != self.0.origin.origin() {
            let server = self.0.origin.as_str();
            return Err(Error::configuration(format!(
                "the request's URL is not on the server `{server}`"
            )));
        }
        Ok(url)
    }

    /// Adds the client's `own` headers, and those of every request, unless the request sets them itself.
    fn add_default_headers(request: &mut Request, own: &HeaderMap) {
        let accept = [
            (ACCEPT, HeaderValue::from_static("*/*")),
            (ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
        ];
        let own = own.iter();
        let own = own.map(|(name, value)| (name.clone(), value.clone()));
        for (name, value) in own.chain(accept) {
            request.headers.entry(name).or_insert(value);
        }
    }

    fn route<'a>(&'a self, server: &'a Url, redactor: Redactor) -> Route<'a> {
        Route {
            server,
            server_name: self.0.server_name,
            proxy: self.0.proxy.as_ref(),
            tls: &self.0.tls,
            identity: self.0.identity.as_ref(),
            limit: self.0.limits.connect,
            redactor,
        }
    }
}

/// Logs the result of a request, without the server's own address: a caller may keep it secret.
fn log_result(sent: &Result<Response, Error>, context: &RequestContext, begun: Instant) {
    let (path, seconds) = (context.path(), begun.elapsed().as_secs_f64());
    match sent {
        Ok(response) => debug!(path, status = response.status(), seconds, "response"),
        Err(error) => debug!(path, kind = ?error.kind(), seconds, "no response"),
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.0.base.as_str())
            .finish_non_exhaustive()
    }
}
