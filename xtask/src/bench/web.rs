//! `cargo xtask bench web`: measures the catalog's pages and its API with 50 readers, relative to `/healthz` of the same
//! server, which does nothing, in the same run.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use xshell::{Shell, cmd};

use super::{
    large_site::LargeSite,
    measure::{aim, memory, reset_peak},
};
use crate::Outcome;

/// Number of readers, each with a connection of its own.
const READERS: usize = 50;
/// Number of requests of each reader for a line of the table.
const REQUESTS: usize = 20;
/// How long a reader looks at what it received. Without a pause, 50 readers would measure the queue of two cores.
const PAUSE: Duration = Duration::from_millis(500);
/// The arguments of a server on a free port.
pub(super) const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
/// How long the index may take to be created.
const INDEX_TIMEOUT: Duration = Duration::from_secs(1_800);

/// The aims: the 95th percentile in milliseconds, and memory in MiB.
const MAX_MILLIS: f64 = 50.0;
const MAX_MEMORY: f64 = 20.0;

/// Paths for each line. Readers use them in turn, so that most are not the same as the one before. All names have the word
/// `region`, all descriptions `month`, and both a number.
const LINES: [(&str, &[&str]); 8] = [
    ("home page", &["/"]),
    (
        "page of a search, with facets",
        &[
            "/search?q=region",
            "/search?q=r",
            "/search?q=region+47",
            "/search?q=application+17",
            "/search?q=user3",
            "/search",
        ],
    ),
    (
        "page of a search, with filter",
        &[
            "/search?q=month&connection=bench",
            "/search?state=present",
            "/search?sort=changed",
        ],
    ),
    (
        "search in the API",
        &[
            "/api/v1/items?q=region",
            "/api/v1/items?q=reg+mon",
            "/api/v1/items?q=stream+7+product",
            "/api/v1/items?limit=100",
        ],
    ),
    ("owners", &["/owners"]),
    ("changes", &["/changes", "/api/v1/changes"]),
    ("connections, scans", &["/connections", "/scans"]),
    ("quality", &["/quality"]),
];

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    let site = LargeSite::serve(shell, sheets)?;
    if !site
        .scanner(&["scan"])
        .stderr(Stdio::null())
        .status()?
        .success()
    {
        return Err("the scan failed".into());
    }
    let (server, seconds) = Server::start_with_index(site.scanner(&SERVE))?;
    println!("the index was created in {seconds:.1} s");
    let index = site.home.path().join("data/catalog.index");
    println!(
        "the index is {:.0} MB",
        index.metadata()?.len() as f64 / 1e6
    );
    read_pages(&server)
}

/// Reads all pages with all readers, and prints their times and what memory they need.
#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(super) fn read_pages(server: &Server) -> Outcome {
    let floor = server.measure(&["/healthz"])?;
    // Not the peak while the index was created.
    reset_peak(&server.process);
    let before = memory(&server.process, "VmRSS:");
    println!(
        "\n{:<32} {:>8} {:>8} {:>8} {:>14}",
        "", "p50 ms", "p95 ms", "max ms", "times /healthz"
    );
    print("/healthz", &floor, &floor);
    let mut slowest: f64 = 0.0;
    let item = server.first_item()?;
    let item = [format!("/items/{item}"), format!("/api/v1/items/{item}")];
    let item = [item[0].as_str(), item[1].as_str()];
    for (name, paths) in LINES.into_iter().chain([("item", &item[..])]) {
        match server.measure(paths) {
            Ok(measured) => {
                print(name, &measured, &floor);
                slowest = slowest.max(percentile(&measured, 95));
            }
            Err(error) => {
                println!("{name:<32} {error}");
                slowest = f64::INFINITY;
            }
        }
    }
    let more = memory(&server.process, "VmHWM:") - before;
    println!();
    aim("slowest line, 95th percentile in ms", slowest, MAX_MILLIS);
    aim(
        "more memory with 50 readers, MiB",
        more.max(0.0),
        MAX_MEMORY,
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
fn print(name: &str, millis: &[f64], floor: &[f64]) {
    let [half, most, all] = [50, 95, 100].map(|share| percentile(millis, share));
    let ratio = most / percentile(floor, 95);
    println!("{name:<32} {half:>8.1} {most:>8.1} {all:>8.1} {ratio:>14.1}");
}

/// The value below which this share of the sorted values is, in percent.
fn percentile(sorted: &[f64], share: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * share / 100).copied().unwrap_or(0.0)
}

