//! The listener and its connections: HTTP/1.1 with keep-alive, one task for each connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::answer::Answer;
use super::fault::Effect;
use super::request;
use super::site::{Door, Open, Site};
use super::windows;
use super::wire::{self, Framing, Next};

/// Accepts connections while it is polled. Dropping it ends them.
pub(super) async fn run(listener: TcpListener, site: Arc<Site>, door: Door) {
    let mut connections = JoinSet::new();
    loop {
        // An error belongs to a connection that was closed before it was accepted.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        while connections.try_join_next().is_some() {}
        site.live().connections += 1;
        connections.spawn(serve_tcp(stream, Arc::clone(&site), door));
    }
}

async fn serve_tcp(mut stream: TcpStream, site: Arc<Site>, door: Door) {
    // Small chunks must arrive as small chunks. If this or a later step fails, the client has disconnected.
    let _ = stream.set_nodelay(true);
    let acceptor = match door {
        Door::Proxy => &site.settings.tls,
        Door::Repository => &site.settings.repository,
    };
    let Some(acceptor) = acceptor else {
        if let Ok(Next::Reset) = serve(&mut stream, &site, door).await {
            let _ = stream.set_zero_linger();
        }
        return;
    };
    let mut secure = match acceptor.accept(stream).into_fallible().await {
        Ok(secure) => secure,
        Err((_, stream)) => return end_refused(stream).await,
    };
    match serve(&mut secure, &site, door).await {
        Ok(Next::Reset) => {
            let _ = secure.get_ref().0.set_zero_linger();
        }
        _ => {
            let _ = secure.shutdown().await;
        }
    }
}

/// Maximum time to wait for a client to close a connection whose TLS was refused.
const REFUSED_CLOSING_TIME: Duration = Duration::from_secs(2);

/// Ends a connection whose TLS was refused, after the client has read the alert. If unread bytes of the client are left when a
/// connection is closed, the system resets it, and the client may lose the alert.
async fn end_refused(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let _ = timeout(REFUSED_CLOSING_TIME, copy(&mut stream, &mut sink())).await;
}

/// Answers the requests of one connection until either side closes it.
async fn serve<S>(stream: &mut S, site: &Site, door: Door) -> io::Result<Next>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::new();
    let mut login = windows::Login::default();
    let prefix = match door {
        Door::Proxy => site.prefix(),
        Door::Repository => String::new(),
    };
    loop {
        let request = match request::read(stream, &mut buffer, &prefix).await {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(Next::Close),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let refusal = Answer::text(400, "Bad Request");
                wire::deliver(stream, &refusal, Framing::UntilClose, &[]).await?;
                return Ok(Next::Close);
            }
            Err(error) => return Err(error),
        };
        let open = Open::new(site);
        let effects = site.receive(&request);
        for effect in &effects {
            if let Effect::Together(requests) = effect {
                requests.wait().await;
            }
        }
        let answer = site.answer(&request, &effects, door, &mut login);
        let framing = match (answer.status, site.settings.framing) {
            // Windows servers send error pages and redirects with their length.
            (204 | 300.., Framing::Chunked(_)) => Framing::Length,
            (_, framing) => framing,
        };
        let next = wire::deliver(stream, &answer, framing, &effects).await?;
        drop(open);
        if next != Next::Request {
            return Ok(next);
        }
        if request.wants_to_close() || answer.closes() {
            return Ok(Next::Close);
        }
    }
}
