//! `check`: the failing stage of a connection, and what to do.

use qrs_client::fake_site::{Account, Entity, FakeProxy, FakeSite, Fault, Gateway, ReservedPort};
use serde_json::Value;

use crate::{
    scanner::{Home, connection, connection_to, url_at, with_slashes},
    secure::{secure, with_store},
};

const STAGES: [&str; 10] = [
    "connection file",
    "trust store",
    "name resolution",
    "tcp",
    "proxy",
    "tls",
    "virtual proxy",
    "authentication",
    "xrfkey and /qrs/about",
    "rights",
];

/// Checks a home with one connection: the stage that fails, or none, and the stages that are warned about.
fn check(home: &Home, exit: i32, failed: Option<&str>, warned: &[&str]) -> String {
    let run = home.run(&["check", "--format", "json"]);
    let json: Value = serde_json::from_str(&run.output).unwrap();
    let stages = json["connections"][0]["stages"].as_array().unwrap();
    let names: Vec<_> = stages
        .iter()
        .map(|stage| stage["stage"].as_str().unwrap())
        .collect();
    assert_eq!(names, STAGES);
    let mut reached = true;
    for stage in stages {
        let name = stage["stage"].as_str().unwrap();
        let expected = match name {
            _ if !reached => "not reached",
            name if failed == Some(name) => "failed",
            name if warned.contains(&name) => "warning",
            _ => "ok",
        };
        assert_eq!(stage["verdict"], expected, "{stage}");
        reached &= failed != Some(name);
        let has_text = !stage["seen"].as_str().unwrap().is_empty();
        assert_eq!(has_text, expected != "not reached", "{stage}");
        if expected == "failed" {
            assert!(stage["hint"].is_string(), "{stage}");
        }
    }
    assert_eq!(run.exit, exit, "{}{}", run.output, run.errors);
    let text = home.run(&["check"]);
    assert_eq!(text.exit, exit);
    text.output
}

#[test]
fn a_good_connection_passes_every_stage() {
    let site = FakeSite::start_in_thread();
    let text = check(&Home::with_site(&site), 0, None, &["tls"]);
    for seen in [
        "127.0.0.1",
        "not set",
        "version 14.20.5.0",
        "12 apps, 53 sheets, 10 users are visible",
    ] {
        assert!(text.contains(seen), "no {seen:?} in:\n{text}");
    }
}

#[test]
fn checks_and_scans_use_one_session() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    for _ in 0..5 {
        home.run(&["check"]).check(0, &[]);
        home.run(&["scan"]).check(0, &[]);
    }
    assert_eq!(site.sessions_opened(), 1);
}

#[test]
fn a_session_that_the_site_does_not_keep_causes_a_warning() {
    for (gateway, cause) in [
        (Gateway::StripsSetCookie, "no session cookie"),
        (
            Gateway::StripsCookie,
            "a new session cookie with each response",
        ),
        (
            Gateway::JoinsSetCookie,
            "a new session cookie with each response",
        ),
    ] {
        let site = FakeSite::builder().gateway(gateway).start_in_thread();
        let home = Home::with_site(&site);
        let run = home.run(&["check"]);
        run.check(0, &[]);
        for text in [cause, "five sessions", "Set-Cookie"] {
            assert!(run.output.contains(text), "no {text:?} in:\n{}", run.output);
        }
        site.expire_sessions();
        let json = home.run(&["check", "--format", "json"]).output;
        let json: Value = serde_json::from_str(&json).unwrap();
        let stages = json["connections"][0]["stages"].as_array().unwrap();
        let stage = stages
            .iter()
            .find(|stage| stage["stage"] == "authentication");
        assert_eq!(stage.unwrap()["verdict"], "warning");
    }
    for gateway in [Gateway::AddsCookies, Gateway::RotatesCookie] {
        let site = FakeSite::builder().gateway(gateway).start_in_thread();
        check(&Home::with_site(&site), 0, None, &["tls"]);
        assert_eq!(site.sessions_opened(), 1);
    }
}

#[test]
fn a_scan_that_is_refused_because_its_session_is_not_kept_reports_it() {
    for gateway in [Gateway::StripsSetCookie, Gateway::StripsCookie] {
        let site = FakeSite::builder().gateway(gateway).start_in_thread();
        // One by one, so that the same request is always the first one without a session.
        let file = connection_to("qlik", &site.url()) + "connection.parallel = 1\n";
        let run = Home::with(&file).run(&["scan"]);
        run.check(
            4,
            &["the session is not kept", "five sessions", "Set-Cookie"],
        );
        let advice = "did not accept the header";
        assert!(!run.output.contains(advice), "{}", run.output);
        assert!(!run.errors.contains(advice), "{}", run.errors);
    }
}

