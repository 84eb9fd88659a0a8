//! Settings and folders that lead to pipes, devices, links or huge files instead of regular files. None of them
//! stops the others.
#![cfg(unix)]

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    process::Command,
    time::{Duration, Instant},
};

use qrs_client::fake_site::FakeSite;

use crate::{
    scanner::{Home, connection},
    service::{Running, scanned, status, wait},
};

/// Maximum time of a command on a loaded machine, less than waiting for a writer to a pipe.
const MAX_WAIT: Duration = Duration::from_secs(30);

fn pipe(home: &Home, name: &str) {
    home.write(&format!("{name}.beside"), "");
    let path = home.path(name);
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

/// Runs a command that must neither hang nor miss the problem. `check` prints its findings to standard output.
fn check(home: &Home, arguments: &[&str], exit: i32, texts: &[&str]) {
    let begun = Instant::now();
    let mut run = home.run(arguments);
    run.errors.push_str(&run.output);
    run.check(exit, texts);
    assert!(begun.elapsed() < MAX_WAIT, "{arguments:?}");
}

#[test]
fn connection_files_that_are_not_regular_files_are_reported_and_the_others_scanned() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    pipe(&home, "connections/a.conf");
    symlink("/dev/zero", home.path("connections/b.conf")).unwrap();
    let large = File::create(home.path("connections/c.conf")).unwrap();
    large.set_len(1 << 40).unwrap();
    symlink("a.conf", home.path("connections/d.conf")).unwrap();
    let expected = [
        "the connection file `connections/a.conf` cannot be read: it is a named pipe, not a file",
        "the connection file `connections/b.conf` cannot be read: it is a device, not a file",
        "the connection file `connections/c.conf` cannot be read: it is larger than 16 MB",
        "the connection file `connections/d.conf` cannot be read: it is a named pipe, not a file",
    ];
    check(&home, &["check"], 3, &expected);
    check(&home, &["scan"], 3, &expected);
    assert!(home.has("export/qlik.visualization.ndjson"));
    check(
        &home,
        &["config", "show", "connections/a.conf"],
        3,
        &["named pipe"],
    );
    check(&home, &["config", "show", "qlik"], 0, &[]);
}

#[test]
fn the_service_reports_such_files_and_goes_on() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    pipe(&home, "connections/a.conf");
    pipe(&home, "hooks/a.conf");
    let running = Running::briefly(&home);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    wait("the report", || {
        status(&home)["connections"]
            .to_string()
            .contains("it is a named pipe, not a file")
    });
    home.write("connections/later.conf", connection("later", &site));
    wait("a later file", || scanned(&home, "later", "complete") == 1);
    let log = running.stop();
    assert!(
        log.contains("hooks/a.conf` cannot be read: it is a named pipe"),
        "{log}"
    );
}

#[test]
fn settings_and_includes_without_a_regular_file_are_reported_with_their_place() {
    let site = FakeSite::start_in_thread();
    for (setting, expected) in [
        (
            "tls.truststore.path = \"pipe\"",
            "the file `pipe` of `tls.truststore.path` cannot be read: it is a named pipe",
        ),
        (
            "tls.truststore.path = \"/dev/zero\"",
            "it is a device, not a file",
        ),
        (
            "connection.contacts.mapping = \"pipe\"",
            "the file `pipe` cannot be read: it is a named pipe",
        ),
        (
            "include required(\"../pipe.conf\")",
            "`connections/../pipe.conf` cannot be read: it is a named pipe",
        ),
        (
            "include required(\"../large.conf\")",
            "it is larger than 16 MB",
        ),
    ] {
        let home = Home::with_site(&site);
        home.write(
            "connections/odd.conf",
            format!("{}{setting}\n", connection("odd", &site)),
        );
        pipe(&home, "pipe");
        pipe(&home, "pipe.conf");
        File::create(home.path("large.conf"))
            .unwrap()
            .set_len(17_000_000)
            .unwrap();
        check(&home, &["check"], 3, &[expected]);
        check(
            &home,
            &["config", "show", "odd"],
            if setting.starts_with("include") { 3 } else { 0 },
            &[],
        );
        check(&home, &["scan"], 3, &["connections/odd.conf:9:", expected]);
        assert!(home.has("export/qlik.visualization.ndjson"), "{setting}");
    }
}

