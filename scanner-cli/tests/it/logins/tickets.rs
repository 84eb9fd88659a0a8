//! Tickets that a program fetches.
#![cfg(unix)]

use qrs_client::fake_site::FakeSite;

use super::{check_fails, check_scan, file};
use crate::scanner::Home;

fn site() -> FakeSite {
    FakeSite::builder().tickets().start_in_thread()
}

/// A home with this script as the command.
fn home(site: &FakeSite, script: &str) -> Home {
    let home = Home::with(&file(
        &site.url(),
        "ticket { command = [sh, conf/fetch.sh] }",
    ));
    home.write("conf/fetch.sh", script);
    home
}

#[test]
fn a_scan_with_tickets_of_a_program() {
    let site = site();
    let home = home(&site, "cat conf/ticket");
    let ticket = site.issue_ticket(r"ACME\scanner");
    home.write("conf/ticket", &ticket);
    check_scan(&home, &site, &[&ticket]);
    assert_eq!(site.sessions_opened(), 1);

    // The ticket was used, and the saved session has ended.
    site.expire_sessions();
    let texts = [
        "does not accept the ticket",
        "valid once",
        "`connection.auth.ticket.command`",
    ];
    check_fails(&home, &texts, &[&ticket]);
}

#[test]
fn a_program_that_supplies_no_ticket_is_explained() {
    let site = site();
    let cases = [
        ("exit 3", "`sh` ended with exit status: 3"),
        (
            "echo s3cret; echo no s3cret >&2; exit 1",
            "standard error: `no ***`",
        ),
        ("exit 0", "`sh` printed nothing"),
        ("echo; echo '  '", "`sh` printed nothing"),
    ];
    for (script, expected) in cases {
        let home = home(&site, script);
        let texts = [expected, "`connection.auth.ticket.command`"];
        check_fails(&home, &texts, &["s3cret"]);
    }
    assert_eq!(site.requests().len(), 0);
}

#[test]
fn rubbish_instead_of_a_ticket_is_not_accepted_and_not_shown() {
    let site = site();
    for rubbish in [
        "<html><body>s3cret login",
        "s3cret & % # ü",
        "\\0\\001s3cret",
    ] {
        let home = home(&site, &format!("printf '%b\\n' '{rubbish}'"));
        let texts = ["ticket", "`connection.auth.ticket.command`"];
        check_fails(&home, &texts, &["s3cret"]);
    }
}

#[test]
fn a_program_that_hangs_does_not_take_longer_than_a_response() {
    let site = site();
    let home = home(&site, "sleep 600");
    let text = home.read("connections/qlik.conf");
    home.write(
        "connections/qlik.conf",
        text + "connection.time_limits.first_byte = 500 ms\n",
    );
    let texts = [
        "did not supply a token within 0.5 s",
        "`connection.auth.ticket.command`",
    ];
    check_fails(&home, &texts, &[]);
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let site = site();
    let home = Home::with(&file(
        &site.url(),
        "ticket { command = [no-such-program, s3cret] }",
    ));
    let texts = ["`no-such-program` cannot be started", "ticket.command"];
    check_fails(&home, &texts, &["s3cret"]);
}
