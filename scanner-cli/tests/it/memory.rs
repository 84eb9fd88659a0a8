//! Sites that send too much data: the program's memory stays small, and it ends by itself.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Child;
use std::time::Duration;

use qrs_client::fake_site::{Content, FakeSite, Fault};

use crate::scanner::{Home, connection, items};

/// Maximum memory of a process in KiB: the limit of a list, and the same for the rest.
const MAX_MEMORY_KIB: u64 = 320 * 1024;

const APPS: &str = "/qrs/app/full";
const SHEETS: &str = "/qrs/app/object/full";
const USERS: &str = "/qrs/user/full";

/// Waits for the end of a process. Returns its exit code and its peak memory in KiB.
fn peak(mut child: Child) -> (Option<i32>, u64) {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(peak > 0, "the memory of the process was not read");
            return (status.code(), peak);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs the program against a site with these faults. Returns its exit code.
fn run(arguments: &[&str], faults: Vec<Fault>, settings: &str) -> Option<i32> {
    let site = FakeSite::start_in_thread();
    for fault in faults {
        site.fail(fault);
    }
    let home = Home::with(&(connection("qlik", &site) + settings));
    let (code, peak) = peak(home.start(arguments));
    assert!(peak < MAX_MEMORY_KIB, "{arguments:?} took {peak} KiB");
    code
}

#[test]
fn endless_lists_end_every_command_and_need_little_memory() {
    let description = "x".repeat(100_000);
    let app = format!(r#"{{"id":"app-{{n}}","description":"{description}"}},"#);
    let sheet = r#"{"id":"s-{n}","engineObjectId":"e-{n}","app":{"id":"a"},"objectType":"sheet"},"#;
    let uncounted = "connection.verify_counts = false\n";
    let cases: [(&[&str], Vec<Fault>, &str, i32); 6] = [
        (
            &["scan"],
            vec![Fault::endless("[", app).on(APPS), Fault::gzip().on(APPS)],
            uncounted,
            4,
        ),
        (
            &["scan"],
            vec![Fault::endless("[", sheet).on(SHEETS)],
            "",
            4,
        ),
        (
            &["inventory"],
            vec![Fault::endless("[null", ",null").on(SHEETS)],
            "",
            4,
        ),
        (
            &["explain", "Sales"],
            vec![Fault::endless("[1", ",1").on(SHEETS)],
            "",
            4,
        ),
        (&["check"], vec![Fault::endless("[null", ",null")], "", 4),
        (
            &["scan"],
            vec![Fault::endless("[", " ").on(USERS), Fault::gzip().on(USERS)],
            "connection.time_limits.list = 10 s\n",
            0,
        ),
    ];
    for (arguments, faults, settings, expected) in cases {
        assert_eq!(
            run(arguments, faults, settings),
            Some(expected),
            "{arguments:?}"
        );
    }
}

#[test]
fn records_of_60_mb_in_small_packets_need_little_memory_and_are_reported() {
    let huge = format!(
        ",{{\"id\":\"huge-{{n}}\",\"name\":\"{}\"}}",
        "x".repeat(60_000_000)
    );
    let site = FakeSite::start_in_thread();
    site.fail(Fault::repeated("[{\"id\":\"a-1\"}", huge, 2, "]").on(APPS));
    site.fail(Fault::gzip().on(APPS));
    let home = Home::with_site(&site);
    let (_, peak) = peak(home.start(&["scan"]));
    assert!(peak < MAX_MEMORY_KIB, "{peak} KiB");
    let run = home.run(&["scan"]);
    assert!(run.errors.contains("(id huge-0)"), "{}", run.errors);
    assert!(run.errors.contains("it has 60.0 MB"), "{}", run.errors);
}

#[test]
fn huge_texts_are_truncated_in_report_and_export() {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    let sheet = content.add_sheet(&app, "Overview");
    content.objects[0]["name"] = "n".repeat(2_000_000).into();
    content.objects[0]["modifiedDate"] = "d".repeat(1_000_000).into();
    let site = FakeSite::builder().content(content).start_in_thread();
    let version = format!("{{\"buildVersion\":\"{}\"}}", "3".repeat(900_000));
    site.fail(Fault::body(version).on("/qrs/about"));
    let home = Home::with_site(&site);
    let report = home.run(&["scan"]);
    report.check(0, &["complete", "was truncated", &sheet[..8]]);
    assert!(
        report.errors.len() < 10_000,
        "{} bytes",
        report.errors.len()
    );
    let export = home.read("export/qlik.visualization.ndjson");
    assert_eq!(items(&export).len(), 1);
    assert!(export.len() < 30_000, "{} bytes", export.len());
}
