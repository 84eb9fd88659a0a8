//! `/metrics` in the text format of Prometheus. Each page is rendered from a snapshot, so removed connections are not
//! in it. Counters start with the process; gauges show current values.

use std::collections::BTreeMap;

use jiff::Timestamp;
use metrics::{counter, describe_counter, describe_gauge, gauge, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::stored_numbers::{FollowerNumbers, StoredNumbers};
use crate::{
    service_state::{ConnectionSnapshot, FileStatus, Snapshot, is_ahead},
    store::{
        StoredScan,
        fleet::{Assignment, Fleet},
    },
};

/// The gauges, with their help texts.
const GAUGES: [(&str, &str); 19] = [
    (
        "scanner_build_info",
        "Version and name of the scanner; always 1.",
    ),
    ("process_start_time_seconds", "Start time of the process."),
    (
        "scanner_errors",
        "Number of problems with the scanner's own settings, its folder and its address; status shows them.",
    ),
    (
        "scanner_store_readable",
        "Whether the store could be read for this page: 1 or 0.",
    ),
    (
        "scanner_connection_state",
        "1 for the current state of a connection, 0 for the other states.",
    ),
    (
        "scanner_scans_running",
        "Number of running scans of this process.",
    ),
    (
        "scanner_next_scan_timestamp_seconds",
        "Time of the next scan of a connection.",
    ),
    (
        "scanner_last_scan_timestamp_seconds",
        "End time of the last scan with this outcome.",
    ),
    (
        "scanner_last_scan_duration_seconds",
        "Duration of the last scan that ended.",
    ),
    (
        "scanner_items",
        "Number of items of the last complete scan.",
    ),
    (
        "scanner_unreadable_records",
        "Number of records that the last scan that ended could not read.",
    ),
    (
        "scanner_follower_changes_behind",
        "Number of changes that a follower has not delivered yet.",
    ),
    (
        "scanner_follower_lag_seconds",
        "Age of the oldest change that the follower has not delivered yet; 0 if it has delivered all changes.",
    ),
    (
        "scanner_follower_items_refused",
        "Number of items and containers that the catalog of a follower refuses.",
    ),
    (
        "scanner_follower_last_success_timestamp_seconds",
        "Time at which a follower last delivered everything.",
    ),
    (
        "scanner_fleet_last_report_seconds",
        "How long ago a scanner that shares the store has last reported to it.",
    ),
    (
        "scanner_fleet_overdue_seconds",
        "For how long the connection has been due that waits longest for its scan by this scanner.",
    ),
    (
        "scanner_fleet_connections",
        "Number of connections that a scanner scans.",
    ),
    (
        "scanner_fleet_connection_held",
        "1 if a scanner scans the connection, 0 if none does: the scanners are lost, or their files differ.",
    ),
];

/// The gauges of scanners that share a store.
const SCANNER_LABELS: [&str; 2] = ["scanner", "host"];

/// The counters, with their help texts.
const COUNTERS: [(&str, &str); 5] = [
    (
        "scanner_log_lines_lost_total",
        "Log lines that could not be written, since the process started.",
    ),
    (
        "scanner_scans_total",
        "Scans that ended, since the process started.",
    ),
    (
        "scanner_hooks_total",
        "Runs of hooks that ended, since the process started.",
    ),
    (
        "scanner_follower_turns_total",
        "Delivery runs of followers that ended, since the process started.",
    ),
    (
        "scanner_follower_items_sent_total",
        "Items that a follower has written to its catalog, since the store has it.",
    ),
];

const STATES: [(FileStatus, &str); 3] = [
    (FileStatus::Valid, "valid"),
    (FileStatus::Error, "error"),
    (FileStatus::Disabled, "disabled"),
];
const OUTCOMES: [&str; 4] = ["complete", "partial", "failed", "interrupted"];
const ENDS: [&str; 2] = ["succeeded", "failed"];

/// Renders the page. `stored` is the data from the store, if it could be read.
pub(super) fn page(snapshot: &Snapshot, stored: Option<&StoredNumbers>) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    with_local_recorder(&recorder, || {
        for (name, help) in GAUGES {
            describe_gauge!(name, help);
        }
        for (name, help) in COUNTERS {
            describe_counter!(name, help);
        }
        add_scanner(snapshot);
        gauge!("scanner_store_readable").set(f64::from(u8::from(stored.is_some())));
        let scans = stored.map_or(&[][..], |stored| &stored.last_scans);
        let last = by_connection(scans);
        for connection in &snapshot.connections {
            let scans = last.get(connection.label.as_str());
            add_connection(connection, snapshot, scans.map_or(&[], Vec::as_slice));
        }
        of_followers(snapshot, stored);
        if let Some(fleet) = stored.and_then(|stored| stored.fleet.as_ref()) {
            of_fleet(fleet);
        }
    });
    handle.render()
}

fn add_scanner(snapshot: &Snapshot) {
    let name = snapshot.name.clone().unwrap_or_default();
    gauge!("scanner_build_info", "version" => env!("CARGO_PKG_VERSION"), "scanner" => name).set(1);
    gauge!("process_start_time_seconds").set(snapshot.started.as_duration().as_secs_f64());
    gauge!("scanner_errors").set(snapshot.errors as f64);
    let running = snapshot.connections.iter().filter(|one| one.scanning);
    gauge!("scanner_scans_running").set(running.count() as f64);
    counter!("scanner_log_lines_lost_total").absolute(snapshot.counts.log_lines_lost);
    for hook in snapshot.counts.hooks.names() {
        for end in ENDS {
            counter!("scanner_hooks_total", "hook" => hook.to_owned(), "outcome" => end)
                .absolute(snapshot.counts.hooks.get(hook, end));
        }
    }
    for follower in snapshot.counts.followers.names() {
        for end in ENDS {
            counter!("scanner_follower_turns_total", "follower" => follower.to_owned(), "outcome" => end)
                .absolute(snapshot.counts.followers.get(follower, end));
        }
    }
}

