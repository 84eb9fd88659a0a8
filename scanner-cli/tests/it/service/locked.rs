//! A store that another process has locked while the service scans.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use qrs_client::fake_site::{Content, FakeSite};
use rusqlite::Connection;

use super::{
    BRIEF, PATIENCE, Running, SHEETS,
    endpoints::{address, ask},
    wait,
};
use crate::scanner::{Home, connection};

/// The longest that a page or the end of the service may take on a loaded machine: far less than the store waits for a lock.
const SOON: Duration = Duration::from_secs(4);
const PAGES: &str = "http.listen = \"127.0.0.1:0\"\n";

/// A lock on the store that no other process gets past.
fn lock(home: &Home, how: &str) -> Connection {
    let database = Connection::open(home.path("data/catalog.db")).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    database.execute_batch(how).unwrap();
    database
}

/// Asks the page for as long as a scan needs to wait for the lock for certain.
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
    // The second one keeps readers out, too.
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
    // More items than what may wait for the store.
    let content = Content::generated(50, 4_000);
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::of(&site);
    home.write("conf/application.conf", BRIEF.to_owned() + PAGES);
    let running = Running::start(&home);
    let address = address(&running);
    wait("items", || !site.requests_of(SHEETS).is_empty());
    let lock = lock(&home, "BEGIN IMMEDIATE");
    is_alive(&address);
    running.stop();
    drop(lock);
}
