//! A connection for logins that are bound to one.

use std::fmt;

use tokio::time::timeout_at;
use url::Url;

use super::Client;
use crate::error::Error;
use crate::request::Request;
use crate::request_context::RequestContext;
use crate::response::Response;
use crate::time_limits::ResponseLimits;
use crate::transport::OwnConnection;

/// A connection that only its owner uses, for logins that are bound to one, such as NTLM.
///
/// Requests are sent one after another. Trust, proxy, time limits and errors are those of the client that made it.
///
/// ```no_run
/// # use outbound_http::{Client, Error, Method, Request, ResponseLimits, Url};
/// # async fn ask_twice(client: &Client, url: Url, limits: ResponseLimits) -> Result<bool, Error> {
/// let context = client.context(&url, &url, client.redactor().clone());
/// let mut connection = client.connection();
/// let mut request = Request::new(Method::GET, url.clone());
/// let response = connection.send_once(&mut request, &context, limits).await?;
/// // True if the next request uses the same connection.
/// let is_kept = connection.finish(response).await;
/// # Ok(is_kept)
/// # }
/// ```
pub struct Connection {
    client: Client,
    /// The connection, and the server that it leads to, if the last response was read to its end.
    idle: Option<(Url, OwnConnection)>,
    /// The same, while a response is being read.
    busy: Option<(Url, OwnConnection)>,
}

/// Maximum size of the rest of a response that is read so that its connection can be used again, in bytes.
const MAX_REST_BYTES: usize = 256 * 1024;

impl Client {
    /// A connection that only its owner uses. It is made with the first request.
    ///
    /// It may lead to another server than the client's own, which does not receive the headers of
    /// [`ClientBuilder`](crate::ClientBuilder).
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection {
            client: self.clone(),
            idle: None,
            busy: None,
        }
    }
}

impl Connection {
    /// Sends a request once. A response with an error status is a response. Pass it to [`finish`](Self::finish) before the next
    /// request; otherwise, and if the next request is for another server, that one uses a new connection.
    ///
    /// # Errors
    ///
    /// If no response comes. The error says at which step the connection failed.
    pub async fn send_once(
        &mut self,
        request: &mut Request,
        context: &RequestContext,
        limits: ResponseLimits,
    ) -> Result<Response, Error> {
        let url = request.url.clone();
        let client = &self.client;
        let is_own_server = url.origin() == client.0.origin.origin();
        let own = is_own_server.then(|| client.0.headers.clone());
        Client::add_default_headers(request, &own.unwrap_or_default());
        let route = client.route(&url, context.redactor().clone());
        self.busy = None;
        let known = self.idle.take();
        let known = known.filter(|(server, _)| server.origin() == url.origin());
        let busy = &mut self.busy;
        let response = async {
            let mut connection = match known {
                Some((_, connection)) => connection,
                None => client.0.transport.connect(&route).await?,
            };
            let response = connection.send(request.take_reqwest()).await?;
            *busy = Some((url.clone(), connection));
            Ok(response)
        };
        let response = Box::pin(response);
        client.exchange(response, &route, context, limits).await
    }

    /// Reads the rest of a response, up to 256 KiB, so that the connection can serve another request. Returns whether it can;
    /// if not, the next request uses a new one.
    pub async fn finish(&mut self, response: Response) -> bool {
        let deadline = response.deadline();
        let Some((server, mut connection)) = self.busy.take() else {
            return false;
        };
        let is_reusable =
            async { response.discard(MAX_REST_BYTES).await && connection.is_reusable().await };
        let is_reusable = timeout_at(deadline, is_reusable).await.unwrap_or(false);
        if is_reusable {
            self.idle = Some((server, connection));
        }
        is_reusable
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("is_idle", &self.idle.is_some())
            .finish_non_exhaustive()
    }
}
