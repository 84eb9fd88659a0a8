//! Lists and counts are requested at once, within `connection.parallel`.

use std::time::Duration;

use catalog_model::{Completeness, ScanError};
use qrs_client::fake_site::{EndedSession, FakeSite, Fault, Point};
use tokio::time::timeout;

use crate::site::{Scan, connect, scan};

const ABOUT: &str = "/qrs/about";
const APPS: &str = "/qrs/app/full";
const USERS: &str = "/qrs/user/full";
const SHEETS: &str = "/qrs/app/object/full";
const APP_COUNT: &str = "/qrs/app/count";
const USER_COUNT: &str = "/qrs/user/count";
const SHEET_COUNT: &str = "/qrs/app/object/count";

/// What a scan requests with `connection.parallel = 1`.
const ONE_BY_ONE: [&str; 10] = [
    ABOUT,
    APP_COUNT,
    APPS,
    APP_COUNT,
    USER_COUNT,
    USERS,
    USER_COUNT,
    SHEET_COUNT,
    SHEETS,
    SHEET_COUNT,
];

/// Only requests other than the first one, which opens the session.
fn except_about(fault: Fault) -> Fault {
    fault.when(|request| request.path() != ABOUT)
}

/// Scans, and fails if the scan hangs.
async fn scan_with(site: &FakeSite, more: &[(&str, &str)]) -> Scan {
    let connection = connect(site, more);
    let scan = timeout(Duration::from_secs(120), scan(connection.as_ref()));
    scan.await.expect("a request waits for ever")
}

fn paths(site: &FakeSite) -> Vec<String> {
    let requests = site.requests();
    requests.iter().map(|one| one.path().to_owned()).collect()
}

fn is_complete(scan: &Scan) -> bool {
    matches!(scan.closing, Ok(Completeness::Complete))
}

/// With a site that takes a second for each answer, this scan takes two: one for each round.
#[tokio::test]
async fn a_scan_takes_two_rounds_of_requests() {
    for (more, requests) in [
        (&[][..], 6),
        (&[("connection.contacts.email_attributes", "[]")][..], 4),
        (&[("connection.verify_counts", "false")][..], 3),
    ] {
        let site = FakeSite::start().await;
        // No request of the second round is answered before all of them have arrived.
        site.fail(except_about(Fault::together(requests)));
        let scan = scan_with(&site, more).await;
        assert!(is_complete(&scan), "{:?}", scan.closing);
        assert_eq!(scan.seen.items.len(), 53);
        let paths = paths(&site);
        assert_eq!(paths[0], ABOUT);
        assert_eq!(paths.len(), 1 + requests, "{paths:?}");
        assert_eq!(site.most_requests_at_once(), requests);
        assert_eq!(site.sessions_opened(), 1);
    }
}

#[tokio::test]
async fn only_a_count_that_differs_from_its_list_is_requested_again() {
    for (list, count) in [
        (APPS, APP_COUNT),
        (USERS, USER_COUNT),
        (SHEETS, SHEET_COUNT),
    ] {
        let site = FakeSite::start().await;
        site.fail(Fault::count_off_by(1).on(count).times(1));
        let scan = scan_with(&site, &[]).await;
        assert!(is_complete(&scan), "{list}: {:?}", scan.closing);
        for each in [APP_COUNT, USER_COUNT, SHEET_COUNT] {
            let expected = if each == count { 2 } else { 1 };
            assert_eq!(site.requests_of(each).len(), expected, "{list}: {each}");
        }
        let paths = paths(&site);
        let read = paths.iter().position(|path| path == list).unwrap();
        let counted = paths.iter().rposition(|path| path == count).unwrap();
        assert!(read < counted, "{paths:?}");
    }
}

#[tokio::test]
async fn the_range_of_both_counts_decides_if_they_differ() {
    let site = FakeSite::start().await;
    site.fail(Fault::count_off_by(2).on(SHEET_COUNT).times(1));
    site.fail(Fault::count_off_by(1).on(SHEET_COUNT).after(1));
    let scan = scan_with(&site, &[]).await;
    let Ok(Completeness::Partial(reasons)) = scan.closing else {
        panic!("{:?}", scan.closing);
    };
    assert_eq!(
        reasons,
        ["53 sheets were read, but the site counted 55, then 54"]
    );
}

#[tokio::test]
async fn one_at_a_time_is_the_order_of_reading_with_two_counts() {
    let site = FakeSite::start().await;
    let scan = scan_with(&site, &[("connection.parallel", "1")]).await;
    assert!(is_complete(&scan));
    assert_eq!(paths(&site), ONE_BY_ONE);
    assert_eq!(site.most_requests_at_once(), 1);
}

