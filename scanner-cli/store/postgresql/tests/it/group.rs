//! Scanners that share a store: who may scan what.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use catalog_store::{
    backend::StoreServer,
    fleet::{Assignment, Duties, FleetScanner, ReportedConnection, ScanProgress, ScannerReport},
};
use postgresql_client::Session;
use postgresql_store::PostgresqlStore;

use crate::server::{execute, schema, store, target};

/// As if a scanner had not reported for an hour.
fn silence(name: &str) -> String {
    format!(
        "UPDATE lease SET expires = expires - interval '1 hour' WHERE holder LIKE '{name} %'; \
         UPDATE scanner SET expires = expires - interval '1 hour', reported = reported - interval '1 hour' WHERE name = '{name}'"
    )
}

fn report(name: &str, codes: &[(&str, &str)]) -> ScannerReport {
    let connections = codes.iter().map(|(code, digest)| ReportedConnection {
        code: (*code).to_owned(),
        file: format!("connections/{code}.conf"),
        digest: (*digest).to_owned(),
        is_scanning: false,
        progress: None,
    });
    ScannerReport {
        name: name.to_owned(),
        host: "host".to_owned(),
        version: "1".to_owned(),
        connections: connections.collect(),
        ..ScannerReport::default()
    }
}

#[tokio::test]
async fn a_report_that_waits_too_long_ends_and_leaves_no_statement() {
    let schema = schema();
    // Creates the store, which may take longer than the report below.
    Scanner::new(&schema, "other").report();
    let lease = Duration::from_secs(36);
    let store = PostgresqlStore::with_lease(target(&schema), "one", lease);
    store.report(&report("one", &FILES)).unwrap();
    let session = Session::open(&target(&schema)).await.unwrap();
    let lock = format!(
        "SET search_path = {schema}, pg_catalog; BEGIN; LOCK TABLE scanner IN ACCESS EXCLUSIVE MODE"
    );
    session.batch(&lock).await.unwrap();
    store.report(&report("one", &FILES)).unwrap_err();
    let begun = Instant::now();
    let sql = format!(
        "SELECT query FROM pg_stat_activity WHERE application_name = 'scanner-cli ({schema})' AND state <> 'idle'"
    );
    // In a transaction, the view does not change.
    let other = Session::open(&target(&schema)).await.unwrap();
    let own = format!("{sql} AND pid <> pg_backend_pid()");
    while let left = other.query(&own, &[]).await.unwrap()
        && !left.is_empty()
    {
        assert!(begun.elapsed() < Duration::from_secs(60), "{left:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    other.close().await;
    session.batch("COMMIT").await.unwrap();
    session.close().await;
    store.report(&report("one", &FILES)).unwrap();
}

fn codes(duties: &Duties) -> Vec<&str> {
    duties
        .connections
        .iter()
        .map(|(code, _)| code.as_str())
        .collect()
}

/// A scanner with the same three files as all others.
struct Scanner(Arc<PostgresqlStore>, &'static str);

const FILES: [(&str, &str); 3] = [("a", "1"), ("b", "1"), ("c", "1")];

impl Scanner {
    fn new(schema: &str, name: &'static str) -> Self {
        Self(Arc::new(store(schema, name)), name)
    }

    fn report(&self) -> Vec<String> {
        let duties = self.0.report(&report(self.1, &FILES)).unwrap();
        codes(&duties).into_iter().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn connections_are_spread_and_those_of_a_lost_scanner_are_taken_over() {
    let schema = schema();
    let (one, two) = (Scanner::new(&schema, "one"), Scanner::new(&schema, "two"));
    assert_eq!(one.report(), ["a", "b", "c"]);
    assert!(two.report().is_empty(), "they are still held");
    assert_eq!(one.report().len(), 2, "one is given up");
    assert_eq!(two.report().len(), 1);
    let before = one.report();
    execute(&schema, &silence("two")).await;
    assert_eq!(one.report(), ["a", "b", "c"]);
    // The other one comes back.
    assert!(two.report().is_empty());
    assert_eq!(one.report(), before);
    assert_eq!(two.report().len(), 1);
    one.0.leave().unwrap();
    assert_eq!(two.report(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_connection_is_not_taken_from_a_scanner_that_scans_it() {
    let schema = schema();
    let (one, two) = (Scanner::new(&schema, "one"), Scanner::new(&schema, "two"));
    assert_eq!(one.report(), ["a", "b", "c"]);
    let scans =
        ["a", "b", "c"].map(|code| one.0.leases().acquire(&format!("scan {code}")).unwrap());
    two.report();
    assert_eq!(one.report(), ["a", "b", "c"]);
    for scan in scans {
        scan.release().unwrap();
    }
    assert_eq!(one.report().len(), 2);
    assert_eq!(two.report().len(), 1);
    // A scan of a scanner that has lost the connection must end first.
    let mine = two.report().remove(0);
    let _scan = one.0.leases().acquire(&format!("scan {mine}")).unwrap();
    two.0.leave().unwrap();
    assert_eq!(one.report(), ["a", "b", "c"]);
}

#[tokio::test]
async fn nobody_scans_a_connection_whose_files_differ_and_the_state_names_them() {
    let schema = schema();
    let (one, two) = (store(&schema, "one"), store(&schema, "two"));
    assert_eq!(
        codes(
            &one.report(&report("one", &[("a", "1"), ("b", "1")]))
                .unwrap()
        ),
        ["a", "b"]
    );
    two.report(&report("two", &[("a", "2"), ("b", "1")]))
        .unwrap();
    assert_eq!(
        codes(
            &one.report(&report("one", &[("a", "1"), ("b", "1")]))
                .unwrap()
        ),
        ["b"]
    );
    let duties = two
        .report(&report("two", &[("a", "2"), ("b", "1")]))
        .unwrap();
    assert!(codes(&duties).is_empty());
    let fleet = one.fleet().unwrap().unwrap();
    let files = ["one", "two"].map(|name| (name.to_owned(), "connections/a.conf".to_owned()));
    let Assignment::Differs { files: found } = &fleet.connections[0].state else {
        panic!("{fleet:?}");
    };
    let mut found = found.clone();
    found.sort();
    assert_eq!(found, files);
    // They agree again.
    let duties = two
        .report(&report("two", &[("a", "1"), ("b", "1")]))
        .unwrap();
    assert_eq!(codes(&duties), ["a"]);
}

#[tokio::test]
async fn the_next_scanner_learns_when_the_last_scan_began_and_of_its_retry() {
    let schema = schema();
    let (one, two) = (store(&schema, "one"), store(&schema, "two"));
    let mut reported = report("one", &[("a", "1")]);
    one.report(&reported).unwrap();
    reported.connections[0].progress = Some(ScanProgress {
        digest: "1".to_owned(),
        since_start: Duration::from_secs(100),
        retry: Some((2, Duration::from_secs(50))),
    });
    one.report(&reported).unwrap();
    execute(&schema, &silence("one")).await;
    let duties = two.report(&report("two", &[("a", "1")])).unwrap();
    let (code, Some(progress)) = &duties.connections[0] else {
        panic!("{duties:?}");
    };
    assert_eq!((code.as_str(), progress.digest.as_str()), ("a", "1"));
    let since = progress.since_start.as_secs();
    assert!((100..160).contains(&since), "{since}");
    let (number, until) = progress.retry.unwrap();
    assert_eq!(number, 2);
    assert!((1..=50).contains(&until.as_secs()), "{until:?}");
    // What it does not know of a connection that it has not had changes nothing.
    let duties = two.report(&report("two", &[("a", "1")])).unwrap();
    assert!(duties.connections[0].1.is_some());
}

#[tokio::test]
async fn the_state_shows_all_scanners_and_those_that_are_lost() {
    let schema = schema();
    let (one, two) = (Scanner::new(&schema, "one"), Scanner::new(&schema, "two"));
    one.report();
    two.report();
    one.report();
    two.report();
    execute(&schema, &silence("one")).await;
    let fleet = two.0.fleet().unwrap().unwrap();
    let shown = |scanner: &FleetScanner| {
        let seconds = scanner.since_report.as_secs();
        (
            scanner.name.clone(),
            scanner.is_alive,
            seconds >= 3_600,
            scanner.connections.len(),
        )
    };
    let shown: Vec<_> = fleet.scanners.iter().map(shown).collect();
    let expected = [
        ("one".to_owned(), false, true, 0),
        ("two".to_owned(), true, false, 1),
    ];
    assert_eq!(shown, expected);
    let free = fleet
        .connections
        .iter()
        .filter(|one| one.state == Assignment::Free);
    assert_eq!(free.count(), 2);
    // The same scanner after a restart replaces the lost one.
    let again = Scanner::new(&schema, "one");
    again.report();
    let fleet = two.0.fleet().unwrap().unwrap();
    assert_eq!(fleet.scanners.len(), 2);
}

#[tokio::test]
async fn many_scanners_that_start_at_once_agree() {
    let schema = schema();
    let names = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9"];
    let scanners = names.map(|name| Arc::new(Scanner::new(&schema, name)));
    let round = || {
        let threads = scanners.each_ref().map(|scanner| {
            let scanner = Arc::clone(scanner);
            std::thread::spawn(move || scanner.report())
        });
        threads.map(|thread| thread.join().unwrap())
    };
    for _ in 0..3 {
        let mut all: Vec<String> = round().into_iter().flatten().collect();
        all.sort();
        all.dedup();
        assert!(all.len() <= 3);
    }
    let duties = round();
    let mut all: Vec<&String> = duties.iter().flatten().collect();
    all.sort();
    assert_eq!(all, ["a", "b", "c"], "each has one scanner");
    assert!(duties.iter().all(|of_it| of_it.len() <= 1), "{duties:?}");
}
