//! A catalog on loopback that only reads: it counts requests, and answers each as a server that has stored everything.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::catalog::Catalog;

/// A server that ends with the process.
pub(super) struct Sink {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    catalog: Catalog,
    counts: Mutex<Counts>,
    in_flight: AtomicUsize,
    /// Where requests are recorded.
    record: Mutex<Option<BufWriter<File>>>,
}

/// What the server has received since the last [`take`](Sink::take).
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) connections: usize,
    pub(super) requests: usize,
    /// Those that change the catalog.
    pub(super) writes: usize,
    /// Bytes of all bodies.
    pub(super) bytes: usize,
    /// Bytes of the largest body.
    pub(super) largest: usize,
    /// The largest number of requests at the same time.
    pub(super) in_flight: usize,
}

/// A request.
pub(super) struct Request {
    pub(super) method: String,
    /// The path and query.
    pub(super) target: String,
    content_type: String,
    pub(super) body: Vec<u8>,
}

impl Sink {
    pub(super) fn start(catalog: Catalog) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            catalog,
            counts: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            record: Mutex::default(),
        });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                theirs.counts().connections += 1;
                let shared = Arc::clone(&theirs);
                // A client that disconnects ends only its own connection.
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Ok(Self { address, shared })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What was received. The next count begins at zero.
    pub(super) fn take(&self) -> Counts {
        std::mem::take(&mut self.shared.counts())
    }

    /// Writes all requests to a file, until [`end_record`](Self::end_record).
    pub(super) fn record(&self, path: &Path) -> io::Result<()> {
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        *lock(&self.shared.record) = Some(file);
        Ok(())
    }

    pub(super) fn end_record(&self) -> io::Result<()> {
        match lock(&self.shared.record).take() {
            // Write it to disk before the measurement.
            Some(file) => file.into_inner()?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Shared {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }

    fn count(&self, request: &Request, in_flight: usize) {
        let is_write = self.catalog.is_write(request);
        let mut counts = self.counts();
        let length = request.body.len();
        counts.requests += 1;
        counts.writes += usize::from(is_write);
        counts.bytes += length;
        counts.largest = counts.largest.max(length);
        counts.in_flight = counts.in_flight.max(in_flight);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::with_capacity(64 << 10, stream.try_clone()?);
    let mut answers = stream;
    loop {
        let mut first = String::new();
        if requests.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let in_flight = shared.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        let request = read(&first, &mut requests)?;
        shared.count(&request, in_flight);
        if let Some(record) = &mut *lock(&shared.record) {
            request.write(record)?;
        }
        let answer = shared.catalog.answer(&request);
        // Before it is sent: the client may send the next request as soon as it has the answer.
        shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        let head = format!(
            "HTTP/1.1 {} Status\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.status,
            answer.body.len()
        );
        answers.write_all(&[head.as_bytes(), &answer.body].concat())?;
    }
}

fn read(first: &str, requests: &mut impl BufRead) -> io::Result<Request> {
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next(), words.next());
    let (mut length, mut content_type) = (0, "-".to_owned());
    let mut line = String::new();
    while requests.read_line(&mut line)? > 2 {
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        } else if name.eq_ignore_ascii_case("content-type") {
            content_type = value.trim().to_owned();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    requests.read_exact(&mut body)?;
    Ok(Request {
        method: method.unwrap_or_default(),
        target: target.unwrap_or_default(),
        content_type,
        body,
    })
}

impl Request {
    /// Writes it for the benchmark `replay`.
    fn write(&self, record: &mut impl Write) -> io::Result<()> {
        writeln!(
            record,
            "{} {} {} {}",
            self.method,
            self.target,
            self.content_type,
            self.body.len()
        )?;
        record.write_all(&self.body)
    }
}