/// `scanner-cli serve`, which is killed when this is dropped.
pub(super) struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts a server, and waits until its index has all items. Returns the seconds that this took, too.
    pub(super) fn start_with_index(
        command: Command,
    ) -> Result<(Self, f64), Box<dyn std::error::Error>> {
        let started = Instant::now();
        let server = Self::start(command)?;
        while !server.has_index()? {
            if started.elapsed() > INDEX_TIMEOUT {
                return Err("the index was not created in time".into());
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok((server, started.elapsed().as_secs_f64()))
    }

    fn start(mut command: Command) -> Result<Self, Box<dyn std::error::Error>> {
        let mut process = command.stderr(Stdio::piped()).spawn()?;
        let log = process.stderr.take().ok_or("the server has no log")?;
        let mut server = Self {
            process,
            address: String::new(),
        };
        let mut lines = BufReader::new(log).lines();
        for line in &mut lines {
            let line = line?;
            if let Some((_, rest)) = line.split_once("http://") {
                rest.split('/')
                    .next()
                    .unwrap_or_default()
                    .clone_into(&mut server.address);
                // Later lines are read and dropped, so that the server can write them.
                thread::spawn(move || lines.for_each(drop));
                return Ok(server);
            }
        }
        Err("the server did not print its address".into())
    }

    /// Whether the index has all items: the notice that says otherwise is gone. A large one is then loaded.
    fn has_index(&self) -> io::Result<bool> {
        let mut client = Client::connect(&self.address)?;
        let page = client.get("/search")?;
        Ok(!page.contains("The search is being") && client.get("/").is_ok())
    }

    /// The key of an item.
    fn first_item(&self) -> Result<String, Box<dyn std::error::Error>> {
        let page = Client::connect(&self.address)?.get("/api/v1/items?limit=1")?;
        let page: serde_json::Value = serde_json::from_str(&page)?;
        let key = page["items"][0]["key"].as_str();
        Ok(key.ok_or("there is no item")?.to_owned())
    }

    /// Requests paths with all readers, and returns the sorted milliseconds of all requests.
    fn measure(&self, paths: &[&str]) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
        let times = Mutex::new(Vec::with_capacity(READERS * REQUESTS));
        let read = |reader: usize| -> io::Result<()> {
            let mut client = Client::connect(&self.address)?;
            // Readers do not begin at the same time.
            thread::sleep(PAUSE * u32::try_from(reader).unwrap_or(0) / READERS as u32);
            for request in 0..REQUESTS {
                let started = Instant::now();
                client.get(paths[(reader + request) % paths.len()])?;
                let millis = started.elapsed().as_secs_f64() * 1e3;
                times
                    .lock()
                    .map_err(|_poisoned| io::Error::other("a reader failed"))?
                    .push(millis);
                thread::sleep(PAUSE);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let readers: Vec<_> = (0..READERS)
                .map(|reader| scope.spawn(move || read(reader)))
                .collect();
            readers
                .into_iter()
                .try_for_each(|reader| match reader.join() {
                    Ok(done) => done,
                    Err(_panicked) => Err(io::Error::other("a reader failed")),
                })
        })?;
        let mut times = times.into_inner().map_err(|_poisoned| "a reader failed")?;
        times.sort_by(f64::total_cmp);
        Ok(times)
    }
}

/// A connection that is kept open.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Requests a path. Anything but status 200 is an error.
    fn get(&mut self, path: &str) -> io::Result<String> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let (mut line, mut length) = (String::new(), None);
        self.0.read_line(&mut line)?;
        if line.split(' ').nth(1) != Some("200") {
            return Err(io::Error::other(format!("{path}: {}", line.trim_end())));
        }
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse::<usize>().ok();
            }
        }
        let body = match length {
            Some(length) => {
                let mut body = vec![0; length];
                self.0.read_exact(&mut body)?;
                body
            }
            None => self.chunks()?,
        };
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Reads a body in chunks.
    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
            let begin = body.len();
            // With the end of the line.
            body.resize(begin + size + 2, 0);
            self.0.read_exact(&mut body[begin..])?;
            body.truncate(begin + size);
            if size == 0 {
                return Ok(body);
            }
        }
    }
}
