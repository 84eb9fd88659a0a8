//! `scan`: the report of every outcome.

use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
    thread,
    time::Duration,
};

use qrs_client::fake_site::{Account, Content, Entity, FakeSite, Fault, Point, ReservedPort};
use serde_json::json;

use super::{Page, check, demo, demo_with};
use crate::scanner::{Home, Run, connection_to, finish, url_at};

const SHEETS: &str = "/qrs/app/object/full";

#[test]
fn a_complete_scan_and_one_in_which_nothing_changed() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    check("scan_complete", &home, &["scan"]);
    check("scan_unchanged", &home, &["scan"]);
}

#[test]
fn the_report_as_json() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    page.run(&home, &["scan", "--report", "report.json"]);
    page.file(&home, "report.json");
    page.check("scan_report");
}

#[test]
fn more_and_less_log() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    page.run(&home, &["scan", "--quiet"]);
    page.run(&home, &["scan", "--log-level", "warn"]);
    let mut command = home.command(&["scan"]);
    command.env("RUST_LOG", "debgu");
    page.note("RUST_LOG=debgu");
    page.run_command(&home, &["scan"], command);
    let mut command = home.command(&["scan"]);
    command.env("RUST_LOG", "=a=b=");
    page.note("RUST_LOG='=a=b='");
    page.run_command(&home, &["scan"], command);
    page.check("scan_log_levels");
}

#[test]
fn items_in_a_file_and_on_standard_output() {
    let site = small_site();
    let home = demo(&site);
    let mut page = Page::new();
    page.run(&home, &["scan", "--output", "items.ndjson"]);
    page.file(&home, "items.ndjson");
    page.run(&home, &["scan", "demo", "--output", "-"]);
    page.run(&home, &["scan", "--no-store"]);
    page.run(&home, &["scan", "--no-store"]);
    page.check("scan_output");
}

/// A site with two sheets.
fn small_site() -> FakeSite {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    content.add_sheet(&app, "Overview");
    content.add_sheet(&app, "Regions");
    FakeSite::builder().content(content).start_in_thread()
}

#[test]
fn a_partial_scan() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    site.fail(Fault::count_off_by(2).on("/qrs/app/object/count"));
    page.note("the site counts more sheets than it sends");
    page.run(&home, &["scan"]);
    page.run(&home, &["scan", "--no-store"]);
    site.heal();
    site.fail(Fault::record(3, r#"{"id":"a85d11cf","name":"Products"}"#).on(SHEETS));
    page.note("a record without ids");
    page.run(&home, &["scan"]);
    site.heal();
    site.fail(Fault::missing_records(1).on(SHEETS));
    site.fail(Fault::repeated_records(1).on(SHEETS));
    page.note("a sheet twice, another one missing");
    page.run(&home, &["scan"]);
    page.check("scan_partial");
}

#[test]
fn the_fuse() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.run(&["scan"]);
    site.edit(|content| {
        let sheets: Vec<_> = content.sheets().map(id).take(20).collect();
        for sheet in sheets {
            content.remove(&sheet);
        }
    });
    let mut page = Page::new();
    page.note("20 of 53 sheets are gone");
    page.run(&home, &["scan"]);
    page.run(&home, &["scan", "demo", "--accept-removals"]);
    site.set_account(Account::new(&site.header_value()).without_rights());
    page.note("the account has lost its rights");
    page.run(&home, &["scan"]);
    page.check("scan_fuse");
}