/// A site whose lists of users and of sheets do not fit into sockets and buffers, and whose first counts are wrong.
async fn large_site() -> FakeSite {
    let site = FakeSite::start().await;
    let text = "x".repeat(100_000);
    let user = format!(r#"{{"id":"u-{{n}}","userId":"u","name":"{text}"}},"#);
    let last = r#"{"id":"last","userId":"u"}]"#;
    site.fail(Fault::repeated("[", user, 199, last).on(USERS));
    let app = site.content().apps[0]["id"].as_str().unwrap().to_owned();
    let start = r#"{"objectType":"sheet","name":"S","app":{"id":"APP"},"#.replace("APP", &app);
    let sheet =
        format!(r#"{start}"id":"s-{{n}}","engineObjectId":"e-{{n}}","description":"{text}"}},"#);
    let last = format!(r#"{start}"id":"last","engineObjectId":"last"}}]"#);
    site.fail(Fault::repeated("[", sheet, 199, last).on(SHEETS));
    for count in [USER_COUNT, SHEET_COUNT] {
        site.fail(Fault::body("201").on(count).times(1));
        site.fail(Fault::body("200").on(count));
    }
    site.fail(Fault::count_off_by(1).on(APP_COUNT).times(1));
    site
}

/// Lists that wait never take the room of the list that is read, of its second count, or of a try.
#[tokio::test]
async fn at_most_as_many_requests_as_allowed_are_in_flight() {
    for parallel in [1, 2, 3, 6] {
        let site = large_site().await;
        site.fail(except_about(Fault::together(parallel).times(parallel)));
        site.fail(Fault::delay(Duration::from_millis(20)));
        site.fail(Fault::status(503).on(APPS).times(1));
        let number = parallel.to_string();
        let scan = scan_with(&site, &[("connection.parallel", &number)]).await;
        assert!(is_complete(&scan), "{parallel}: {:?}", scan.closing);
        assert_eq!(scan.seen.items.len(), 200);
        assert_eq!(site.most_requests_at_once(), parallel);
        assert_eq!(site.requests_of(SHEET_COUNT).len(), 2);
        assert_eq!(site.sessions_opened(), 1);
    }
}

#[tokio::test]
async fn after_a_list_that_breaks_requests_are_sent_one_by_one() {
    for list in [APPS, USERS, SHEETS] {
        let site = FakeSite::start().await;
        site.fail(Fault::cut(Point::Records(5)).on(list).times(1));
        let scan = scan_with(&site, &[]).await;
        assert!(is_complete(&scan), "{:?}", scan.closing);
        assert_eq!(scan.seen.restarts.len(), 1);
        assert_eq!(scan.seen.items.len(), 53);
        let paths = paths(&site);
        let again = paths.iter().rposition(|path| path == ABOUT).unwrap();
        assert_eq!(paths[again..], ONE_BY_ONE, "{list}");
    }
}

#[tokio::test]
async fn a_list_that_does_not_begin_beside_others_is_requested_alone() {
    let site = FakeSite::start().await;
    site.fail(Fault::silence().on(SHEETS).times(1));
    let limit = [("connection.time_limits.first_byte", "3 s")];
    let scan = scan_with(&site, &limit).await;
    assert!(is_complete(&scan), "{:?}", scan.closing);
    let [restart] = scan.seen.restarts.as_slice() else {
        panic!("{:?}", scan.seen.restarts);
    };
    assert!(restart.contains("did not begin its response"), "{restart}");
    let paths = paths(&site);
    assert_eq!(paths[paths.len() - 10..], ONE_BY_ONE);
}

#[tokio::test]
async fn the_first_list_that_fails_is_the_reason() {
    let site = FakeSite::start().await;
    // The sheets fail before the apps do.
    site.fail(Fault::status(403).on(SHEETS));
    site.fail(Fault::status(403).on(USERS));
    site.fail(Fault::delay(Duration::from_millis(300)).on(APPS));
    site.fail(Fault::status(403).on(APPS));
    let Err(ScanError::Source { step, .. }) = scan_with(&site, &[]).await.closing else {
        panic!("the apps are refused");
    };
    assert_eq!(step, "reading the list of apps");
}

#[tokio::test]
async fn a_session_that_ends_under_several_requests_is_renewed_once() {
    for ended in EndedSession::ALL {
        let site = FakeSite::builder().ended_session(ended).start().await;
        // All six have been sent when the session ends, and none is answered before.
        site.fail(except_about(Fault::together(6).times(6)));
        site.fail(except_about(Fault::end_sessions().times(1)));
        let scan = scan_with(&site, &[]).await;
        assert!(is_complete(&scan), "{ended:?}: {:?}", scan.closing);
        let opened = site.sessions_opened();
        match ended {
            // That site opens a session for each request that carries an ended one, up to five.
            EndedSession::AuthenticateAgain => assert!((2..=6).contains(&opened), "{opened}"),
            _ => assert_eq!(opened, 2, "{ended:?}"),
        }
        assert!(scan.seen.restarts.is_empty(), "{:?}", scan.seen.restarts);
    }
}

#[tokio::test]
async fn the_counts_of_a_check_are_requested_at_once() {
    let site = FakeSite::start().await;
    site.fail(except_about(Fault::together(3)));
    let connection = connect(&site, &[]);
    let check = timeout(Duration::from_secs(120), connection.check());
    let stages = check.await.unwrap();
    assert!(
        stages
            .iter()
            .all(|stage| stage.name != "rights" || stage.seen.contains("12 apps"))
    );
    assert_eq!(site.requests().len(), 4);
}

#[tokio::test]
async fn a_search_requests_objects_and_apps_at_once_if_it_may() {
    for (parallel, at_once) in [("1", 1), ("2", 2)] {
        let site = FakeSite::start().await;
        site.fail(except_about(Fault::together(at_once).times(at_once)));
        let connection = connect(&site, &[("connection.parallel", parallel)]);
        let lookup = connection.lookup().unwrap();
        let found = timeout(Duration::from_secs(120), lookup.find("Sales Overview"));
        assert!(!found.await.unwrap().unwrap().is_empty());
        assert_eq!(site.most_requests_at_once(), at_once);
    }
}
