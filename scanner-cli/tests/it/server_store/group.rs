//! Two scanners with one store.

use jiff::Timestamp;
use qrs_client::fake_site::{FakeSite, Fault, Point};
use serde_json::Value;

use super::{LIST, home, schema};
use crate::{
    scanner::{Home, connection, items},
    service::{
        Running,
        endpoints::{LISTEN, address, ask},
        wait,
    },
};

/// Homes of two scanners with one store and the same connection, which is scanned once a day.
fn two_homes(site: &FakeSite) -> [Home; 2] {
    let schema = schema();
    ["one", "two"].map(|name| {
        let home = home(site, &schema);
        home.write("agent-identifier", name);
        let settings = home.read("conf/application.conf");
        home.write(
            "conf/application.conf",
            settings + "store.lease = 12 s\nautomation.look_interval = 50 ms\nfollowers = []\n",
        );
        home
    })
}

/// The scanner that scans the connection, and the time of its next scan according to the scanner of this home.
fn holder(home: &Home) -> (Value, Value) {
    let status = home.run(&["status", "--format", "json"]);
    let status: Value = serde_json::from_str(&status.output).unwrap();
    let connection = &status["connections"][0];
    (
        status["fleet"]["connections"][0]["scanner"].clone(),
        connection["next_scan"].clone(),
    )
}

fn scans(home: &Home) -> usize {
    let scans = home.run(&["catalog", "scans", "--format", "ndjson"]);
    scans
        .output
        .lines()
        .filter(|line| line.contains("\"outcome\":\"complete\""))
        .count()
}

#[test]
fn the_next_scanner_goes_on_with_the_schedule_of_a_killed_one() {
    let site = FakeSite::start_in_thread();
    let [one, two] = two_homes(&site);
    let first = Running::start(&one);
    wait("a scan", || scans(&one) == 1);
    let mut next = Value::Null;
    wait("a next scan", || {
        let (scanner, time) = holder(&one);
        next = time;
        scanner == "one" && next.is_string()
    });
    let second = Running::start(&two);
    wait("the second scanner", || {
        let text = two.run(&["status"]).output;
        text.contains("fleet: 2 of 2 scanners alive") && text.contains("qlik: one scans it")
    });
    assert!(holder(&two).1.is_null(), "another scanner scans it");
    // Killed.
    drop(first);
    let mut later = Value::Null;
    wait("the second one", || {
        let (scanner, time) = holder(&two);
        later = time;
        scanner == "two" && later.is_string()
    });
    // A day after the scan of the first one, and not now. The times of reports are not exact.
    let [next, later] =
        [next, later].map(|time| time.as_str().unwrap().parse::<Timestamp>().unwrap());
    let difference = later.duration_since(next).abs();
    assert!(difference.as_secs() < 60, "{difference}");
    assert_eq!(scans(&two), 1);
    let text = two.run(&["status"]).output;
    assert!(text.contains("fleet: 1 of 2 scanners alive"), "{text}");
    assert!(text.contains("lost, last report"), "{text}");
    // A changed file is scanned at once.
    two.write("connections/qlik.conf", connection("qlik", &site) + "# new");
    wait("another scan", || scans(&two) == 2);
    second.stop();
}

#[test]
fn each_scanner_shows_the_metrics_of_all() {
    let site = FakeSite::start_in_thread();
    let [one, two] = two_homes(&site);
    for home in [&one, &two] {
        let settings = home.read("conf/application.conf");
        home.write("conf/application.conf", settings + LISTEN);
    }
    let first = Running::start(&one);
    wait("a scan", || scans(&one) == 1);
    let second = Running::start(&two);
    let address = address(&second);
    let value = |name: &str| -> Option<f64> {
        let page = ask(&address, "GET", "/metrics").1;
        let line = page.lines().find(|line| line.starts_with(name))?;
        line.rsplit(' ').next()?.parse().ok()
    };
    let [of_one, of_two] =
        ["one", "two"].map(|name| format!("scanner_fleet_connections{{scanner=\"{name}\",host="));
    let held = "scanner_fleet_connection_held{connection=\"qlik\"}";
    wait("both scanners", || {
        value(&of_one) == Some(1.0) && value(&of_two) == Some(0.0) && value(held) == Some(1.0)
    });
    two.write(
        "connections/qlik.conf",
        connection("qlik", &site) + "# other",
    );
    wait("files that differ", || value(held) == Some(0.0));
    // Killed.
    drop(first);
    let report = "scanner_fleet_last_report_seconds{scanner=\"one\"";
    wait("the second scanner", || {
        value(held) == Some(1.0) && value(&of_two) == Some(1.0)
    });
    assert!(value(report) > Some(1.0));
    wait("its scan, which is due", || {
        value("scanner_fleet_overdue_seconds{scanner=\"two\"") == Some(0.0)
    });
    second.stop();
}

#[test]
fn a_scan_that_was_interrupted_by_the_end_of_its_scanner_is_repeated_by_the_next_one() {
    let site = FakeSite::start_in_thread();
    let [one, two] = two_homes(&site);
    site.fail(
        Fault::stall(Point::Records(3))
            .on("/qrs/app/object/full")
            .times(1),
    );
    let first = Running::start(&one);
    wait("half a scan", || {
        !site.requests_of("/qrs/app/object/full").is_empty()
    });
    let second = Running::start(&two);
    drop(first);
    wait("the scan of the second one", || scans(&two) == 1);
    assert_eq!(items(&two.run(&LIST).output).len(), 53);
    let outcomes = two.run(&["catalog", "scans", "--format", "ndjson"]).output;
    assert!(outcomes.contains("\"interrupted\""), "{outcomes}");
    second.stop();
}