fn id(record: &serde_json::Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_failed_scan() {
    let mut page = Page::new();
    let home = Home::empty();
    let closed = ReservedPort::new();
    let file = connection_to("demo", &url_at(&closed)).replace("Test site", "Demonstration");
    home.write("connections/demo.conf", file);
    page.note("nothing listens");
    page.run(&home, &["scan"]);
    page.run(&home, &["scan", "--report", "report.json"]);
    page.file(&home, "report.json");
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    for (note, fault) in [
        (
            "the list of sheets breaks off",
            Fault::cut(Point::Records(9)).on(SHEETS),
        ),
        (
            "the list of sheets has no end",
            Fault::end_early(Point::Records(9)).on(SHEETS),
        ),
        (
            "the list of sheets is refused",
            Fault::status(403).on(SHEETS),
        ),
        (
            "the list of sheets is not JSON",
            Fault::body("garbage").on(SHEETS),
        ),
        (
            "the list of apps fails",
            Fault::status(500).on("/qrs/app/full"),
        ),
    ] {
        site.fail(fault);
        page.note(note);
        page.run(&home, &["scan"]);
        site.heal();
    }
    page.check("scan_failed");
}

#[test]
fn a_list_that_breaks_once_is_read_again() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    site.fail(Fault::cut(Point::Records(30)).on(SHEETS).times(1));
    check("scan_restarted", &home, &["scan"]);
}

#[test]
fn a_time_limit() {
    let site = FakeSite::start_in_thread();
    let mut page = Page::new();
    for (setting, fault) in [
        ("scan", Fault::stall(Point::Records(3)).on(SHEETS)),
        ("first_byte", Fault::silence().on(SHEETS)),
        ("silence", Fault::stall(Point::Records(3)).on(SHEETS)),
    ] {
        site.fail(fault);
        let home = demo_with(&site, &format!("connection.time_limits.{setting} = 3 s\n"));
        page.note(&format!("connection.time_limits.{setting} = 3 s"));
        page.run(&home, &["scan"]);
        site.heal();
    }
    page.check("scan_time_limit");
}

#[test]
fn an_interrupted_and_a_busy_scan() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    site.fail(Fault::stall(Point::Records(3)).on(SHEETS));
    let mut first = home.command(&["scan", "--report", "report.json"]);
    first.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut first = first.spawn().unwrap();
    let mut errors = BufReader::new(first.stderr.take().unwrap());
    let mut printed = String::new();
    while !printed.contains("10 users read") {
        assert_ne!(errors.read_line(&mut printed).unwrap(), 0, "{printed}");
    }
    while site.requests_of(SHEETS).is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    let mut page = Page::new();
    page.note("while another process scans the connection");
    page.run(&home, &["scan"]);
    page.run(&home, &["inventory"]);
    let pid = first.id().to_string();
    let mut kill = std::process::Command::new("kill");
    kill.args(["-INT", &pid]);
    assert_eq!(finish(kill).exit, 0);
    errors.read_to_string(&mut printed).unwrap();
    let output = first.wait_with_output().unwrap();
    let run = Run {
        exit: output.status.code().unwrap(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: printed,
    };
    page.note("interrupted by Ctrl-C");
    page.add(&home, &["scan", "--report", "report.json"], &run);
    page.file(&home, "report.json");
    page.check("scan_interrupted");
}

#[test]
fn nothing_is_scanned() {
    let site = FakeSite::start_in_thread();
    let mut page = Page::new();
    let home = Home::empty();
    page.note("no folder `connections`");
    page.run(&home, &["scan"]);
    home.write("connections/notes.txt", "");
    page.note("no connection file");
    page.run(&home, &["scan"]);
    let home = demo_with(&site, "enabled = false\n");
    page.note("a disabled connection");
    page.run(&home, &["scan"]);
    page.run(&home, &["scan", "demo"]);
    page.run(&home, &["scan", "dmeo"]);
    home.write("connections/b.conf", crate::scanner::connection("b", &site));
    home.write("connections/c.conf", crate::scanner::connection("c", &site));
    page.note("one file for two connections");
    page.run(&home, &["scan", "--output", "items.ndjson"]);
    page.run(&home, &["--home", "nowhere", "scan"]);
    page.run(&home, &["--home", "connections/b.conf", "scan"]);
    page.run(&home, &["--home", "connections", "scan"]);
    page.check("scan_nothing");
}

