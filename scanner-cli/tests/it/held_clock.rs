//! The schedule with a clock that the test controls.

use std::{
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use qrs_client::fake_site::{FakeSite, Fault};
use scanner_cli::Environment;

use crate::scanner::{Home, connection};

/// All tests share one clock, so only one runs at a time.
static ALONE: Mutex<()> = Mutex::new(());
static NOW: AtomicI64 = AtomicI64::new(0);

fn clock() -> Timestamp {
    Timestamp::from_second(NOW.load(Ordering::Relaxed)).unwrap()
}

fn set(time: &str) {
    let time: Timestamp = time.parse().unwrap();
    NOW.store(time.as_second(), Ordering::Relaxed);
}

/// Runs `run` in this process while `test` runs.
fn beside(home: &Home, test: impl FnOnce()) {
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let arguments = ["scanner-cli", "run", "--home"].map(Into::into);
    let arguments = arguments.into_iter().chain([home.path("").into()]);
    let environment = Environment {
        variables: [].into(),
        home: None,
        input: Box::new(io::empty()),
        is_interactive: false,
        output: Box::new(io::sink()),
        errors: Box::new(io::sink()),
        screen: None,
        terminal: false,
        clock,
        zone: jiff::tz::TimeZone::UTC,
    };
    let scanner = thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            tokio::select! {
                exit = scanner_cli::run(arguments, environment) => panic!("it ended: {exit:?}"),
                _ = ended => {}
            }
        });
    });
    test();
    drop(end);
    scanner.join().unwrap();
}

fn scans(home: &Home) -> usize {
    let ended = |line: &&str| line.contains("\"complete\"");
    let run = home.run(&["catalog", "scans", "--format", "ndjson"]);
    run.output.lines().filter(ended).count()
}

/// Checks that there are this many scans, and no more.
fn check(home: &Home, expected: usize, next: &str) {
    let begun = Instant::now();
    let is_so = || {
        let state = std::fs::read_to_string(home.path("data/status.json")).unwrap_or_default();
        scans(home) == expected && state.contains(next) && state.contains("\"scanning\": false")
    };
    while !is_so() {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "no scan {expected}, next {next}"
        );
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(150));
    assert_eq!(scans(home), expected);
}

#[test]
fn a_schedule_is_followed_and_missed_scans_run_once() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "conf/application.conf",
        "automation { synchronize = \"0 0 2 * * ?\", time_zone = \"Europe/Berlin\", look_interval = 50 ms }",
    );
    set("2026-11-24T12:00:00Z");
    beside(&home, || {
        check(&home, 1, "2026-11-25T01:00:00.000Z");
        set("2026-11-25T00:59:59Z");
        check(&home, 1, "2026-11-25T01:00:00.000Z");
        set("2026-11-25T01:00:00Z");
        check(&home, 2, "2026-11-26T01:00:00.000Z");
        set("2026-11-28T09:00:00Z");
        check(&home, 3, "2026-11-29T01:00:00.000Z");
    });
    // A scan that was not missed is not repeated.
    set("2026-11-28T23:00:00Z");
    beside(&home, || check(&home, 3, "2026-11-29T01:00:00.000Z"));
    set("2026-12-05T12:00:00Z");
    beside(&home, || {
        check(&home, 4, "2026-12-06T01:00:00.000Z");
        // Without an expression, a scan runs 24 hours after the last one.
        home.write("conf/application.conf", "automation.look_interval = 50 ms");
        check(&home, 4, "2026-12-06T12:00:00.000Z");
        set("2026-12-06T12:00:00Z");
        check(&home, 5, "2026-12-07T12:00:00.000Z");
        home.write(
            "connections/qlik.conf",
            connection("qlik", &site) + "schedule = \"0 30 * * * ?\"",
        );
        check(&home, 6, "2026-12-06T12:30:00.000Z");
    });
}

#[test]
fn without_a_schedule_scans_run_every_24_hours_whatever_the_clock_shows() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("conf/application.conf", "automation.look_interval = 50 ms");
    set("2026-11-24T12:00:00Z");
    beside(&home, || {
        check(&home, 1, "2026-11-25T12:00:00.000Z");
        set("2026-11-25T08:00:00Z");
        // A change of other settings postpones nothing.
        home.write("conf/application.conf", "parallel = ");
        check(&home, 1, "has no value");
        let other = "automation { look_interval = 50 ms, parallel = 2 }";
        home.write("conf/application.conf", other);
        check(&home, 1, "\"error\": null,\n  \"overdue\"");
        set("2026-11-25T11:59:59Z");
        check(&home, 1, "2026-11-25T12:00:00.000Z");
        set("2026-11-25T12:00:00Z");
        check(&home, 2, "2026-11-26T12:00:00.000Z");
    });
    // Neither does a restart. Of three missed scans, one runs.
    set("2026-11-26T11:59:59Z");
    beside(&home, || {
        check(&home, 2, "2026-11-26T12:00:00.000Z");
        set("2026-11-29T15:00:00Z");
        check(&home, 3, "2026-11-30T15:00:00.000Z");
    });
}