fn add_connection(connection: &ConnectionSnapshot, snapshot: &Snapshot, scans: &[&StoredScan]) {
    let label = &connection.label;
    let last = scans.iter().max_by_key(|scan| scan.id);
    let failed = last.is_some_and(|scan| scan.outcome.as_deref() == Some("failed"));
    // As in `status`: a connection is valid if its file is valid and its last scan did not fail.
    let now = match connection.state {
        FileStatus::Valid if failed => FileStatus::Error,
        state => state,
    };
    for (state, word) in STATES {
        gauge!("scanner_connection_state", "connection" => label.clone(), "state" => word)
            .set(f64::from(u8::from(state == now)));
    }
    if let Some(next) = connection.next_scan {
        gauge!("scanner_next_scan_timestamp_seconds", "connection" => label.clone())
            .set(next.as_duration().as_secs_f64());
    }
    for outcome in OUTCOMES {
        counter!("scanner_scans_total", "connection" => label.clone(), "outcome" => outcome)
            .absolute(snapshot.counts.scans.get(label, outcome));
    }
    for scan in scans {
        let (Some(outcome), Some(ended)) = (&scan.outcome, scan.ended) else {
            continue;
        };
        gauge!("scanner_last_scan_timestamp_seconds", "connection" => label.clone(), "outcome" => outcome.clone())
            .set(seconds(unless_ahead(ended, snapshot.now)));
        if outcome == "complete" {
            gauge!("scanner_items", "connection" => label.clone()).set(scan.counts.seen as f64);
        }
    }
    if let Some(scan) = last {
        gauge!("scanner_unreadable_records", "connection" => label.clone())
            .set(scan.counts.unreadable as f64);
        if let Some(ended) = scan.ended {
            gauge!("scanner_last_scan_duration_seconds", "connection" => label.clone())
                .set(seconds((ended - scan.started).max(0)));
        }
    }
}

/// Adds the numbers of the configured followers. Nothing is added if the store could not be read.
fn of_followers(snapshot: &Snapshot, stored: Option<&StoredNumbers>) {
    for follower in &snapshot.followers {
        let numbers = stored.and_then(|stored| stored.followers.get(&follower.name));
        if let Some(numbers) = numbers {
            add_follower(follower.name.to_string(), *numbers, snapshot.now);
        }
    }
}

/// Adds the scanners that share the store, and the connections that nobody scans.
fn of_fleet(fleet: &Fleet) {
    let [scanner_label, host_label] = SCANNER_LABELS;
    for scanner in &fleet.scanners {
        let labels = [
            (scanner_label, scanner.name.clone()),
            (host_label, scanner.host.clone()),
        ];
        gauge!("scanner_fleet_last_report_seconds", &labels)
            .set(scanner.since_report.as_secs_f64());
        gauge!("scanner_fleet_overdue_seconds", &labels).set(scanner.overdue.as_secs_f64());
        gauge!("scanner_fleet_connections", &labels).set(scanner.connections.len() as f64);
    }
    for connection in &fleet.connections {
        let is_held = matches!(connection.state, Assignment::Held { .. });
        gauge!("scanner_fleet_connection_held", "connection" => connection.code.clone())
            .set(f64::from(u8::from(is_held)));
    }
}

fn add_follower(name: String, numbers: FollowerNumbers, now: Timestamp) {
    let lag = numbers
        .waiting_since
        .map_or(0, |since| (now.as_millisecond() - since).max(0));
    gauge!("scanner_follower_changes_behind", "follower" => name.clone())
        .set(numbers.changes_behind as f64);
    gauge!("scanner_follower_lag_seconds", "follower" => name.clone()).set(seconds(lag));
    gauge!("scanner_follower_items_refused", "follower" => name.clone())
        .set(numbers.refused as f64);
    if let Some(succeeded) = numbers.succeeded {
        gauge!("scanner_follower_last_success_timestamp_seconds", "follower" => name.clone())
            .set(seconds(unless_ahead(succeeded, now)));
    }
    counter!("scanner_follower_items_sent_total", "follower" => name)
        .absolute(numbers.sent.unsigned_abs());
}

fn by_connection(scans: &[StoredScan]) -> BTreeMap<&str, Vec<&StoredScan>> {
    let mut by_connection: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for scan in scans {
        let of_it = by_connection.entry(scan.connection.as_str()).or_default();
        of_it.push(scan);
    }
    by_connection
}

/// The time, or 0 if it is in the future: an age computed from such a time would hide that scans fail.
fn unless_ahead(time: i64, now: Timestamp) -> i64 {
    let ahead = Timestamp::from_millisecond(time).is_ok_and(|time| is_ahead(time, now));
    if ahead { 0 } else { time }
}

/// Converts milliseconds of the store to seconds.
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_the_future_becomes_zero() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (time, expected) in [
            (999_000_000, 999_000_000),
            // A small correction of the clock.
            (1_000_030_000, 1_000_030_000),
            (2_000_000_000, 0),
        ] {
            assert_eq!(unless_ahead(time, now), expected);
        }
    }
}
