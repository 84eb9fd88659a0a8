//! A store that another process has locked while the service scans.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use qrs_client::fake_site::{Content, FakeSite};
use rusqlite::Connection;

use super::{
    BRIEF, MAX_WAIT, Running, SHEETS,
    endpoints::{address, ask},
    wait,
};
use crate::scanner::{Home, connection};

/// Maximum time of a page request or a shutdown on a loaded machine. The store waits for a lock much longer.
const SOON: Duration = Duration::from_secs(4);
const PAGES: &str = "http.listen = \"127.0.0.1:0\"\n";

/// An exclusive lock on the store.
fn lock(home: &Home, how: &str) -> Connection {
    let database = Connection::open(home.path("data/catalog.db")).unwrap();
    database.busy_timeout(MAX_WAIT).unwrap();
    database.execute_batch(how).unwrap();
    database
}

/// Requests the page repeatedly, until a scan is certainly waiting for the lock.
fn is_alive(address: &str) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        let asked = Instant::now();
        assert_eq!(ask(address, "GET", "/healthz").0, 200);
        assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_locked_store_delays_neither_a_page_nor_the_end() {
    // The second lock excludes readers, too.
    for how in [
        "BEGIN IMMEDIATE",
        "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE",
    ] {
        let site = FakeSite::start_in_thread();
        let home = Home::empty();
        home.write("conf/application.conf", BRIEF.to_owned() + PAGES);
        home.write("connections/qlik.conf", connection("qlik", &site));
        home.run(&["scan"]).check(0, &[]);
        fs::remove_file(home.path("connections/qlik.conf")).unwrap();
        let running = Running::start(&home);
        let address = address(&running);
        wait("ready", || ask(&address, "GET", "/readyz").0 == 200);
        let lock = lock(&home, how);
        let schedule = connection("qlik", &site) + "schedule = \"* * * * * ?\"\n";
        home.write("connections/qlik.conf", schedule);
        wait("a scan", || running.log().contains("scan started"));
        is_alive(&address);
        running.stop();
        drop(lock);
    }
}

#[test]
fn a_store_that_is_locked_during_a_scan_delays_neither_a_page_nor_the_end() {
    // More items than the queue of the store accepts.
    let content = Content::generated(50, 4_000);
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::with_site(&site);
    home.write("conf/application.conf", BRIEF.to_owned() + PAGES);
    let running = Running::start(&home);
    let address = address(&running);
    wait("items", || !site.requests_of(SHEETS).is_empty());
    let lock = lock(&home, "BEGIN IMMEDIATE");
    is_alive(&address);
    running.stop();
    drop(lock);
}
