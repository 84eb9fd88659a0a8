//! A server on a local port that gives prepared responses, one per connection, and records the requests.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound_http::{
    Client, ClientBuilder, RetryPolicy, StoreKind, TimeLimits, Trust, TrustStore, Url,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What the server does with a connection.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Reads the request, sends these bytes and closes the connection.
    Send(String),
    /// Reads the request and closes the connection.
    Close,
    /// Reads the request, sends these bytes and then nothing more.
    Stall(String),
}

/// The protocol of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

pub(crate) struct Server {
    port: u16,
    scheme: Scheme,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server with these replies. The last one is repeated.
    pub(crate) async fn start(scheme: Scheme, replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let replies: Vec<_> = replies.into_iter().collect();
        tokio::spawn(serve(listener, scheme, replies, requests.clone()));
        Self {
            port,
            scheme,
            requests,
        }
    }

    /// The URL by this host name.
    pub(crate) fn url_by(&self, host: &str) -> Url {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        Url::parse(&format!("{scheme}://{host}:{}/api/", self.port)).unwrap()
    }

    /// A client of the server with short delays that trusts the tests' own authority.
    pub(crate) fn client(&self) -> ClientBuilder {
        client(self.url_by("127.0.0.1"))
    }

    /// The requests so far: head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A client with short delays that trusts the tests' own authority.
pub(crate) fn client(url: Url) -> ClientBuilder {
    let limits = TimeLimits::default()
        .with_connect(Duration::from_secs(5))
        .with_first_byte(Duration::from_secs(20));
    let retry = RetryPolicy::default()
        .with_max_tries(3)
        .with_delays(Duration::from_millis(1), Duration::from_millis(2));
    Client::builder(url)
        .server_name("the catalog")
        .time_limits(limits)
        .retry(retry)
        .trust(Trust::Only(authority()))
}

pub(crate) fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn authority() -> TrustStore {
    TrustStore::read(fixture("root.pem").as_bytes(), StoreKind::Pem, None).unwrap()
}

/// A response with a body.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Send(format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    ))
}

pub(crate) fn ok(body: &str) -> Reply {
    response("200 OK", "Content-Type: application/json\r\n", body)
}

async fn serve(
    listener: TcpListener,
    scheme: Scheme,
    replies: Vec<Reply>,
    requests: Arc<Mutex<Vec<String>>>,
) {
    for at in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let reply = replies[at.min(replies.len() - 1)].clone();
        let requests = requests.clone();
        tokio::spawn(async move {
            match scheme {
                Scheme::Http => answer(stream, reply, &requests).await,
                Scheme::Https => {
                    if let Ok(stream) = acceptor().accept(stream).await {
                        answer(stream, reply, &requests).await;
                    }
                }
            }
        });
    }
}

async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    reply: Reply,
    requests: &Mutex<Vec<String>>,
) {
    let Some(request) = request(&mut stream).await else {
        return;
    };
    requests.lock().unwrap().push(request);
    match reply {
        Reply::Close => {}
        Reply::Send(text) => {
            stream.write_all(text.as_bytes()).await.ok();
            stream.shutdown().await.ok();
        }
        Reply::Stall(text) => {
            stream.write_all(text.as_bytes()).await.ok();
            stream.flush().await.ok();
            std::future::pending::<()>().await;
        }
    }
}

/// The head and the body of a request.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).await.ok()?;
        bytes.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let is_complete = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let head = head.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            match length {
                Some(length) => body.len() >= length.parse().unwrap(),
                None => !head.contains("transfer-encoding: chunked") || body.ends_with("0\r\n\r\n"),
            }
        });
        if is_complete {
            return Some(text);
        }
        if length == 0 {
            return None;
        }
    }
}

fn acceptor() -> TlsAcceptor {
    let chain = fixture("site-chain.pem");
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(fixture("site.key").as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.unwrap(), key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
