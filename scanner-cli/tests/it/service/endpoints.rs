//! The monitoring pages of the service.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use qrs_client::fake_site::{FakeSite, Fault, Point, ReservedPort};

use super::{BRIEF, Running, SHEETS, status, wait};
use crate::scanner::{Home, connection};

/// Any free port.
pub(crate) const LISTEN: &str = "http.listen = \"127.0.0.1:0\"\n";

/// The last address in the log that the service listens on.
pub(crate) fn address(running: &Running) -> String {
    let mut address = None;
    wait("an address", || {
        let log = running.log();
        let listening = log.rsplit_once("listening on http://");
        address = listening.map(|(_, rest)| rest.lines().next().unwrap().to_owned());
        address.is_some()
    });
    address.unwrap()
}

/// Sends a request. Returns status and text.
pub(crate) fn ask(address: &str, method: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (status, text)
}

fn has(page: &str, line: &str) -> bool {
    page.lines().any(|one| one == line)
}

const KNOWN: [&str; 10] = [
    "# TYPE scanner_scans_total counter",
    "# TYPE scanner_items gauge",
    "scanner_build_info{version=\"0.1.0\",scanner=\"north-1\"} 1",
    "scanner_connection_state{connection=\"qlik\",state=\"valid\"} 1",
    "scanner_connection_state{connection=\"connections/new.conf\",state=\"error\"} 1",
    "scanner_scans_total{connection=\"qlik\",outcome=\"complete\"} 1",
    "scanner_scans_total{connection=\"down\",outcome=\"failed\"} 1",
    "scanner_follower_turns_total{follower=\"ndjson:export\",outcome=\"failed\"} 0",
    "scanner_scans_running 0",
    "scanner_store_readable 1",
];

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn the_pages_show_health_readiness_and_metrics() {
    let (site, down) = (FakeSite::start_in_thread(), FakeSite::start_in_thread());
    down.fail(Fault::status(503));
    let home = Home::with_site(&site);
    home.write("connections/down.conf", connection("down", &down));
    home.write("connections/new.conf", "a = ");
    home.write("agent-identifier", "north-1");
    home.write("conf/application.conf", BRIEF.to_owned() + LISTEN);
    let running = Running::start(&home);
    let address = address(&running);
    wait("ready", || ask(&address, "GET", "/readyz").0 == 200);
    assert_eq!(ask(&address, "GET", "/healthz").0, 200);
    let page = || ask(&address, "GET", "/metrics").1;
    wait("two scans", || {
        let page = page();
        has(&page, ITEMS)
            && KNOWN.iter().all(|line| has(&page, line))
            && has(
                &page,
                "scanner_connection_state{connection=\"down\",state=\"error\"} 1",
            )
    });
    let text = page();
    for name in [
        "last_scan_timestamp_seconds{connection=\"qlik\",outcome=\"complete\"}",
        "next_scan_timestamp_seconds{connection=\"qlik\"}",
    ] {
        let begun = format!("scanner_{name} 1");
        assert!(text.contains(&begun), "{name}: {text}");
    }
    let secret = text.contains(&site.url()) || text.contains("ACME");
    assert!(!secret, "{text}");
    std::fs::remove_file(home.path("connections/down.conf")).unwrap();
    wait("what has gone", || !page().contains("connection=\"down\""));
    running.stop();
}

const ITEMS: &str = "scanner_items{connection=\"qlik\"} 53";

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn after_a_restart_metrics_of_the_past_stay_and_counters_restart() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    home.write("conf/application.conf", BRIEF.to_owned() + LISTEN);
    site.fail(Fault::stall(Point::Records(3)).on(SHEETS));
    let running = Running::start(&home);
    let address = address(&running);
    let page = || ask(&address, "GET", "/metrics").1;
    wait("what was", || has(&page(), ITEMS));
    let line = "scanner_scans_total{connection=\"qlik\",outcome=\"complete\"} 0";
    assert!(has(&page(), line), "{}", page());
    running.stop();
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn the_pages_are_read_only() {
    let home = Home::empty();
    home.write("conf/application.conf", BRIEF.to_owned() + LISTEN);
    let running = Running::start(&home);
    let address = address(&running);
    for (method, path, status) in [
        ("HEAD", "/healthz", 200),
        ("POST", "/healthz", 405),
        ("DELETE", "/metrics", 405),
        ("GET", "/", 404),
    ] {
        assert_eq!(ask(&address, method, path).0, status, "{method} {path}");
    }
    running.stop();
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn an_address_in_use_is_reported_once_and_retried_and_can_be_changed() {
    let home = Home::empty();
    let reserved = ReservedPort::new();
    let taken = TcpListener::bind(reserved.address()).unwrap();
    let wanted = taken.local_addr().unwrap().to_string();
    let listen = format!("http.listen = \"{wanted}\"\n");
    home.write("conf/application.conf", BRIEF.to_owned() + &listen);
    let running = Running::start(&home);
    let error = || status(&home)["scanner"]["error"].to_string();
    wait("the trouble", || {
        home.has("data/status.json") && error().contains("in use")
    });
    std::thread::sleep(Duration::from_millis(300));
    drop(taken);
    assert_eq!(address(&running), wanted);
    wait("no trouble", || error() == "null");
    assert_eq!(running.log().matches("cannot listen on").count(), 1);

    home.write("conf/application.conf", BRIEF.to_owned() + LISTEN);
    wait("another", || address(&running) != wanted);
    assert_eq!(ask(&address(&running), "GET", "/healthz").0, 200);
    wait("the former is closed", || {
        TcpStream::connect(&wanted).is_err()
    });

    home.write(
        "conf/application.conf",
        BRIEF.to_owned() + "http.listen = here\n",
    );
    wait("a mistake", || {
        error().contains("conf/application.conf:2:15: `http.listen` must be")
    });
    assert_eq!(ask(&address(&running), "GET", "/healthz").0, 200);
    running.stop();
    home.run(&["run"])
        .check(3, &["conf/application.conf:2:15", "127.0.0.1:9464"]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn silent_clients_delay_neither_others_nor_shutdown() {
    let site = FakeSite::start_in_thread();
    site.fail(Fault::stall(Point::Records(3)).on(SHEETS));
    let home = Home::with_site(&site);
    home.write("conf/application.conf", BRIEF.to_owned() + LISTEN);
    let running = Running::start(&home);
    let address = address(&running);
    wait("half a scan", || !site.requests_of(SHEETS).is_empty());
    let silent: Vec<_> = (0..100)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    let mut slow = TcpStream::connect(&address).unwrap();
    write!(slow, "GET /metrics HTTP/1.1\r\nHo").unwrap();
    assert_eq!(ask(&address, "GET", "/healthz").0, 200);
    running.stop();
    drop(silent);
}
