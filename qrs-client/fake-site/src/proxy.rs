//! A fake HTTP proxy, for tests.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::WindowsLogin;
use super::host::Host;
use super::request::{self, Request};
use super::tls;
use super::windows::handshake::Refusal;
use super::windows::{Desk as WindowsDesk, Login};

/// A running HTTP proxy on a local port. It stops when this is dropped.
///
/// It connects only to this machine: it resolves every host name, such as `qlik.example`, to loopback.
///
/// ```
/// # use qrs_fake_site::FakeProxy;
/// let proxy = FakeProxy::builder().basic_auth("me", "s3cret").start_in_thread();
/// // Here the program under test uses the proxy `proxy.address()`.
/// assert_eq!(proxy.requests().len(), 0);
/// ```
pub struct FakeProxy {
    desk: Arc<Desk>,
    address: SocketAddr,
    /// Stops the proxy when it is dropped.
    _host: Host,
}

/// Describes a proxy, see [`FakeProxy::builder`].
#[derive(Clone, Default)]
#[must_use = "a proxy has to be started"]
pub struct FakeProxyBuilder {
    credentials: Option<String>,
    windows: Option<WindowsLogin>,
    tls: Option<TlsAcceptor>,
    ipv6: bool,
}

/// The state that all connections share.
struct Desk {
    settings: FakeProxyBuilder,
    live: Mutex<Live>,
}

#[derive(Default)]
struct Live {
    refusal: Option<u16>,
    page: Option<String>,
    requests: Vec<Request>,
    windows: WindowsDesk,
}

/// How a request is refused.
struct Refused {
    status: u16,
    /// The values of `Proxy-Authenticate`.
    challenges: Vec<String>,
    /// Whether the client may continue on this connection.
    is_kept: bool,
}

impl FakeProxy {
    /// Describes a proxy. By default, it uses no TLS and requires no credentials.
    pub fn builder() -> FakeProxyBuilder {
        FakeProxyBuilder::default()
    }

    /// The loopback address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses all further requests with this status.
    pub fn refuse(&self, status: u16) {
        self.desk.live().refusal = Some(status);
    }

    /// Answers all further `CONNECT` requests with 200 and this page, as a web server or a proxy with a login page does.
    pub fn connect_to_page(&self, page: &str) {
        self.desk.live().page = Some(page.to_owned());
    }

    /// Number of proofs of a Windows password received since the start, right and wrong ones.
    pub fn windows_proofs(&self) -> usize {
        self.desk.live().windows.proofs
    }

    /// All requests so far in the order of their arrival: `CONNECT` with host and port as its target, others with the
    /// whole URL. Requests in a tunnel are not included.
    pub fn requests(&self) -> Vec<Request> {
        self.desk.live().requests.clone()
    }
}

impl FakeProxyBuilder {
    /// Requires this name and password (`Basic`); answers other requests with 407.
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        self.credentials = Some(format!("Basic {pair}"));
        self
    }

    /// Requires a Windows user, who logs in on each connection; answers other requests with 407. Its settings about login pages
    /// have no effect.
    pub fn windows_auth(mut self, windows: WindowsLogin) -> Self {
        self.windows = Some(windows);
        self
    }

    /// Uses TLS with this chain (the proxy's certificate first) and key, both in PEM.
    ///
    /// # Panics
    /// If they are invalid, or do not match.
    pub fn tls(mut self, chain_pem: &str, key_pem: &str) -> Self {
        self.tls = Some(tls::acceptor(chain_pem, key_pem));
        self
    }

    /// Listens on `::1` instead of `127.0.0.1`.
    pub fn ipv6(mut self) -> Self {
        self.ipv6 = true;
        self
    }

    fn loopback(&self) -> IpAddr {
        if self.ipv6 {
            Ipv6Addr::LOCALHOST.into()
        } else {
            Ipv4Addr::LOCALHOST.into()
        }
    }

    /// Starts the proxy in the caller's Tokio runtime.
    ///
    /// # Panics
    /// If there is no free local port.
    pub async fn start(self) -> FakeProxy {
        let desk = self.desk();
        let (address, host) = Host::task((desk.settings.loopback(), 0), |listener| {
            run(listener, Arc::clone(&desk))
        })
        .await;
        FakeProxy {
            desk,
            address,
            _host: host,
        }
    }

    /// Starts the proxy in a thread with its own runtime, for synchronous tests.
    ///
    /// # Panics
    /// If there is no free local port, or a thread cannot be started.
    pub fn start_in_thread(self) -> FakeProxy {
        let desk = self.desk();
        let served = Arc::clone(&desk);
        let (address, host) = Host::thread((desk.settings.loopback(), 0), |listener| {
            run(listener, served)
        });
        FakeProxy {
            desk,
            address,
            _host: host,
        }
    }

    fn desk(self) -> Arc<Desk> {
        Arc::new(Desk {
            settings: self,
            live: Mutex::default(),
        })
    }
}

