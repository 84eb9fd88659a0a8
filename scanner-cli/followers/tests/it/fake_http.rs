//! A small HTTP server for fake catalogs: each connection has a thread, requests are answered by a function, and the
//! answers may be as bad as those of real servers and gateways.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path and query.
    pub(crate) target: String,
    /// By names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A status and JSON.
    Json(u16, Value),
    /// Success with JSON and the version of the entity as a header `ETag`.
    Versioned(Value, String),
    /// A status and a web page.
    Page(u16, &'static str),
    /// A status, a header and nothing else.
    Empty(u16, &'static str, String),
    /// The connection is closed without an answer.
    Cut,
    /// The connection is closed within the answer.
    CutBody,
    /// No answer comes, and the connection stays open.
    Hang,
    /// The answer comes a little later.
    Slow(Box<Self>),
}

/// What answers requests.
pub(crate) trait Catalog: Send + Sync + 'static {
    fn answer(&self, request: &Request) -> Reply;
}

/// A server that runs until it is dropped.
pub(crate) struct FakeServer<C> {
    pub(crate) catalog: Arc<C>,
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_stopped: AtomicBool,
    in_flight: AtomicUsize,
    max_in_flight: AtomicUsize,
    connections: AtomicUsize,
    largest: AtomicUsize,
}

impl<C: Catalog> FakeServer<C> {
    pub(crate) fn start(catalog: C) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (catalog, shared) = (Arc::new(catalog), Arc::<Shared>::default());
        let (theirs, stop) = (Arc::clone(&catalog), Arc::clone(&shared));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.is_stopped.load(Ordering::Relaxed) {
                    return;
                }
                stop.connections.fetch_add(1, Ordering::Relaxed);
                let (catalog, shared) = (Arc::clone(&theirs), Arc::clone(&stop));
                thread::spawn(move || serve(&stream, &*catalog, &shared));
            }
        });
        Self {
            catalog,
            address,
            shared,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The largest number of requests that were answered at the same time.
    pub(crate) fn max_in_flight(&self) -> usize {
        self.shared.max_in_flight.load(Ordering::Relaxed)
    }

    /// The number of bytes of the largest body.
    pub(crate) fn largest_request(&self) -> usize {
        self.shared.largest.load(Ordering::Relaxed)
    }

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl<C> Drop for FakeServer<C> {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: &TcpStream, catalog: &dyn Catalog, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let in_flight = shared.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        shared.max_in_flight.fetch_max(in_flight, Ordering::Relaxed);
        shared
            .largest
            .fetch_max(request.body.len(), Ordering::Relaxed);
        let mut reply = catalog.answer(&request);
        if let Reply::Slow(slow) = reply {
            thread::sleep(Duration::from_millis(30));
            reply = *slow;
        }
        // The client may send its next request before this thread goes on after the answer.
        shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        let goes_on = write(stream, reply, shared);
        if !goes_on {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader
        .read_line(&mut line)
        .ok()
        .filter(|length| *length > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(Ok(0), |length| length.parse());
    let mut body = vec![0; length.ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        target,
        headers,
        body,
    })
}

/// Returns whether the connection can be used further.
fn write(mut stream: &TcpStream, reply: Reply, shared: &Shared) -> bool {
    let mut answer = |status: u16, headers: &str, body: &str| {
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        stream.write_all(text.as_bytes()).is_ok()
    };
    match reply {
        Reply::Json(status, json) => answer(
            status,
            "content-type: application/json\r\n",
            &json.to_string(),
        ),
        Reply::Versioned(json, etag) => answer(
            200,
            &format!("content-type: application/json\r\netag: {etag}\r\n"),
            &json.to_string(),
        ),
        Reply::Page(status, page) => answer(status, "content-type: text/html\r\n", page),
        Reply::Empty(status, name, value) => answer(status, &format!("{name}: {value}\r\n"), ""),
        Reply::Cut => false,
        Reply::CutBody => {
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n[{",
            );
            false
        }
        Reply::Hang => {
            while !shared.is_stopped.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20));
            }
            false
        }
        Reply::Slow(reply) => write(stream, *reply, shared),
    }
}
