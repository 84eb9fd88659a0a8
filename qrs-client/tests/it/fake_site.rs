//! Tests of the fake site itself, with requests and answers taken byte by byte.
mod access;
mod faults;
mod lists;
mod sample;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use qrs_client::fake_site::FakeSite;
use serde_json::Value;

const KEY: &str = "0123456789abcdEF";

/// What came back on a connection that was used for one request.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
    chunks: Vec<usize>,
    /// Whether the framing of the body was kept to its end.
    complete: bool,
    error: Option<io::ErrorKind>,
}

impl Reply {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The `key` of every record of a list.
    fn all(&self, key: &str) -> Vec<Value> {
        let list = self.json();
        let records = list.as_array().unwrap().iter();
        records.map(|record| record[key].clone()).collect()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Asks as the first account does, rightly. The query of `path`, if any, is sent as it is.
fn get(site: &FakeSite, path: &str) -> Reply {
    let value = site.header_value();
    ask(site, path, &[(site.header_name(), &value)])
}

/// Asks with a filter, encoded.
fn get_filtered(site: &FakeSite, path: &str, filter: &str) -> Reply {
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    get(site, &format!("{path}?filter={filter}"))
}

/// Asks with these headers and the right xrfkey.
fn ask(site: &FakeSite, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut headers = headers.to_vec();
    headers.push(("X-Qlik-Xrfkey", KEY));
    send(site, "GET", &target(site, path), &headers)
}

/// The target of a request with the right xrfkey.
fn target(site: &FakeSite, path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let base = site.url();
    let (_, prefix) = base.split_once(&site.address().to_string()).unwrap();
    let separator = if query.is_empty() { "" } else { "&" };
    format!("{prefix}{path}?xrfkey={KEY}{separator}{query}")
}

/// Sends a request as it is, and reads until the connection ends.
fn send(site: &FakeSite, method: &str, target: &str, headers: &[(&str, &str)]) -> Reply {
    const PATIENCE: Duration = Duration::from_secs(10);
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    exchange(site, &format!("{request}\r\n"), PATIENCE)
}

/// Sends these bytes, and reads until the connection ends or nothing comes for so long.
fn exchange(site: &FakeSite, request: &str, patience: Duration) -> Reply {
    let mut stream = TcpStream::connect(site.address()).unwrap();
    stream.set_read_timeout(Some(patience)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).err();
    reply(&bytes, error.map(|error| error.kind()))
}

fn reply(bytes: &[u8], error: Option<io::ErrorKind>) -> Reply {
    let mut reply = Reply {
        status: 0,
        head: String::new(),
        body: Vec::new(),
        chunks: Vec::new(),
        complete: false,
        error,
    };
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return reply;
    };
    let rest = &bytes[end + 4..];
    reply.head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    reply.status = reply.head[9..12].parse().unwrap();
    if reply.header("Transfer-Encoding") == Some("chunked") {
        read_chunks(&mut reply, rest);
    } else {
        reply.body = rest.to_vec();
        let length = reply.header("Content-Length").map(str::parse);
        reply.complete = length.is_none_or(|length| length == Ok(rest.len()));
    }
    reply
}

fn read_chunks(reply: &mut Reply, mut rest: &[u8]) {
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let chunk = &rest[line + 2..];
        if size == 0 {
            reply.complete = chunk == b"\r\n";
            return;
        }
        reply.body.extend_from_slice(&chunk[..size]);
        reply.chunks.push(size);
        rest = &chunk[size + 2..];
    }
}