#[test]
fn the_first_failing_stage_ends_the_check() {
    let home = Home::with(&connection_to("qlik", "https://qlik.invalid/header"));
    check(&home, 4, Some("name resolution"), &[]);
    let closed = ReservedPort::new();
    check(
        &Home::with(&connection_to("qlik", &url_at(&closed))),
        4,
        Some("tcp"),
        &[],
    );
    let plain = FakeSite::start_in_thread();
    let url = plain.url().replace("http:", "https:");
    check(
        &Home::with(&connection_to("qlik", &url)),
        4,
        Some("tls"),
        &[],
    );
    // The operating system does not trust the site's CA.
    check(&Home::with_site(&secure()), 4, Some("tls"), &[]);
}

#[test]
fn responses_of_the_site_are_reported_by_stage() {
    for (fault, stage) in [
        (Fault::wrong_prefix_page(), "virtual proxy"),
        (Fault::login_page(), "virtual proxy"),
        (Fault::status(500), "virtual proxy"),
        (
            Fault::redirect_to_login(qrs_client::fake_site::LoginWay::Form),
            "authentication",
        ),
        (Fault::status(403).with_body("Forbidden"), "authentication"),
        (
            Fault::status(403).with_body("XSRF prevention check failed."),
            "xrfkey and /qrs/about",
        ),
        (Fault::status(403).on("/qrs/app/count"), "rights"),
    ] {
        let site = FakeSite::start_in_thread();
        site.fail(fault);
        check(&Home::with_site(&site), 4, Some(stage), &["tls"]);
    }
}

#[test]
fn missing_rights_cause_a_warning_with_the_rule() {
    let account = || Account::new("ACME\\scanner");
    for account in [
        account().without_rights(),
        account().forbidden(Entity::User),
    ] {
        let site = FakeSite::builder().account(account).start_in_thread();
        let text = check(&Home::with_site(&site), 0, None, &["tls", "rights"]);
        assert!(
            text.contains("App_*,App.Object_*,Stream_*,User_*"),
            "{text}"
        );
    }
}

#[test]
fn a_proxy_that_does_not_connect_is_reported_as_the_cause() {
    let site = secure();
    let proxy = FakeProxy::builder().basic_auth("u", "p").start_in_thread();
    let settings = |more: &str| {
        let port = proxy.address().port();
        format!("proxy {{ scheme = http, hostname = localhost, port = {port}{more} }}\n")
    };
    let home = |more: &str| with_store(&site, "root.pem", &settings(more));
    let text = check(&home(""), 4, Some("proxy"), &[]);
    assert!(text.contains("407"), "{text}");
    check(
        &home(", username = u, password = wrong"),
        4,
        Some("proxy"),
        &[],
    );
    check(&home(", username = u, password = p"), 0, None, &[]);
    proxy.refuse(403);
    check(&home(", username = u, password = p"), 4, Some("proxy"), &[]);
    let closed = ReservedPort::new();
    let dead = format!(
        "proxy {{ scheme = http, hostname = localhost, port = {} }}\n",
        closed.number()
    );
    check(&with_store(&site, "root.pem", &dead), 4, Some("tcp"), &[]);
}

#[test]
fn an_unusable_file_or_trust_store_ends_the_check() {
    let site = secure();
    check(
        &Home::with(&(connection("qlik", &site) + "a = ")),
        3,
        Some("connection file"),
        &[],
    );
    let text = check(
        &with_store(&site, "openssl.p12", ""),
        3,
        Some("trust store"),
        &[],
    );
    assert!(
        with_slashes(&text).contains("connections/qlik.conf:"),
        "{text}"
    );
    let home = Home::with(&connection("qlik", &site));
    home.write("connections/bad.conf", "a = ");
    assert_eq!(home.run(&["check"]).exit, 4);
}

#[test]
fn an_invalid_application_file_fails_the_check_but_not_the_stages_of_a_site() {
    let site = FakeSite::start_in_thread();
    let home = Home::with(&connection("demo", &site));
    home.write("conf/application.conf", "store.keep_changes_days = never\n");
    for arguments in [&["check"][..], &["check", "demo"]] {
        let run = home.run(arguments);
        assert_eq!(run.exit, 3, "{}", run.errors);
        assert!(run.errors.contains("application.conf:1"), "{}", run.errors);
        assert!(run.output.contains("rights"), "{}", run.output);
    }
}
