//! Scans that log in by each way, from the connection file to the export.

use qrs_client::fake_site::{Authority, FakeSite, JwtLogin};

use crate::scanner::Home;

const EXPORT: &str = "export/qlik.visualization.ndjson";

/// A connection file with this URL and these settings of `connection.auth`.
fn file(url: &str, auth: &str) -> String {
    format!(
        "name = Q\ncode = qlik\nconnector_id = qlik-sense\nconnection.time_limits.retry = 100 ms\n\
         connection.link_url = \"https://qlik.example.com\"\nconnection {{\n  url = \"{url}\"\n  auth {{\n{auth}\n  }}\n}}\n"
    )
}

/// Checks and scans a home, and returns what was printed.
fn check_scan(home: &Home) -> String {
    let check = home.run(&["check"]);
    check.check(0, &[]);
    let scan = home.run(&["scan"]);
    scan.check(0, &[]);
    assert!(!home.items(EXPORT).is_empty());
    check.output + &check.errors + &scan.output + &scan.errors
}

#[test]
fn a_scan_by_client_certificate() {
    let authority = Authority::new();
    let site = FakeSite::builder().repository(&authority).start_in_thread();
    let client = authority.client();
    let auth =
        "certificate = conf/client.pem\nkey = conf/client_key.pem\nuser = \"ACME\\\\scanner\"";
    let home =
        Home::with(&(file(&site.repository_url(), auth) + "tls.truststore.path = conf/root.pem\n"));
    home.write("conf/client.pem", &client.certificate);
    home.write("conf/client_key.pem", &client.key);
    home.write("conf/root.pem", authority.pem());
    let printed = check_scan(&home);
    assert!(printed.contains("accepts `CN=QlikClient`"), "{printed}");

    let expired = authority.expired_client();
    home.write("conf/client.pem", &expired.certificate);
    home.write("conf/client_key.pem", &expired.key);
    home.run(&["check"]).check(4, &[]);
}

#[test]
fn a_scan_with_tokens_that_it_signs() {
    let issued = Authority::new().client();
    let site = FakeSite::builder()
        .jwt(JwtLogin::new(&issued.certificate))
        .start_in_thread();
    let auth =
        "jwt { key = conf/jwt.pem, user_id = scanner, user_directory = ACME, algorithm = ES256 }";
    let home = Home::with(&file(&site.url(), auth));
    home.write("conf/jwt.pem", &issued.key);
    check_scan(&home);
}

#[cfg(unix)]
#[test]
fn a_scan_with_tickets_of_a_program() {
    let site = FakeSite::builder().tickets().start_in_thread();
    let auth = "ticket { command = [\"head\", \"-1\", \"conf/ticket\"] }";
    let home = Home::with(&file(&site.url(), auth));
    let ticket = site.issue_ticket(r"ACME\scanner");
    home.write("conf/ticket", &ticket);
    let printed = check_scan(&home);
    assert!(!printed.contains(&ticket), "{printed}");

    // The ticket was used, and the saved session has ended.
    site.expire_sessions();
    let run = home.run(&["scan"]);
    run.check(4, &["does not accept the ticket"]);
    assert!(!run.errors.contains(&ticket), "{}", run.errors);
    home.write(
        "connections/qlik.conf",
        file(&site.url(), "ticket { command = [no-such-program] }"),
    );
    home.run(&["scan"]).check(
        4,
        &["`no-such-program` cannot be started", "ticket.command"],
    );
}

#[test]
fn a_scan_within_a_given_session() {
    let site = FakeSite::start_in_thread();
    let cookie = site.open_session(r"ACME\scanner");
    let home = Home::with(&file(&site.url(), &format!("session = \"{cookie}\"")));
    check_scan(&home);
    site.expire_sessions();
    let run = home.run(&["scan"]);
    run.check(4, &["it has ended", "connection.auth.session"]);
    let (_, value) = cookie.split_once('=').unwrap();
    assert!(!run.errors.contains(value), "{}", run.errors);
    let shown = home.run(&["config", "show"]);
    assert!(!shown.output.contains(value), "{}", shown.output);
}

#[test]
fn two_ways_in_one_file_are_an_error_with_both_lines() {
    let home = Home::with(&file(
        "https://qlik.example.com/vp",
        "session = a3b1\nvalue = x\nkey = X-User",
    ));
    home.run(&["check", "--offline"])
        .check(3, &["are two ways to log in"]);
}