#[test]
fn a_clock_that_was_ahead_stops_no_schedule() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (schedule, next) in [
        ("", "2026-11-25T12:00:00.000Z"),
        ("synchronize = \"0 0 2 * * ?\"", "2026-11-25T02:00:00.000Z"),
    ] {
        let site = FakeSite::start_in_thread();
        let home = Home::with_site(&site);
        let automation =
            format!("automation {{ look_interval = 50 ms, time_zone = UTC\n{schedule} }}");
        home.write("conf/application.conf", automation);
        set("2040-05-01T12:00:00Z");
        beside(&home, || {
            check(&home, 1, "2040-05-02T");
            // While it runs.
            set("2026-11-24T12:00:00Z");
            check(&home, 2, next);
            set("2041-05-01T12:00:00Z");
            check(&home, 3, "2041-05-02T");
        });
        // Across a restart. The real clock is earlier than that scan, too.
        let status = home.run(&["status"]);
        assert!(
            status
                .output
                .contains("the last scan has the date 2041-05-01T12:00:00Z"),
            "{}",
            status.output
        );
        set("2026-11-24T12:00:00Z");
        beside(&home, || check(&home, 4, next));
        beside(&home, || check(&home, 4, next));
    }
}

#[test]
fn a_file_whose_schedule_was_over_on_a_clock_that_was_ahead_is_read_again() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let site = FakeSite::start_in_thread();
    let file = connection("qlik", &site) + "schedule = \"0 0 0 1 1 ? 2030\"\n";
    let home = Home::with(&file);
    home.write("conf/application.conf", "automation.look_interval = 50 ms");
    set("2040-05-01T12:00:00Z");
    beside(&home, || {
        check(&home, 0, "is not a valid schedule");
        set("2026-11-24T12:00:00Z");
        check(&home, 1, "2030-01-01T");
    });
}

#[test]
fn a_small_correction_of_the_clock_scans_nothing_twice() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("conf/application.conf", "automation.look_interval = 50 ms");
    set("2026-11-24T12:00:00Z");
    beside(&home, || {
        check(&home, 1, "2026-11-25T12:00:00.000Z");
        set("2026-11-24T11:59:30Z");
        check(&home, 1, "2026-11-25T11:59:30.000Z");
        set("2026-11-24T12:30:00Z");
        check(&home, 1, "2026-11-25T11:59:30.000Z");
        // Later than the last scan: nothing is unknown.
        set("2026-11-24T12:10:00Z");
        check(&home, 1, "2026-11-25T12:00:00.000Z");
    });
}

/// Waits until this many scans have failed and the next one is at this time. Returns `data/status.json`.
fn check_failed(home: &Home, expected: usize, next: &str) -> String {
    let begun = Instant::now();
    loop {
        let state = std::fs::read_to_string(home.path("data/status.json")).unwrap_or_default();
        let failed = || {
            let run = home.run(&["catalog", "scans", "--format", "ndjson"]);
            run.output.matches("\"failed\"").count()
        };
        if state.contains(next) && state.contains("\"scanning\": false") && failed() == expected {
            return state;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "no failure {expected}, next {next}: {state}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// A connection whose requests are not retried for long.
fn impatient(site: &FakeSite) -> String {
    connection("qlik", site) + "connection.time_limits.retry = 1 ms\n"
}

#[test]
fn a_temporary_failure_is_repeated_sooner_than_scheduled() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let site = FakeSite::start_in_thread();
    site.fail(Fault::status(503));
    let home = Home::with(&impatient(&site));
    home.write("conf/application.conf", "automation.look_interval = 50 ms");
    set("2026-11-24T12:00:00Z");
    beside(&home, || {
        let state = check_failed(&home, 1, "2026-11-24T12:01:00.000Z");
        assert!(state.contains("\"retry\": 1"), "{state}");
        set("2026-11-24T12:01:00Z");
        check_failed(&home, 2, "2026-11-24T12:06:00.000Z");
        let status = home.run(&["status"]).output;
        assert!(
            status.contains("2026-11-24T12:06:00.000Z (retry 2)"),
            "{status}"
        );
    });
    // A restart continues the repetitions.
    set("2026-11-24T12:02:00Z");
    beside(&home, || {
        check_failed(&home, 2, "2026-11-24T12:06:00.000Z");
        set("2026-11-24T12:06:00Z");
        check_failed(&home, 3, "2026-11-24T12:21:00.000Z");
        set("2026-11-24T12:21:00Z");
        check_failed(&home, 4, "2026-11-24T13:21:00.000Z");
        set("2026-11-24T13:21:00Z");
        // All are used up.
        let state = check_failed(&home, 5, "2026-11-25T13:21:00.000Z");
        assert!(state.contains("\"retry\": null"), "{state}");
        set("2026-11-25T13:21:00Z");
        check_failed(&home, 6, "2026-11-25T13:22:00.000Z");
        site.heal();
        set("2026-11-25T13:22:00Z");
        check(&home, 1, "2026-11-26T13:22:00.000Z");
        // After a success, the delays restart.
        site.fail(Fault::status(502));
        set("2026-11-26T13:22:00Z");
        check_failed(&home, 7, "2026-11-26T13:23:00.000Z");
    });
}

#[test]
fn refused_credentials_are_not_repeated_and_repetition_can_be_set_and_turned_off() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (delays, status, next) in [
        ("", 401, "2026-11-25T12:00:00.000Z"),
        ("", 403, "2026-11-25T12:00:00.000Z"),
        (
            "automation.retry_after = []",
            503,
            "2026-11-25T12:00:00.000Z",
        ),
        (
            "automation.retry_after = [90 s]",
            503,
            "2026-11-24T12:01:30.000Z",
        ),
        // The scheduled time comes first.
        (
            "automation { retry_after = [20 m], synchronize = \"0 0/10 * * * ?\" }",
            503,
            "2026-11-24T12:10:00.000Z",
        ),
    ] {
        let site = FakeSite::start_in_thread();
        site.fail(Fault::status(status));
        let home = Home::with(&impatient(&site));
        let settings = format!("automation.look_interval = 50 ms\n{delays}\n");
        home.write("conf/application.conf", settings);
        set("2026-11-24T12:00:00Z");
        beside(&home, || drop(check_failed(&home, 1, next)));
    }
}
