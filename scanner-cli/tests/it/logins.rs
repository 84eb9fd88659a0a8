//! Scans and checks that log in by each way, from the connection file to the export, and what goes wrong with each.

mod certificates;
mod documented;
mod exposed;
#[path = "../../../qrs-client/examples/shared/login_home.rs"]
mod login_home;
mod misconfigured;
mod proxies;
mod sessions;
mod tickets;
mod tokens;
mod windows;

use qrs_client::fake_site::FakeSite;

use crate::scanner::{Home, Run};

const EXPORT: &str = "export/qlik.visualization.ndjson";

/// A connection file with this URL and these settings of `connection.auth`.
pub(crate) fn file(url: &str, auth: &str) -> String {
    format!(
        "name = Q\ncode = qlik\nconnector_id = qlik-sense\nconnection.time_limits.retry = 100 ms\n\
         connection.link_url = \"https://qlik.example.com\"\nconnection {{\n  url = \"{url}\"\n  auth {{\n{auth}\n  }}\n}}\n"
    )
}

/// What a run printed.
fn printed(run: &Run) -> String {
    run.output.clone() + &run.errors
}

/// Checks and scans a home whose login works. Returns what was printed.
fn check_scan(home: &Home, site: &FakeSite, secrets: &[&str]) -> String {
    let mut text = String::new();
    for command in ["check", "scan"] {
        let run = home.run(&[command]);
        run.check(0, &[]);
        text += &printed(&run);
    }
    assert!(!home.items(EXPORT).is_empty());
    text += &printed(&home.run(&["config", "show", "qlik"]));
    check_secrets(&text, secrets);
    check_requests(site);
    text
}

/// Checks and scans a home whose login fails: both commands fail, and name the cause and the setting.
fn check_fails(home: &Home, texts: &[&str], secrets: &[&str]) -> String {
    let mut all = String::new();
    for command in ["check", "scan"] {
        let run = home.run(&[command]);
        let text = printed(&run);
        assert_eq!(run.exit, 4, "{text}");
        check_texts(&text, texts);
        check_secrets(&text, secrets);
        all += &text;
    }
    all
}

/// Checks a home whose file is in error.
fn check_refuses(home: &Home, texts: &[&str], secrets: &[&str]) {
    for arguments in [&["check", "--offline"][..], &["scan"]] {
        let run = home.run(arguments);
        let text = printed(&run);
        assert_eq!(run.exit, 3, "{text}");
        check_texts(&text, texts);
        check_secrets(&text, secrets);
    }
}

#[track_caller]
fn check_texts(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[track_caller]
fn check_secrets(text: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!text.contains(secret), "{secret:?} in:\n{text}");
    }
}

/// Whether all requests so far only read, or ended a session.
#[track_caller]
fn check_requests(site: &FakeSite) {
    for request in site.requests() {
        let (method, path) = (request.method(), request.path());
        let is_allowed = match method {
            "GET" => true,
            "POST" => path.ends_with("/table"),
            "DELETE" => path == "/qps/user",
            _ => false,
        };
        assert!(is_allowed, "{method} {path}");
    }
}

/// The lines of a PEM without its first and last one: what no text may contain.
fn body(pem: &str) -> Vec<&str> {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}
