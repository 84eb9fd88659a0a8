//! `run` and `status`: the log and the state of a service.

use std::fs;

use qrs_client::fake_site::{FakeSite, Fault};

use super::{Page, demo, demo_text};
use crate::{
    hooks::hook,
    scanner::{Home, Run},
    service::{Running, scanned, state, status, wait},
};

const SETTINGS: &str = "automation.look_interval = 50 ms\n";

/// Adds the log of a service that stopped without errors.
fn add_log(page: &mut Page, home: &Home, arguments: &[&str], log: String) {
    let run = Run {
        exit: 0,
        output: String::new(),
        errors: exports_before_hooks(&log),
    };
    page.add(home, arguments, &run);
}

/// The log with the lines about hooks after the line about the export. Both run at the same time, in any order.
fn exports_before_hooks(log: &str) -> String {
    let mut lines: Vec<&str> = log.lines().collect();
    for at in 0..lines.len() {
        let is_of_hook = |line: &&&str| line.contains("hook=") || line.contains("\"hook\":");
        if lines[at].contains("wrote ") {
            let hooks = lines[..at].iter().rev().take_while(is_of_hook).count();
            lines[at - hooks..=at].rotate_right(1);
        }
    }
    lines.join("\n") + "\n"
}

/// Replaces the connection file atomically, so that the service never reads a part of it.
fn replace(home: &Home, text: &str) {
    home.write("new.tmp", text);
    fs::rename(home.path("new.tmp"), home.path("connections/demo.conf")).unwrap();
}

fn log(arguments: &[&str]) -> Page {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.write("conf/application.conf", SETTINGS);
    home.write("agent-identifier", "north-1\n");
    home.write(
        "hooks/h.conf",
        hook("tell-the-team", "post_items_upsert_command = [echo, hello]"),
    );
    let running = Running::from_command(&home, home.command(arguments));
    wait("a scan", || scanned(&home, "demo", "complete") == 1);
    let hooks = || running.log().matches("the hook finished").count();
    wait("the hook", || hooks() == 1);
    wait("the export", || running.log().contains("wrote "));
    wait("rest", || is_at_rest(&home));
    // An error, and its correction.
    replace(&home, &(demo_text(&site) + "enabled = perhaps\n"));
    wait("the mistake", || running.log().contains("perhaps"));
    site.fail(Fault::status(503).on("/qrs/app/full"));
    replace(
        &home,
        &(demo_text(&site) + "connection.verify_counts = true\n"),
    );
    wait("a failed scan", || scanned(&home, "demo", "failed") == 1);
    wait("the hook", || hooks() == 2);
    wait("rest", || is_at_rest(&home));
    fs::remove_file(home.path("connections/demo.conf")).unwrap();
    wait("no file", || running.log().contains("was removed"));
    let mut page = Page::new();
    add_log(&mut page, &home, arguments, running.stop());
    page
}

fn is_at_rest(home: &Home) -> bool {
    state(home, "demo.conf").is_some_and(|one| one["scanning"] == false)
}

#[test]
fn the_log_of_a_service_as_text() {
    log(&["run"]).check("run");
}

#[test]
fn the_log_of_a_service_as_json() {
    log(&["run", "--log-format", "json"]).check("run_json");
}

#[test]
fn a_service_that_does_not_start() {
    let mut page = Page::new();
    let home = Home::empty();
    home.write("conf/application.conf", SETTINGS);
    let running = Running::start(&home);
    wait("the state", || home.has("data/status.json"));
    page.note("while a service runs");
    page.run(&home, &["run"]);
    page.run(&home, &["store", "restore", "any.backup"]);
    drop(running);
    for (note, file, text) in [
        ("an invalid name", "agent-identifier", "no name\n"),
        (
            "an invalid schedule",
            "conf/application.conf",
            "automation.synchronize = \"0 0 0 31 2 ?\"\n",
        ),
        (
            "an unknown follower",
            "conf/application.conf",
            "followers = [{ kind = nifi }]\n",
        ),
        (
            "an address that is not one",
            "conf/application.conf",
            "http.listen = \"everywhere\"\n",
        ),
    ] {
        let home = Home::empty();
        home.write(file, text);
        page.note(note);
        page.run(&home, &["run"]);
    }
    page.check("run_refused");
}

#[test]
fn the_status_of_a_home() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    page.note("never scanned, no service");
    page.run(&home, &["status"]);
    page.run(&home, &["status", "--healthy"]);
    page.run(&home, &["--home", "nowhere", "status"]);
    page.run(&Home::empty(), &["status"]);
    home.write(
        "connections/bad.conf",
        "name = Bad\ncode = bad\nconnector_id = qlik-sense\n",
    );
    home.write(
        "connections/off.conf",
        "name = Off\ncode = off\nconnector_id = qlik-sense\nenabled = false\n",
    );
    home.write("conf/application.conf", SETTINGS);
    home.write(
        "hooks/h.conf",
        hook("tell-the-team", "post_items_upsert_command = [echo, hello]"),
    );
    let running = Running::start(&home);
    wait("the hook", || {
        status(&home)["hooks"][0]["hook"] == "tell-the-team"
    });
    wait("the export", || {
        status(&home)["followers"][0]["last_success"].is_string()
    });
    wait("rest", || is_at_rest(&home));
    page.note("a service is running");
    page.run(&home, &["status"]);
    page.run(&home, &["status", "--format", "json"]);
    page.run(&home, &["status", "--healthy"]);
    running.stop();
    page.note("the service has ended");
    page.run(&home, &["status"]);
    page.run(&home, &["status", "--healthy"]);
    page.check("status");
}