#[test]
fn files_of_the_home_that_are_not_regular_files_are_reported() {
    let site = FakeSite::start_in_thread();
    for (file, command, expected) in [
        (
            "conf/application.conf",
            "scan",
            "`conf/application.conf` cannot be read: it is a named pipe",
        ),
        (
            "conf/application.conf",
            "run",
            "`conf/application.conf` cannot be read: it is a named pipe",
        ),
        (
            "agent-identifier",
            "run",
            "`agent-identifier` cannot be read: it is a named pipe",
        ),
    ] {
        let home = Home::with_site(&site);
        pipe(&home, file);
        let begun = Instant::now();
        let run = home.run(&[command]);
        assert_ne!(run.exit, 0, "{file}");
        assert!(run.errors.contains(expected), "{file}: {}", run.errors);
        assert!(begun.elapsed() < MAX_WAIT, "{file}");
    }
    let home = Home::with_site(&site);
    home.write("agent-identifier", "x".repeat(2_000_000));
    check(
        &home,
        &["run"],
        3,
        &["`agent-identifier` cannot be read: it is larger than 1 MB"],
    );
}

#[test]
fn state_of_earlier_runs_that_is_not_a_regular_file_stops_nothing() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    pipe(&home, "data/qlik.session");
    pipe(&home, "data/status.json");
    check(&home, &["status"], 0, &[]);
    check(&home, &["check"], 0, &[]);
    check(&home, &["scan"], 0, &["qlik (Test site): complete"]);
}

#[test]
fn a_lock_is_never_a_link_or_a_pipe() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("precious", "precious");
    home.write("data/here", "");
    for lock in [
        "data/qlik.lock",
        "data/.scanner.lock",
        "data/ndjson%3Aexport.follower",
    ] {
        symlink(home.path("precious"), home.path(lock)).unwrap();
    }
    check(&home, &["scan"], 4, &["`qlik.lock` is a link, not a file"]);
    check(
        &home,
        &["run"],
        4,
        &["`.scanner.lock` is a link, not a file"],
    );
    check(&home, &["status"], 0, &[]);
    assert_eq!(home.read("precious"), "precious");
    fs::remove_file(home.path("data/qlik.lock")).unwrap();
    pipe(&home, "data/qlik.lock");
    check(
        &home,
        &["scan"],
        4,
        &["`qlik.lock` is a named pipe, not a file"],
    );
    fs::remove_file(home.path("data/qlik.lock")).unwrap();
    check(&home, &["scan"], 0, &[]);
}

#[test]
fn temporary_files_of_killed_processes_are_removed_at_start() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let old = [
        "data/.session-AbCdEf.tmp",
        "data/.hook-AbCdEf.ndjson.tmp",
        "data/.status-AbCdEf.tmp",
        "conf/.encryption-AbCdEf.tmp",
        "export/.scan-AbCdEf.tmp",
    ];
    for name in old {
        home.write(name, "");
        let file = File::options().write(true).open(home.path(name)).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - Duration::from_secs(2 * 24 * 60 * 60))
            .unwrap();
    }
    // The process was killed, so its lock is free.
    home.write("data/.session-locked-AbCdEf.tmp", "");
    home.write("data/.my-session.tmp", "");
    check(&home, &["check"], 0, &[]);
    for name in old {
        assert!(!home.has(name), "{name}");
    }
    assert!(!home.has("data/.session-locked-AbCdEf.tmp"));
    assert!(home.has("data/.my-session.tmp"));
}

#[test]
fn input_files_of_hooks_are_removed_after_the_service_was_killed() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "hooks/wait.conf",
        "code = wait\nhook_id = \"external-script\"\npost_items_upsert_command = [\"sleep\", \"30\"]\n",
    );
    let running = Running::briefly(&home);
    let given = |home: &Home| {
        home.has("data")
            && home
                .names("data")
                .iter()
                .any(|name| name.starts_with(".hook-"))
    };
    wait("the hook", || given(&home));
    // The process is killed, so it cannot clean up.
    drop(running);
    assert!(given(&home));
    fs::remove_file(home.path("hooks/wait.conf")).unwrap();
    let running = Running::briefly(&home);
    wait("the start", || !given(&home));
    drop(running);
}