impl Desk {
    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the request is refused, if it is.
    fn refusal(&self, request: &Request, login: &mut Login) -> Option<Refused> {
        let mut live = self.live();
        live.requests.push(request.clone());
        let given = request.header("Proxy-Authorization");
        if let Some(windows) = &self.settings.windows {
            return match live.windows.account(given, windows, login) {
                Ok(_) => live.refusal.map(Refused::finally),
                Err(Refusal::Invalid(_)) => Some(Refused::finally(400)),
                Err(Refusal::Unauthorized(challenges)) => Some(Refused {
                    status: 407,
                    challenges,
                    is_kept: !windows.is_hasty,
                }),
            };
        }
        match &self.settings.credentials {
            Some(wanted) if given != Some(wanted) => Some(Refused::finally(407)),
            _ => live.refusal.map(Refused::finally),
        }
    }
}

impl Refused {
    /// Refuses with this status, and ends the connection.
    fn finally(status: u16) -> Self {
        Self {
            status,
            challenges: vec!["Basic realm=\"fake\"".to_owned()],
            is_kept: false,
        }
    }
}

async fn run(listener: TcpListener, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        while connections.try_join_next().is_some() {}
        let desk = Arc::clone(&desk);
        connections.spawn(async move {
            // An error means that one of the two ends has disconnected.
            let _ = match desk.settings.tls.clone() {
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => serve(stream, &desk).await,
                    Err(error) => Err(error),
                },
                None => serve(stream, &desk).await,
            };
        });
    }
}

/// Serves one request and all later data on the connection.
async fn serve<S>(mut stream: S, desk: &Desk) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut buffer, mut login) = (Vec::new(), Login::default());
    let request = loop {
        let request = match request::read(&mut stream, &mut buffer, "").await {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(_) => return refuse(&mut stream, 400).await,
        };
        match desk.refusal(&request, &mut login) {
            None => break request,
            Some(refused) if !refused.is_kept => return end(&mut stream, &refused).await,
            Some(refused) => answer(&mut stream, &refused).await?,
        }
    };
    let Some(address) = address(&request) else {
        return refuse(&mut stream, 400).await;
    };
    let page = desk.live().page.clone();
    if let (Some(page), "CONNECT") = (page, request.method()) {
        let length = page.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{page}"
        );
        stream.write_all(answer.as_bytes()).await?;
        return stream.shutdown().await;
    }
    let Ok(mut site) = TcpStream::connect(address).await else {
        return refuse(&mut stream, 502).await;
    };
    if request.method() == "CONNECT" {
        let answer = b"HTTP/1.1 200 Connection established\r\n\r\n";
        stream.write_all(answer).await?;
    } else {
        site.write_all(&forwarded(&request)).await?;
    }
    site.write_all(&buffer).await?;
    copy_bidirectional(&mut stream, &mut site).await?;
    stream.shutdown().await
}

async fn refuse<S: AsyncWrite + Unpin>(stream: &mut S, status: u16) -> io::Result<()> {
    end(stream, &Refused::finally(status)).await
}

async fn end<S: AsyncWrite + Unpin>(stream: &mut S, refused: &Refused) -> io::Result<()> {
    answer(stream, refused).await?;
    stream.shutdown().await
}

async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, refused: &Refused) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Refused\r\n", refused.status);
    for challenge in &refused.challenges {
        head += &format!("Proxy-Authenticate: {challenge}\r\n");
    }
    if !refused.is_kept {
        head += "Connection: close\r\n";
    }
    head += "Content-Length: 14\r\n\r\nthe fake proxy";
    stream.write_all(head.as_bytes()).await
}

/// The loopback address of the site. An IPv6 address must be in brackets (RFC 3986, 3.2.2).
fn address(request: &Request) -> Option<SocketAddr> {
    let (host, port) = if request.method() == "CONNECT" {
        let (host, port) = request.target().rsplit_once(':')?;
        (host.to_owned(), port.parse().ok()?)
    } else {
        let url = Url::parse(request.target()).ok()?;
        (url.host_str()?.to_owned(), url.port_or_known_default()?)
    };
    let loopback = match host.strip_prefix('[') {
        Some(host) => {
            host.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?;
            Ipv6Addr::LOCALHOST.into()
        }
        None if host.contains(':') => return None,
        None => IpAddr::from(Ipv4Addr::LOCALHOST),
    };
    Some((loopback, port).into())
}

/// The request as it is sent to the site, as the last one of its connection.
fn forwarded(request: &Request) -> Vec<u8> {
    let target = request.target();
    let path = target.splitn(4, '/').nth(3).unwrap_or_default();
    let mut head = format!("{} /{path} HTTP/1.1\r\n", request.method());
    let headers = request.headers().iter();
    let kept = headers.filter(|(name, _)| {
        !["proxy-authorization", "connection"].contains(&name.to_ascii_lowercase().as_str())
    });
    for (name, value) in kept {
        head += &format!("{name}: {value}\r\n");
    }
    (head + "Connection: close\r\n\r\n").into_bytes()
}

impl fmt::Debug for FakeProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeProxy")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
