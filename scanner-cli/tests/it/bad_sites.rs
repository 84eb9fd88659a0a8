//! Sites that cannot be read: exit 4, and one paragraph with the step, what happened, and what to try.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use qrs_client::fake_site::{
    Account, FakeSite, Fault, LoginWay, Point, ReservedPort, TooManySessions,
};

use crate::scanner::{Home, Run, connection, connection_to, url_at};

fn scan(site: &FakeSite, faults: Vec<Fault>) -> Run {
    let home = Home::with_site(site);
    home.write("export/qlik.visualization.ndjson", "former\n");
    for fault in faults {
        site.fail(fault);
    }
    let run = home.run(&["scan"]);
    assert_eq!(home.read("export/qlik.visualization.ndjson"), "former\n");
    assert_eq!(home.names("export"), ["qlik.visualization.ndjson"]);
    run
}

/// Scans with a fault in each request, and checks the messages.
fn check(fault: Fault, texts: &[&str]) {
    let run = scan(&FakeSite::start_in_thread(), vec![fault]);
    run.check(
        4,
        &[
            "qlik (Test site): failed",
            "while asking the site for its version: ",
            "try: ",
        ],
    )
    .check(4, texts);
}

#[test]
fn a_site_that_does_not_exist() {
    let closed = ReservedPort::new();
    let home = Home::with(&connection_to("qlik", &url_at(&closed)));
    home.run(&["scan"])
        .check(4, &["refused", "check host and port of `connection.url`"]);
    let home = Home::with(&connection_to("qlik", "https://qlik.invalid/header"));
    home.run(&["scan"]).check(
        4,
        &["check the spelling of `qlik.invalid` in `connection.url`"],
    );
}

#[test]
fn https_to_a_site_without_tls() {
    let site = FakeSite::start_in_thread();
    let url = site.url().replace("http:", "https:");
    Home::with(&connection_to("qlik", &url))
        .run(&["scan"])
        .check(4, &["the site speaks plain http at this port, not TLS"]);
}

#[test]
fn a_response_that_a_gateway_compressed_in_another_way() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/header", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 2048]);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\n\x0b\x01\x80",
            );
        }
    });
    Home::with(&connection_to("qlik", &url))
        .run(&["scan"])
        .check(
            4,
            &[
                "compressed with `br`",
                "must respect the header `Accept-Encoding`",
            ],
        );
}

#[test]
fn a_site_that_takes_too_long() {
    let first_byte = "set a longer `connection.time_limits.first_byte`: a site that was idle needs up to 20 s for its first response";
    for (fault, limit, hint) in [
        (Fault::silence(), "first_byte", first_byte),
        (
            Fault::stall(Point::Bytes(3)),
            "silence",
            "set a longer `connection.time_limits.silence`",
        ),
    ] {
        let site = FakeSite::start_in_thread();
        site.fail(fault);
        let limit = format!("connection.time_limits.{limit} = 100 ms\n");
        let home = Home::with(&(connection("qlik", &site) + &limit));
        home.run(&["scan"]).check(
            4,
            &[
                "while asking the site for its version: ",
                "0.1 s",
                "is 100 ms)",
                hint,
            ],
        );
    }
}

#[test]
fn a_site_that_redirects_to_a_login_page() {
    for way in [LoginWay::Form, LoginWay::Windows] {
        check(
            Fault::redirect_to_login(way),
            &["status 302", "`connection.auth.key`", "virtual proxy"],
        );
    }
    check(
        Fault::ntlm_challenge(),
        &["status 401", "`connection.auth.value`"],
    );
    check(Fault::login_page(), &["web page"]);
}

#[test]
fn a_site_that_answers_with_an_error() {
    check(
        Fault::status(403).with_body("XSRF prevention check failed. Possible XSRF discovered."),
        &["X-Qlik-Xrfkey"],
    );
    check(Fault::wrong_prefix_page(), &["status 400", "prefix"]);
    check(
        Fault::status(403).with_body("Forbidden"),
        &[
            "status 403",
            "`scanner-cli docs qlik-setup#4-the-read-rule`",
        ],
    );
    check(Fault::status(404), &["status 404"]);
    check(
        Fault::status(500),
        &["status 500", "log of the site's repository"],
    );
    check(Fault::status(502), &["status 502"]);
    check(Fault::body("garbage"), &["garbage"]);
    check(Fault::body("{\"buildVersion\":"), &["try: "]);
    check(Fault::reset(), &["try: "]);
    check(Fault::close(), &["try: "]);
}

#[test]
fn an_account_that_is_refused() {
    let site = FakeSite::builder()
        .account(Account::new("ACME\\scanner").inactive())
        .start_in_thread();
    scan(&site, vec![]).check(4, &["Your account is inactive", "QMC"]);
    let site = FakeSite::builder()
        .too_many_sessions(TooManySessions::Forbid)
        .start_in_thread();
    for _ in 0..5 {
        // A new home each time, so that the session is not saved.
        Home::with_site(&site).run(&["inventory"]).check(0, &[]);
    }
    scan(&site, vec![]).check(4, &["status 403", "30 minutes"]);
}

#[test]
fn a_list_that_breaks_each_time_leaves_the_old_file() {
    for fault in [
        Fault::cut(Point::Records(9)),
        Fault::end_early(Point::Records(9)),
        Fault::trailing("x"),
    ] {
        let run = scan(
            &FakeSite::start_in_thread(),
            vec![fault.on("/qrs/app/object/full")],
        );
        run.check(
            4,
            &["while reading the list of sheets: ", "restarted ", "try: "],
        );
    }
}

#[test]
fn a_list_that_breaks_once_is_read_again() {
    let site = FakeSite::start_in_thread();
    site.fail(
        Fault::cut(Point::Records(30))
            .on("/qrs/app/object/full")
            .times(1),
    );
    let home = Home::with_site(&site);
    home.run(&["scan"])
        .check(0, &["complete", "restarted reading the list of sheets"]);
    assert_eq!(home.items("export/qlik.visualization.ndjson").len(), 53);
}

#[test]
fn an_account_that_sees_nothing_causes_a_warning_with_the_rule_to_add() {
    let site = FakeSite::builder()
        .account(Account::new("ACME\\scanner").without_rights())
        .start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(
        0,
        &[
            "complete",
            "no sheet is visible",
            "App_*,App.Object_*,Stream_*,User_*",
            "Both in hub and QMC",
        ],
    );
    assert_eq!(home.read("export/qlik.visualization.ndjson"), "");
}

#[test]
fn an_interrupted_scan_keeps_its_session() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    site.fail(Fault::stall(Point::Records(3)).on("/qrs/app/object/full"));
    for scans in 1..=2 {
        let mut child = home.start(&["scan"]);
        while site.requests_of("/qrs/app/object/full").len() < scans {
            thread::sleep(std::time::Duration::from_millis(5));
        }
        // Not even an interrupted one.
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(site.sessions_opened(), 1);
}

#[test]
fn ten_commands_in_a_row_use_one_session() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    for _ in 0..10 {
        home.run(&["scan"]).check(0, &["complete"]);
    }
    assert_eq!(site.sessions_opened(), 1);
}
