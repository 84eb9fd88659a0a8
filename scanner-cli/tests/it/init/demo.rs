//! `init --demo`.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Stdio},
};

use qrs_client::fake_site::ReservedPort;
use rustix::process::{Pid, Signal, kill_process};

use crate::scanner::{Home, Run};

/// A running demonstration, and the lines that it printed.
struct Demo {
    process: Child,
    lines: Vec<String>,
}

/// Starts a demonstration, and waits until it says what to try.
fn start(home: &Home, arguments: &[&str]) -> Demo {
    let mut process = home
        .command(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(process.stderr.take().unwrap());
    let mut lines = Vec::new();
    for line in output.lines() {
        lines.push(line.unwrap());
        if lines.last().unwrap().starts_with("the catalog is at ") {
            break;
        }
    }
    Demo { process, lines }
}

impl Demo {
    /// The response with the first page of the catalog.
    fn page(&self) -> String {
        let address = self.lines.last().unwrap();
        let address = address.strip_prefix("the catalog is at http://").unwrap();
        let mut page = TcpStream::connect(address.trim_end_matches('/')).unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        page.write_all(request).unwrap();
        io::read_to_string(page).unwrap()
    }

    fn stop(mut self) -> i32 {
        let id = Pid::from_child(&self.process);
        kill_process(id, Signal::INT).unwrap();
        self.process.wait().unwrap().code().unwrap()
    }
}

#[test]
fn someone_with_only_the_program_sees_a_site_a_scan_and_the_catalog() {
    let home = Home::empty();
    let reserved = ReservedPort::new();
    let port = reserved.number().to_string();
    let demo = start(&home, &["init", "--demo", "--port", &port]);
    let text = demo.lines.join("\n");
    for part in [
        &format!("a fake Qlik Sense site runs at http://127.0.0.1:{port}/header"),
        "stored    53 items: 53 added",
        "in another terminal",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let list: Run = home.run(&[
        "--home",
        "scanner-demo",
        "catalog",
        "list",
        "--format",
        "ndjson",
    ]);
    assert_eq!(
        (list.exit, list.output.lines().count()),
        (0, 53),
        "{}",
        list.errors
    );
    home.run(&["--home", "scanner-demo", "scan"])
        .check(0, &["nothing changed"]);
    assert!(home.has("scanner-demo/export/datahub/demo.mcps.json"));
    assert!(demo.page().starts_with("HTTP/1.1 200"));
    assert_eq!(demo.stop(), 0);
    // The same home can be used again, but no other site.
    let again = start(&home, &["init", "--demo", "--port", &port]);
    assert!(
        again
            .lines
            .iter()
            .any(|line| line.contains("nothing changed")),
        "{:?}",
        again.lines
    );
    assert_eq!(again.stop(), 0);
    let other = ReservedPort::new().number().to_string();
    let run = home.run(&["init", "--demo", "--port", &other]);
    run.check(
        3,
        &[
            "connections/demo.conf` exists already and is not replaced",
            "use a new home",
        ],
    );
}

#[test]
fn a_port_that_is_in_use_is_an_error() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let home = Home::empty();
    home.run(&["init", "--demo", "--port", &port])
        .check(4, &["cannot listen on port", "--port N"]);
    home.run(&["init", "--port", "1"]).check(2, &["--demo"]);
}
