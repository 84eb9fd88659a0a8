//! The HTTP server: monitoring pages and catalog in one stack, with limits, TLS, the check of `Host`, and logins.

use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

mod connections;
mod gate;
mod headers;
mod host;
mod login;
mod refusal;
mod sessions;
mod settings;
mod sign_in;
mod stream;
#[cfg(test)]
mod tests;
mod throttle;
mod tls;

use self::{
    connections::{Activity, Connections},
    login::Logins,
    stream::RecordedStream,
};
pub use self::{
    settings::{Auth, Network, ServerSettings},
    tls::{Tls, TlsError},
};
use crate::{links::Links, router::router, state::CatalogWeb};

/// What a server serves.
pub struct Site {
    settings: ServerSettings,
    monitoring: Router,
    catalog: Option<Router>,
    links: Links,
}

/// Size of the buffer for the header of a request, in bytes. A longer header is refused.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// Maximum number of headers of a request.
const MAX_HEADERS: usize = 64;
/// How long a client may take for the handshake of TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long hyper waits for a header. `Connections` closes idle connections earlier.
const READ_TIMEOUT: Duration = Duration::from_secs(120);
/// How long the server waits for responses that are being sent when it is stopped.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause after an error of `accept`, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

impl Site {
    /// The monitoring pages, and a catalog if there is one.
    #[must_use]
    pub fn new(settings: ServerSettings, monitoring: Router, catalog: Option<CatalogWeb>) -> Self {
        let links = Links::below(&settings.base_path);
        let catalog = catalog.map(|catalog| router(catalog.below(&settings.base_path)));
        Self {
            settings,
            monitoring,
            catalog,
            links,
        }
    }

    /// Whether the catalog is among the pages.
    #[must_use]
    pub fn has_catalog(&self) -> bool {
        self.catalog.is_some()
    }
}

/// Serves the current site until `stop` ends. A new site counts for the next request, also on open connections; its
/// certificate for the next connection. Whether connections are encrypted cannot change.
pub async fn serve(
    listener: TcpListener,
    site: watch::Receiver<Arc<Site>>,
    stop: impl Future<Output = ()>,
) {
    let logins = Arc::new(Logins::new());
    let mut connections = Connections::default();
    let mut tasks = JoinSet::new();
    let (closing, is_closing) = watch::channel(false);
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let client = Client {
                        peer,
                        activity: connections.open(),
                        site: site.clone(),
                        logins: Arc::clone(&logins),
                        is_closing: is_closing.clone(),
                    };
                    tasks.spawn(client.serve(stream));
                }
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = tasks.join_next() => {}
        }
    }
    drop(listener);
    closing.send_replace(true);
    let _ = timeout(STOP_TIMEOUT, async {
        while tasks.join_next().await.is_some() {}
    })
    .await;
}

/// A client with an open connection.
struct Client {
    peer: SocketAddr,
    activity: Arc<Activity>,
    site: watch::Receiver<Arc<Site>>,
    logins: Arc<Logins>,
    is_closing: watch::Receiver<bool>,
}

impl Client {
    async fn serve(self, stream: TcpStream) {
        let activity = Arc::clone(&self.activity);
        // Without it, the last part of a page waits for the acknowledgement of the former part.
        let _ = stream.set_nodelay(true);
        let tls = self.site.borrow().settings.tls.clone();
        let served = async {
            match tls {
                None => self.answer(stream).await,
                Some(tls) => {
                    let handshake = tls.acceptor().accept(stream);
                    if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, handshake).await {
                        self.answer(stream).await;
                    }
                }
            }
        };
        tokio::select! {
            () = served => {}
            () = activity.expired() => {}
        }
        activity.ended();
    }

    /// Answers the requests of a connection, until the client or the server closes it.
    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let Self {
            peer,
            activity,
            site,
            logins,
            mut is_closing,
        } = self;
        let stream = TokioIo::new(RecordedStream::new(stream, Arc::clone(&activity)));
        let service = service_fn(move |request: Request<Incoming>| {
            let answering = activity.answer();
            let site = Arc::clone(&site.borrow());
            let logins = Arc::clone(&logins);
            async move {
                let request = request.map(Body::new);
                let response = gate::answer(&site, &logins, peer.ip(), request).await;
                // The connection answers until the body is sent.
                let response: Response =
                    response.map(|body| connections::until_sent(body, answering));
                Ok::<_, Infallible>(response)
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(READ_TIMEOUT)
            .max_buf_size(MAX_HEADER_BYTES)
            .max_headers(MAX_HEADERS);
        let mut connection = std::pin::pin!(http.serve_connection(stream, service));
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = is_closing.wait_for(|is_closing| *is_closing) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
