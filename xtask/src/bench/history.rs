//! A store with a long history: how long `status` and `/metrics` take.

use std::{
    error::Error,
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    large::printed,
    large_site::LargeSite,
    measure::{RUNS, aim, median},
};
use crate::Outcome;

/// The aim, in seconds.
const MAX_SECONDS: f64 = 0.05;

/// Adds scans and changes of the last 80 days, and of a scan that is running.
const PYTHON: &str = r#"
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
now, day = int(time.time() * 1000), 86400000
scans, changes = 100000, 5000000
(connection,) = db.execute("SELECT min(id) FROM connection").fetchone()
(last, seq, items) = db.execute("SELECT (SELECT max(id) FROM scan), (SELECT max(seq) FROM change), (SELECT max(id) FROM item)").fetchone()
times = [now - 80 * day + number * 80 * day // scans for number in range(scans)]
db.executemany(
    "INSERT INTO scan (id, connection, started, ended, outcome, first_change) VALUES (?, ?, ?, ?, 'complete', ?)",
    ((last + 1 + number, connection, time, time + 1000, seq + 1 + number * changes // scans) for number, time in enumerate(times)))
db.executemany(
    "INSERT INTO change (scan, item, kind, fields, time) VALUES (?, ?, 1, '[\"name\"]', ?)",
    ((last + 1 + number * scans // changes, number * 7919 % items + 1, times[number * scans // changes]) for number in range(changes)))
db.execute("INSERT INTO scan (connection, started) VALUES (?, ?)", (connection, now))
db.commit()
"#;

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(super) fn run(site: &LargeSite) -> Outcome {
    let store = site.home.path().join("data/catalog.db");
    let python = Command::new("python3")
        .args(["-c", PYTHON])
        .arg(&store)
        .status();
    if !python.is_ok_and(|status| status.success()) {
        println!("  long history: not run, because python3 with sqlite3 is needed");
        return Ok(());
    }
    println!("  with 100,000 scans and 5,000,000 changes more:");
    let status = median(|| printed(site.scanner(&["status"])))?;
    aim("status, s", status.seconds, MAX_SECONDS);
    metrics(site)?;
    let scan = printed(site.scanner(&["scan"]))?;
    println!("  a scan takes {:.2} s", scan.seconds);
    Ok(())
}

/// Measures the page while the service runs.
fn metrics(site: &LargeSite) -> Outcome {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let settings = format!(
        "followers = [ {{ name = export, kind = ndjson, path = export }} ]\nhttp.listen = \"{address}\"\n"
    );
    fs::write(site.home.path().join("conf/application.conf"), settings)?;
    let file = site.home.path().join("connections/bench.conf");
    let connection = fs::read_to_string(&file)?;
    fs::write(
        &file,
        format!("{connection}schedule = \"0 0 0 1 1 ? 2099\"\n"),
    )?;
    let service = Service::start(site.scanner(&["run"]))?;
    let mut all = Vec::new();
    while all.len() < RUNS {
        // The page uses what it has read for two seconds.
        thread::sleep(Duration::from_millis(2_500));
        let started = Instant::now();
        if let Ok(page) = page(&address.to_string())
            && page.contains("scanner_store_readable 1")
        {
            all.push(started.elapsed().as_secs_f64());
        }
    }
    drop(service);
    all.sort_by(f64::total_cmp);
    aim("/metrics, s", all[RUNS / 2], MAX_SECONDS);
    fs::write(&file, connection)?;
    // The scan below is to be measured without the delivery of these changes.
    let settings = site.home.path().join("conf/application.conf");
    Ok(fs::write(settings, "followers = []\n")?)
}

fn page(address: &str) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address)?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}

/// A service that is killed when this is dropped.
pub(super) struct Service(pub(super) Child);

impl Service {
    pub(super) fn start(mut command: Command) -> Result<Self, Box<dyn Error>> {
        let child = command
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
