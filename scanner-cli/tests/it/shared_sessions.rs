//! Connections of one account share a session, which can be ended after the last of them.

use std::time::{Duration, Instant};

use qrs_client::fake_site::{FakeSite, Fault, Request, TooManySessions};

use crate::scanner::{Home, connection, connection_to, session_files};

/// A home with this many connections to one site with one account.
fn home_of(site: &FakeSite, connections: usize, more: &str) -> Home {
    let home = Home::empty();
    for number in 0..connections {
        let file = connection(&format!("c{number}"), site) + more;
        home.write(&format!("connections/c{number}.conf"), file);
    }
    home
}

fn logouts(site: &FakeSite) -> Vec<Request> {
    site.requests_of("/qps/user")
}

#[test]
fn six_connections_of_one_account_use_one_session() {
    let site = FakeSite::start_in_thread();
    let home = home_of(&site, 6, "");
    home.run(&["scan"]).check(0, &["complete"]);
    assert_eq!(site.sessions_opened(), 1);
    for command in ["check", "inventory", "scan"] {
        home.run(&[command]).check(0, &[]);
    }
    assert_eq!(site.sessions_opened(), 1);
    assert_eq!(session_files(&home).len(), 1);
    let names = home.names("data");
    assert!(
        !names.iter().any(|name| name.contains("scanner")),
        "{names:?}"
    );
}

#[test]
fn another_account_or_site_has_its_own_session() {
    let site = FakeSite::builder()
        .user("ACME\\scanner")
        .user("ACME\\other")
        .start_in_thread();
    let home = home_of(&site, 2, "");
    let file = connection("c2", &site).replace("scanner\"", "other\"");
    home.write("connections/c2.conf", file);
    let elsewhere = connection_to("c3", &site.url_by("localhost"));
    home.write("connections/c3.conf", elsewhere);
    home.run(&["scan"]).check(0, &["complete"]);
    assert_eq!(site.sessions_opened(), 3);
    assert_eq!(session_files(&home).len(), 3);
}

#[test]
fn the_service_shares_sessions_too() {
    let site = FakeSite::start_in_thread();
    let home = home_of(&site, 6, "");
    let mut service = home.start(&["run"]);
    let begun = Instant::now();
    while site.requests_of("/qrs/app/object/full").len() < 6 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(50));
    }
    service.kill().unwrap();
    service.wait().unwrap();
    assert_eq!(site.sessions_opened(), 1);
}

#[test]
fn the_session_is_ended_once_after_the_last_connection() {
    for command in ["scan", "check", "inventory"] {
        let site = FakeSite::start_in_thread();
        let home = home_of(&site, 6, "connection.logout = true\n");
        home.run(&[command]).check(0, &[]);
        let ends = logouts(&site);
        assert_eq!(ends.len(), 1, "{command}");
        assert_eq!(ends[0].method(), "DELETE");
        assert!(ends[0].header("X-Qlik-Xrfkey").is_some());
        assert_eq!(site.requests().last(), ends.last(), "{command}");
        assert_eq!(site.sessions_opened(), 1, "{command}");
        assert_eq!(session_files(&home), Vec::<String>::new(), "{command}");
        home.run(&[command]).check(0, &[]);
        assert_eq!(site.sessions_opened(), 2, "{command}");
    }
}

#[test]
fn the_service_ends_the_session_after_a_scan() {
    let site = FakeSite::start_in_thread();
    let home = home_of(&site, 2, "connection.logout = true\n");
    let mut service = home.start(&["run"]);
    let begun = Instant::now();
    while logouts(&site).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(50));
    }
    service.kill().unwrap();
    service.wait().unwrap();
}

#[test]
fn without_the_setting_no_session_is_ended() {
    let site = FakeSite::start_in_thread();
    home_of(&site, 2, "").run(&["scan"]).check(0, &[]);
    home_of(&site, 1, "connection.logout = false\n")
        .run(&["scan"])
        .check(0, &[]);
    assert!(logouts(&site).is_empty());
}

#[test]
fn a_session_that_cannot_be_ended_causes_a_warning() {
    let site = FakeSite::start_in_thread();
    site.fail(Fault::status(404).on("/qps/user"));
    let home = home_of(&site, 1, "connection.logout = true\n");
    let texts = [
        "complete",
        "the session could not be ended (`connection.logout`)",
        "/qps/user",
    ];
    home.run(&["scan"]).check(0, &texts);
    let check = home.run(&["check"]);
    assert_eq!(check.exit, 0);
    assert!(
        check.output.contains("could not be ended"),
        "{}",
        check.output
    );
}

#[test]
fn too_many_sessions_are_explained() {
    for answer in [
        TooManySessions::RedirectToPage,
        TooManySessions::ForbidWithReason,
    ] {
        let builder = FakeSite::builder().too_many_sessions(answer);
        let site = builder.start_in_thread();
        for _ in 0..5 {
            Home::with_site(&site).run(&["check"]).check(0, &[]);
        }
        let home = Home::with_site(&site);
        let texts = [
            "the account has too many open sessions",
            "30 minutes",
            "connection.logout = true",
        ];
        home.run(&["scan"]).check(4, &texts);
        let check = home.run(&["check"]);
        assert_eq!(check.exit, 4);
        for text in texts {
            assert!(
                check.output.contains(text),
                "no {text:?} in:\n{}",
                check.output
            );
        }
    }
}
