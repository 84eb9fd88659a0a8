//! The selection of connections, and the exit code for several.

use qrs_client::fake_site::{FakeSite, Fault, Point, ReservedPort};

use crate::scanner::{Home, connection, connection_to, url_at};

#[test]
fn the_exit_code_is_the_worst_for_the_catalog() {
    let good = FakeSite::start_in_thread();
    let partial = FakeSite::start_in_thread();
    partial.fail(Fault::count_off_by(1).on("/qrs/app/object/count"));
    let home = Home::with_site(&good);
    home.write("connections/bad.conf", "a = ");
    home.run(&["scan"])
        .check(3, &["qlik (Test site): complete"]);
    home.write("connections/partial.conf", connection("partial", &partial));
    home.run(&["scan"])
        .check(5, &["partial (Test site): partial"]);
    let closed = ReservedPort::new();
    home.write(
        "connections/down.conf",
        connection_to("down", &url_at(&closed)),
    );
    home.run(&["scan"]).check(4, &["down (Test site): failed"]);
    home.run(&["scan", "qlik"])
        .check(0, &["qlik (Test site): complete"]);
    home.run(&["scan", "qlik", "partial"]).check(5, &[]);
}

#[test]
fn an_unknown_code_is_a_usage_error() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan", "nope"]).check(
        2,
        &[
            "no connection has the code `nope`",
            "the connections are: qlik",
        ],
    );
    home.run(&["inventory", "nope"])
        .check(2, &["no connection has the code `nope`"]);
    // An unreadable file may have this code.
    home.write("connections/bad.conf", "a = ");
    home.run(&["scan", "nope"]).check(
        3,
        &[
            "connections/bad.conf:1:",
            "no valid file has the code `nope`",
        ],
    );
    home.write("connections/bad.conf", "code = nope");
    let run = home.run(&["scan", "nope"]);
    run.check(3, &["connections/bad.conf:1:", "`name` is mandatory"]);
    assert!(!run.errors.contains("no valid file"), "{}", run.errors);
    home.run(&["scan", "qlik"]).check(0, &[]);
}

#[test]
fn an_unknown_code_suggests_a_similar_one() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty();
    home.write("connections/q.conf", connection("qlik-prod", &site));
    home.run(&["scan", "qlik-prod"]).check(0, &[]);
    let near = "did you mean `qlik-prod`?";
    for command in [
        &["scan", "qlik-pord"][..],
        &["check", "Qlik-Prod"],
        &["inventory", "prod"],
        &["filter", "test", "qlik-prd"],
        &["config", "show", "qlikprod"],
        &["catalog", "list", "--connection", "qlk-prod"],
        &["catalog", "scans", "--connection", "QLIK-PROD"],
        &["catalog", "owners", "--connection", "qlik-prod2"],
    ] {
        home.run(command).check(2, &[near]);
    }
    let unlike = home.run(&["scan", "warehouse"]);
    unlike.check(2, &["the connections are: qlik-prod"]);
    assert!(!unlike.errors.contains("did you mean"), "{}", unlike.errors);
    for file in ["q.conf", "connections/q.conf", "q"] {
        home.run(&["scan", file]).check(
            2,
            &["the file `connections/q.conf` has the code `qlik-prod`"],
        );
    }
    home.write("connections/bad.conf", "a = ");
    home.run(&["scan", "qlik-pord"]).check(3, &[near]);
}

#[test]
fn an_invalid_command_line_is_exit_2() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("connections/second.conf", connection("second", &site));
    for arguments in [
        &[][..],
        &["scna"],
        &["scan", "--outptu", "x"],
        &["scan", "--output", "one-file-for-two"],
        &["scan", "--report", "-"],
        &["inventory", "--format", "xml"],
    ] {
        let run = home.run(arguments);
        assert_eq!(run.exit, 2, "{arguments:?}: {}", run.errors);
        assert_eq!(run.output, "");
    }
    assert_eq!(home.run(&["--version"]).exit, 0);
    assert!(home.run(&["--help"]).output.contains("scan"));
}

#[test]
fn two_scans_of_one_connection_do_not_run_in_parallel() {
    let site = FakeSite::start_in_thread();
    site.fail(Fault::stall(Point::Records(3)).on("/qrs/app/object/full"));
    let home = Home::with_site(&site);
    let mut first = home.start(&["scan"]);
    while site.requests_of("/qrs/app/object/full").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    home.run(&["scan"])
        .check(7, &["busy", &format!("process {}", first.id())]);
    first.kill().unwrap();
    first.wait().unwrap();
    site.heal();
    home.run(&["scan"]).check(0, &[]);
}

#[test]
fn at_most_four_connections_are_read_in_parallel() {
    let sites: Vec<_> = (0..6).map(|_| FakeSite::start_in_thread()).collect();
    let home = Home::empty();
    for (n, site) in sites.iter().enumerate() {
        site.fail(Fault::stall(Point::Records(3)).on("/qrs/app/object/full"));
        home.write(
            &format!("connections/c{n}.conf"),
            connection(&format!("c{n}"), site),
        );
    }
    let mut child = home.start(&["scan"]);
    let reading = || {
        sites
            .iter()
            .filter(|site| !site.requests().is_empty())
            .count()
    };
    let begun = std::time::Instant::now();
    while reading() < 4 && begun.elapsed() < std::time::Duration::from_secs(120) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(reading(), 4);
    child.kill().unwrap();
    child.wait().unwrap();
    sites.iter().for_each(FakeSite::heal);
    home.run(&["scan"])
        .check(0, &["c0 (Test site): complete", "c5 (Test site): complete"]);
    let exports = home
        .names("export")
        .into_iter()
        .filter(|name| name.ends_with(".ndjson"));
    assert_eq!(exports.count(), 6);
}
