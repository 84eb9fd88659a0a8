//! The pages and the API of a store over HTTP.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use catalog_store::{
    StoreLocation,
    browse::{BrowseSettings, Browser},
};
use catalog_web::{
    CatalogWeb, ContainerRoute,
    live::{ExplainedEntry, Live, LiveState},
    server::{ServerSettings, Site, serve},
    without_service,
};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::watch,
};

/// A server of pages. It ends when this is dropped.
pub(crate) struct Served {
    pub(crate) browser: Arc<Browser>,
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
}

/// Without a service.
struct Nothing;

impl LiveState for Nothing {
    fn live(&self) -> Live {
        Live::default()
    }

    fn explain(&self, _key: &str) -> Result<Vec<ExplainedEntry>, String> {
        Ok(Vec::new())
    }
}

impl Served {
    pub(crate) fn start(
        location: StoreLocation,
        settings: BrowseSettings,
        routes: &[ContainerRoute],
    ) -> io::Result<Self> {
        let browser = Browser::open(location, settings).map_err(io::Error::other)?;
        let browser = Arc::new(browser);
        let web = CatalogWeb::new(Arc::clone(&browser), Arc::new(Nothing), routes.to_vec());
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let site = Site::new(ServerSettings::default(), without_service(), Some(web));
        let (sender, site) = watch::channel(Arc::new(site));
        runtime.spawn(async move {
            serve(listener, site, std::future::pending()).await;
            drop(sender);
        });
        Ok(Self {
            browser,
            address,
            _runtime: runtime,
        })
    }
}

/// A connection that is kept open.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Requests a path. Returns the status and the body.
    pub(crate) fn get(&mut self, path: &str) -> io::Result<(u16, String)> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("{path}: `{line}`")))?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().map_err(io::Error::other)?;
            }
            is_chunked |= header == "transfer-encoding: chunked";
        }
        let mut body = Vec::new();
        while is_chunked {
            line.clear();
            self.0.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
            let mut chunk = vec![0; size + 2];
            self.0.read_exact(&mut chunk)?;
            body.extend_from_slice(&chunk[..size]);
            is_chunked = size > 0;
        }
        let before = body.len();
        body.resize(before + length, 0);
        self.0.read_exact(&mut body[before..])?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}