#[test]
fn filters_and_what_they_exclude() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.run(&["scan"]);
    let mut page = Page::new();
    let rules = "filters = [\n  { id = no-sales, action = REJECT, rules { app = \"Sales Overview\" } }\n  \
                 { id = nothing, action = REJECT, rules { app = \"No such app\" } }\n  \
                 { action = ACCEPT, catalog = Rest }\n]\n";
    for (note, filter) in [
        ("a rule excludes an app", rules),
        ("a filter excludes every sheet", "filter = never\n"),
        ("a filter without an effect", "filter = always\n"),
        (
            "a custom property that no app has",
            "filter = \"app_property.Nope = 'x'\"\n",
        ),
    ] {
        demo_file(&home, &site, filter);
        page.note(note);
        page.run(&home, &["scan"]);
    }
    page.check("scan_filters");
}

fn demo_file(home: &Home, site: &FakeSite, settings: &str) {
    home.write("connections/demo.conf", super::demo_text(site) + settings);
}

#[test]
fn what_the_account_cannot_see() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    let account = || Account::new(&site.header_value());
    site.set_account(account().without_rights());
    page.note("no rights at all");
    page.run(&home, &["scan"]);
    site.set_account(account());
    home.run(&["scan"]);
    site.set_account(account().sees(Entity::User, |_| false));
    page.note("users are hidden");
    page.run(&home, &["scan"]);
    site.set_account(account().forbidden(Entity::User));
    page.note("users are forbidden");
    page.run(&home, &["scan"]);
    site.set_account(account().sees(Entity::App, |_| false));
    page.note("apps are hidden");
    page.run(&home, &["scan"]);
    page.check("scan_hidden");
}

#[test]
fn contacts() {
    let site = FakeSite::start_in_thread();
    let mut page = Page::new();
    let home = demo_with(
        &site,
        "connection.contacts.email_attributes = no-such-attribute\n",
    );
    page.note("many owners without an address");
    page.run(&home, &["scan"]);
    let home = demo_with(
        &site,
        "connection.contacts.mapping = \"conf/contacts.csv\"\n",
    );
    home.write(
        "conf/contacts.csv",
        "user;email\ngrace;g@acme.example\nACME\\dmitri;d@acme.example\n",
    );
    page.note("a mapping with an invalid entry");
    page.run(&home, &["scan"]);
    page.check("scan_contacts");
}

#[test]
fn duplicates() {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    let sheets = ["approved", "private"].map(|name| content.add_sheet(&app, name));
    for (sheet, year) in sheets.iter().zip([2020, 2022]) {
        content.set(sheet, "engineObjectId", json!("same"));
        let modified = format!("{year}-01-01T00:00:00.000Z");
        content.set(sheet, "modifiedDate", json!(modified));
    }
    let site = FakeSite::builder().content(content).start_in_thread();
    let mut page = Page::new();
    page.note("two records with one key");
    page.run(&demo(&site), &["scan"]);
    for (path, note) in [("/qrs/app/full", "an app twice"), (SHEETS, "a sheet twice")] {
        let site = FakeSite::start_in_thread();
        site.fail(Fault::repeated_records(1).on(path));
        page.note(note);
        page.run(&demo(&site), &["scan"]);
    }
    page.check("scan_duplicates");
}

#[test]
fn a_follower_that_cannot_write() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.write("export", "a file where the folder belongs");
    let mut page = Page::new();
    page.run(&home, &["scan"]);
    page.run(&home, &["scan", "--no-store"]);
    page.run(&home, &["catalog", "followers"]);
    page.check("scan_follower");
}

/// `/dev/full` is a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let site = small_site();
    let home = demo(&site);
    let mut page = Page::new();
    page.run(&home, &["scan", "--output", "/dev/full"]);
    page.run(&home, &["scan", "--report", "/dev/full"]);
    let mut command = home.command(&["scan", "--output", "-"]);
    command.stdout(std::fs::File::create("/dev/full").unwrap());
    page.note("> /dev/full");
    page.run_command(&home, &["scan", "--output", "-"], command);
    let mut command = home.command(&["catalog", "list"]);
    command.stdout(std::fs::File::create("/dev/full").unwrap());
    page.note("> /dev/full");
    page.run_command(&home, &["catalog", "list"], command);
    home.write("conf/application.conf", "store.max_size = \"1 MB\"\n");
    page.note("store.max_size = \"1 MB\"");
    page.run(&home, &["scan"]);
    page.check("scan_full_disk");
}
