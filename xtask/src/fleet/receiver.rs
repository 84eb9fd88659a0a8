//! A receiver of the follower `webhook`, which checks the order of what it receives.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use serde_json::Value;

use super::Failed;

/// A receiver that ends with the process.
pub(super) struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Received>>,
}

/// What was received.
#[derive(Default)]
pub(super) struct Received {
    /// The ids of all events.
    pub(super) ids: BTreeSet<String>,
    /// Events that were received again.
    pub(super) repeated: usize,
    /// The number of the last new event of each sheet.
    last: BTreeMap<String, u64>,
    /// New events that came after a later one of the same sheet.
    pub(super) disordered: Vec<String>,
    /// How often each sheet was removed, and the state of each sheet, by key: its description, if it exists.
    pub(super) sheets: BTreeMap<String, Option<String>>,
    /// Number of events about the end of a scan.
    pub(super) scans: usize,
}

impl Receiver {
    pub(super) fn start() -> Result<Self, Failed> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let received: Arc<Mutex<Received>> = Arc::default();
        let theirs = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let received = Arc::clone(&theirs);
                // A client that disconnects ends only its own connection.
                thread::spawn(move || serve(stream, &received));
            }
        });
        Ok(Self { address, received })
    }

    /// Where events are posted.
    pub(super) fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// What was received.
    pub(super) fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(stream: TcpStream, received: &Mutex<Received>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    let mut answers = stream;
    loop {
        let (mut length, mut line) = (0, String::new());
        if requests.read_line(&mut line)? == 0 {
            return Ok(());
        }
        line.clear();
        while requests.read_line(&mut line)? > 2 {
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            line.clear();
        }
        let mut body = vec![0; length];
        requests.read_exact(&mut body)?;
        let events: Vec<Value> = serde_json::from_slice(&body).map_err(io::Error::other)?;
        let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
        for event in &events {
            received.add(event);
        }
        drop(received);
        answers.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    }
}

impl Received {
    fn add(&mut self, event: &Value) {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let (id, kind, subject) = (text("id"), text("type"), text("subject"));
        if !self.ids.insert(id.clone()) {
            // As the documentation advises, an event that was stored is ignored.
            self.repeated += 1;
            return;
        }
        if kind.ends_with("scan.ended") {
            self.scans += 1;
            return;
        }
        let number = id.rsplit(['-', ':', '/']).next().unwrap_or_default();
        let Ok(number) = number.parse::<u64>() else {
            self.disordered.push(format!("{id} has no number"));
            return;
        };
        let last = self.last.entry(subject.clone()).or_default();
        if number <= *last {
            self.disordered
                .push(format!("{id} of {subject} after {last}"));
        }
        *last = number.max(*last);
        let item = &event["data"]["item"];
        let description = item["description"].as_str().unwrap_or_default().to_owned();
        let is_gone = kind.ends_with("removed");
        self.sheets
            .insert(subject, (!is_gone).then_some(description));
    }
}
