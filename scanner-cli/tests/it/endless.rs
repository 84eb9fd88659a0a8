//! Scans that compute or wait endlessly do not stop anything else.
#![cfg(unix)]

use std::{
    io::Write,
    net::TcpListener,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use qrs_client::fake_site::{Content, FakeSite, Fault, Point};
use serde_json::json;

use crate::{
    scanner::{Home, await_handlers, connection},
    service::{
        Running,
        endpoints::{address, ask},
        scanned, state, wait,
    },
};

const SHEETS: &str = "/qrs/app/object/full";

/// A filter with a thousand patterns, each of which searches all tags.
fn dear_filter() -> String {
    let patterns = (0..1_000).map(|number| format!("t ~ /[az0-9]*y{number}/"));
    let patterns: Vec<_> = patterns.collect();
    let any = patterns.join(" or ");
    format!("filter = \"any t in tag match ({any})\"\n")
}

/// A site with a sheet whose tags keep the filter above busy for minutes.
fn dear() -> FakeSite {
    let mut content = Content::empty();
    let app = content.add_app("A");
    let sheet = content.add_sheet(&app, "S");
    let tag = |number| {
        let name = format!("{}z{number}", "a".repeat(300));
        json!({ "id": format!("00000000-0000-0000-0000-{number:012}"), "name": name, "privileges": null })
    };
    content.set(&sheet, "tags", (0..9_000).map(tag).collect());
    FakeSite::builder().content(content).start_in_thread()
}

fn file(code: &str, site: &FakeSite, more: &str) -> String {
    connection(code, site) + more
}

fn is_busy(site: &FakeSite) {
    wait("the sheets", || !site.requests_of(SHEETS).is_empty());
    thread::sleep(Duration::from_secs(1));
}

/// Stops the program. Returns its exit code, which must come soon: the program takes up to five seconds.
fn end(mut child: Child, signal: &str) -> i32 {
    let pid = child.id().to_string();
    Command::new("kill").args([signal, &pid]).status().unwrap();
    let asked = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        if asked.elapsed() > Duration::from_secs(15) {
            child.kill().unwrap();
            panic!("it does not end");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_command_ends_while_a_filter_computes() {
    for (arguments, signal) in [
        (&["scan"][..], "-TERM"),
        (&["scan", "--no-store"], "-INT"),
        (&["inventory"], "-TERM"),
        (&["filter", "test", "dear"], "-INT"),
    ] {
        let site = dear();
        let home = Home::empty();
        home.write("connections/dear.conf", file("dear", &site, &dear_filter()));
        let child = home.start(arguments);
        is_busy(&site);
        assert_eq!(end(child, signal), 130, "{arguments:?}");
    }
}

/// A site that answers each request with `100 Continue` for ever. Returns its address.
fn continues_for_ever() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            thread::spawn(move || while stream.write_all(answer.as_bytes()).is_ok() {});
        }
    });
    format!("http://{address}/scanner")
}

#[test]
fn a_command_ends_while_a_site_sends_interim_responses_for_ever() {
    for arguments in [&["check"][..], &["explain", "Sales"], &["scan"]] {
        let home = Home::empty();
        let file = format!(
            "name = A\ncode = a\nconnector_id = qlik-sense\nconnection.url = \"{}\"\n\
             connection.auth {{ key = X-User, value = scanner }}\n",
            continues_for_ever()
        );
        home.write("connections/a.conf", file);
        let child = home.start(arguments);
        await_handlers(&child);
        thread::sleep(Duration::from_secs(3));
        assert_eq!(end(child, "-TERM"), 130, "{arguments:?}");
    }
}

