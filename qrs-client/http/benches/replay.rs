//! Sends recorded requests to a server and drops the responses: no program that sends the same requests with this client
//! can be faster. Prints the seconds and the peak memory in MiB. `cargo xtask bench followers` starts it together with a
//! server that has recorded them.

use std::{
    error::Error,
    fs::File,
    io::{BufRead, BufReader},
    time::Instant,
};

use futures_util::{StreamExt, stream};
use outbound_http::{Client, Method, Repeat, Url};

/// A recorded request.
struct Record {
    method: Method,
    path: String,
    content_type: String,
    body: Vec<u8>,
}

/// Reads the next request: a line with method, path, type and length, then the body.
fn read(records: &mut impl BufRead) -> Result<Option<Record>, Box<dyn Error + Send + Sync>> {
    let mut line = String::new();
    if records.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let words: Vec<_> = line.split_whitespace().collect();
    let [method, path, content_type, length] = words[..] else {
        return Err("expected a method, a path, a type and a length".into());
    };
    let mut body = vec![0; length.parse()?];
    records.read_exact(&mut body)?;
    Ok(Some(Record {
        method: method.parse()?,
        path: path.trim_start_matches('/').to_owned(),
        content_type: content_type.to_owned(),
        body,
    }))
}

async fn send(client: &Client, record: Record) -> Result<(), Box<dyn Error + Send + Sync>> {
    let request = client.request(record.method, &record.path);
    let request = request.header("Accept", "application/json");
    let request = match record.body.is_empty() {
        true => request,
        false => request
            .header("Content-Type", &record.content_type)
            .body(record.body),
    };
    let mut response = request.repeat(Repeat::Safe).send().await?;
    while response.chunk().await?.is_some() {}
    Ok(())
}

/// Peak resident memory in MiB; 0 if the system does not report it.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [url, parallel, file] = &arguments[..] else {
        return Err("expected a URL, a number and a file".into());
    };
    let parallel = parallel.parse()?;
    let client = Client::builder(Url::parse(url)?).build()?;
    let mut records = BufReader::with_capacity(1 << 20, File::open(file)?);
    let started = Instant::now();
    let requests = std::iter::from_fn(|| read(&mut records).transpose());
    let requests = stream::iter(requests).map(|record| async { send(&client, record?).await });
    let mut requests = requests.buffer_unordered(parallel);
    while let Some(sent) = requests.next().await {
        sent?;
    }
    println!("{} {}", started.elapsed().as_secs_f64(), peak());
    Ok(())
}