#[test]
fn the_service_answers_scans_others_and_ends_while_filters_compute() {
    let home = Home::empty();
    let processors = thread::available_parallelism().unwrap().get().min(8);
    let sites: Vec<_> = (0..processors).map(|_| dear()).collect();
    for (number, site) in sites.iter().enumerate() {
        let code = format!("dear{number}");
        home.write(
            &format!("connections/{code}.conf"),
            file(&code, site, &dear_filter()),
        );
    }
    home.write(
        "conf/application.conf",
        "automation { look_interval = 50 ms, parallel = 16 }\nhttp.listen = \"127.0.0.1:0\"",
    );
    let running = Running::start(&home);
    let address = address(&running);
    sites.iter().for_each(is_busy);
    let site = FakeSite::start_in_thread();
    home.write("connections/zero.conf", connection("zero", &site));
    wait("another scan", || scanned(&home, "zero", "complete") == 1);
    assert_eq!(ask(&address, "GET", "/healthz").0, 200);
    // A scan is in the store shortly before the service counts it as ended.
    let running_scans = format!("scanner_scans_running {processors}\n");
    wait("only the filters to compute", || {
        ask(&address, "GET", "/metrics").1.contains(&running_scans)
    });
    let log = running.stop();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_scan_has_a_time_limit_which_is_reported() {
    let site = FakeSite::start_in_thread();
    site.fail(Fault::stall(Point::Records(3)).on(SHEETS));
    let home = Home::empty();
    let limit = "connection.time_limits.scan = 1 s\n";
    home.write("connections/qlik.conf", file("qlik", &site, limit));
    let begun = Instant::now();
    home.run(&["scan"]).check(
        4,
        &[
            "`connection.time_limits.scan` (1s)",
            "raise `connection.time_limits.scan`",
        ],
    );
    assert!(begun.elapsed() < Duration::from_secs(20));
    // In the store, too.
    assert_eq!(scanned(&home, "qlik", "failed"), 1);
    home.run(&["inventory"])
        .check(4, &["`connection.time_limits.scan` (1s)"]);
    home.write(
        "connections/qlik.conf",
        file("qlik", &site, "connection.time_limits.scan = 0\n"),
    );
    let child = home.start(&["scan"]);
    await_handlers(&child);
    thread::sleep(Duration::from_secs(2));
    assert_eq!(end(child, "-TERM"), 130);
    let wrong = "connection.time_limits.scan = soon\n";
    home.write("connections/qlik.conf", file("qlik", &site, wrong));
    home.run(&["scan"])
        .check(3, &["connection.time_limits.scan"]);
}

#[test]
fn a_scan_that_computes_beyond_its_time_limit_is_abandoned() {
    let site = dear();
    let home = Home::empty();
    let more = format!("{}connection.time_limits.scan = 5 s\n", dear_filter());
    home.write("connections/dear.conf", file("dear", &site, &more));
    home.write("conf/application.conf", "automation.look_interval = 50 ms");
    let running = Running::start(&home);
    wait("the end", || {
        running.log().contains("`connection.time_limits.scan` (5s)")
    });
    wait("the state", || {
        state(&home, "dear.conf").is_some_and(|now| now["scanning"] == false)
    });
    running.stop();
}

/// A store that another program has locked.
fn locked(home: &Home) -> rusqlite::Connection {
    let database = rusqlite::Connection::open(home.path("data/catalog.db")).unwrap();
    database.busy_timeout(Duration::from_secs(120)).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    database
}

#[test]
fn a_locked_store_does_not_keep_a_program_from_ending() {
    let site = FakeSite::start_in_thread();
    for (arguments, exit) in [(&["scan"][..], 130), (&["run"], 0)] {
        let home = Home::with_site(&site);
        home.run(&["scan"]).check(0, &[]);
        let _database = locked(&home);
        let child = home.start(arguments);
        await_handlers(&child);
        thread::sleep(Duration::from_secs(2));
        assert_eq!(end(child, "-TERM"), exit, "{arguments:?}");
    }
}

#[test]
fn a_scan_that_waits_for_the_store_delays_neither_pages_nor_polls() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "conf/application.conf",
        "automation.look_interval = 50 ms\nhttp.listen = \"127.0.0.1:0\"",
    );
    let running = Running::start(&home);
    let address = address(&running);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    let _database = locked(&home);
    let again = connection("qlik", &site) + "schedule = \"* * * * * ?\"\n";
    home.write("connections/qlik.conf", again);
    wait("a scan that waits", || {
        state(&home, "qlik.conf").is_some_and(|now| now["scanning"] == true)
    });
    home.write("connections/bad.conf", "code = ");
    wait("the poll", || {
        running.log().contains("the connection file is invalid")
    });
    assert_eq!(ask(&address, "GET", "/healthz").0, 200);
    running.stop();
}
