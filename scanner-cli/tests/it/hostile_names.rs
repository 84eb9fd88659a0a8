//! Names of sites and files with line breaks, escape sequences and invisible characters.

use catalog_model::is_unprintable;
use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use crate::scanner::{Home, Run, items};
#[cfg(unix)]
use crate::service::{Running, wait};

/// A name that looks like a line of a report and contains control sequences of a terminal.
const NAME: &str = "Evil\nFORGED line\r\u{1b}[31m\u{9b}2J\u{202e}\u{200b}\u{2028}end";
/// The name as the program prints it.
const PRINTED_NAME: &str = "Evil FORGED line \u{fffd}[31m\u{fffd}2J\u{fffd}\u{fffd} end";

/// A site with an app, a sheet, an owner and a stream of this name.
fn site() -> FakeSite {
    let site = FakeSite::start_in_thread();
    let content = site.content();
    let app = content.app_named("Sales Overview").unwrap().to_owned();
    let sheet = content.sheet_named("Regions").unwrap().to_owned();
    site.edit(|content| {
        content.rename(&app, NAME);
        content.rename(&sheet, NAME);
        content.add_stream(NAME);
        content.add_user("ACME", NAME, NAME);
    });
    site
}

/// Checks a text for people.
fn check_text(text: &str, what: &str) {
    for line in text.lines() {
        assert!(!line.starts_with("FORGED"), "{what}: {text:?}");
        assert!(!line.contains(is_unprintable), "{what}: {line:?}");
    }
}

fn check_run(run: &Run, what: &str) {
    check_text(&run.output, what);
    check_text(&run.errors, what);
}

fn home(site: &FakeSite, more: &str) -> Home {
    let home = Home::with_site(site);
    let file = home.read("connections/qlik.conf");
    let name = "name = \"Evil\\nFORGED line\\u001b[31m\\u202eend\"";
    let file = file.replace("name = \"Test site\"", name);
    home.write("connections/qlik.conf", format!("{file}{more}"));
    home
}

#[test]
fn names_cannot_start_a_line_in_reports_and_lists() {
    let site = site();
    let home = home(
        &site,
        "filters = [{ id = drafts, action = REJECT, rules { tag = draft } }]\n",
    );
    for arguments in [
        &["scan"][..],
        &["check"],
        &["status"],
        &["inventory"],
        &["filter", "test", "qlik"],
        &["filter", "test", "qlik", "--offline"],
        &["explain", NAME],
        &["explain", NAME, "--offline"],
        &["config", "show", "qlik"],
        &["catalog", "list"],
        &["catalog", "changes"],
        &["catalog", "owners"],
        &["catalog", "scans"],
        &["store", "check"],
    ] {
        check_run(&home.run(arguments), &format!("{arguments:?}"));
    }
    let list = home.run(&["catalog", "list"]).output;
    assert!(list.contains(PRINTED_NAME), "{list}");
    let explained = home.run(&["explain", NAME]).output;
    assert!(explained.contains(PRINTED_NAME), "{explained}");
    let item = items(
        &home
            .run(&["catalog", "list", "--search", "Evil", "--format", "ndjson"])
            .output,
    );
    let key = item[0]["key"].as_str().unwrap();
    check_run(&home.run(&["catalog", "show", key]), "show");
}

#[test]
fn json_keeps_names_and_escapes_control_characters() {
    let site = site();
    let home = home(&site, "");
    home.run(&["scan", "--report", "report.json"]).check(0, &[]);
    let has_name = |lines: &[Value]| lines.iter().any(|line| line["name"] == NAME);
    let list = home.run(&["catalog", "list", "--format", "ndjson"]).output;
    assert!(has_name(&items(&list)));
    check_text(&list, "ndjson");
    let scan = home.run(&["scan", "--no-store", "--output", "-"]).output;
    assert!(has_name(&items(&scan)));
    check_text(&scan, "scan");
    assert!(has_name(&home.items("export/qlik.visualization.ndjson")));
    for arguments in [
        &["check", "--format", "json"][..],
        &["status", "--format", "json"],
        &["config", "show", "qlik", "--format", "json"],
        &["inventory", "--format", "ndjson"],
    ] {
        let output = home.run(arguments).output;
        assert!(output.contains("\\u202e"), "{arguments:?}: {output}");
        check_text(&output, &format!("{arguments:?}"));
    }
    check_text(&home.read("report.json"), "report");
}

#[test]
fn messages_quote_files_and_arguments_without_control_characters() {
    let home =
        Home::with("co\u{200b}de = \"a\u{202e}\u{9b}1m\"\nname = x\u{1b}[31m\nkey\u{1b} ! = 3");
    check_run(&home.run(&["scan"]), "a bad file");
    check_run(&home.run(&["scan", NAME]), "a code");
    check_run(&home.run(&[NAME]), "a command");
    check_run(&home.run(&["scan", &format!("--{NAME}")]), "an option");
    check_run(&home.run(&["--home", NAME, "scan"]), "a home");
    check_run(&home.run(&["config", "show", NAME]), "a file");
    check_run(
        &home.run(&["catalog", "changes", "--since", NAME]),
        "a time",
    );
}

#[cfg(unix)]
#[test]
fn a_file_name_with_control_characters_is_reported() {
    let home = Home::empty();
    home.write("connections/a\n\u{1b}[31mb.conf", "code = ");
    let run = home.run(&["scan"]);
    check_run(&run, "scan");
    assert!(
        run.errors.contains("a \u{fffd}[31mb.conf"),
        "{}",
        run.errors
    );
}

#[cfg(unix)]
#[test]
fn the_log_of_the_service_has_a_line_for_each_event() {
    for format in ["text", "json"] {
        let site = site();
        let home = home(&site, "");
        home.write("print.sh", "printf 'a\\033[31m\\342\\200\\256b\\r\\n'");
        let command = "post_items_upsert_command = [sh, print.sh]";
        home.write(
            "hooks/print.conf",
            format!("enabled = true\ncode = print\nhook_id = \"external-script\"\n{command}\n"),
        );
        home.write("connections/bad.conf", "code = \"a\u{202e}\"\nx\u{1b}y !");
        let mut command = home.command(&["run", "--log-format", format]);
        command.env("PATH", "/usr/bin:/bin");
        let running = Running::from_command(&home, command);
        wait("the hook", || running.log().contains("31m"));
        let log = running.stop();
        assert!(log.contains("bad.conf"), "{log}");
        check_text(&log, format);
    }
}

#[test]
fn csv_is_safe_for_spreadsheets_by_default() {
    let site = FakeSite::start_in_thread();
    let sheet = site.content().sheet_named("Regions").unwrap().to_owned();
    let home = Home::with_site(&site);
    for (name, expected) in [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("a\u{1b}[31m", "a\u{fffd}[31m"),
    ] {
        site.edit(|content| content.rename(&sheet, name));
        home.run(&["scan"]).check(0, &[]);
        let names = |more: &[&str]| -> Vec<String> {
            let mut all = vec!["catalog", "list", "--format", "csv"];
            all.extend(more);
            let output = home.run(&all).output;
            let mut lines = csv::Reader::from_reader(output.as_bytes());
            let column = lines
                .headers()
                .unwrap()
                .iter()
                .position(|name| name == "name");
            let rows = lines.records().map(Result::unwrap);
            rows.map(|row| row[column.unwrap()].to_owned()).collect()
        };
        assert!(names(&[]).iter().any(|name| name == expected), "{expected}");
        assert!(
            names(&["--csv-raw"]).iter().any(|raw| raw == name),
            "{name}"
        );
    }
    let marked = home
        .run(&["catalog", "list", "--format", "csv", "--bom"])
        .output;
    assert!(marked.starts_with("\u{feff}key,"), "{marked}");
    for option in ["--bom", "--csv-raw"] {
        home.run(&["catalog", "list", option])
            .check(2, &["`--csv-raw` and `--bom` need `--format csv`"]);
    }
}

#[cfg(unix)]
#[test]
fn csv_on_a_terminal_has_no_control_characters_and_no_forged_lines() {
    use crate::terminal::{Streams, on_terminal};

    let site = site();
    let home = home(&site, "");
    home.run(&["scan"]).check(0, &[]);
    for arguments in [
        &["catalog", "list", "--format", "csv"][..],
        &["catalog", "list", "--format", "csv", "--csv-raw"],
        &["catalog", "changes", "--format", "csv", "--csv-raw"],
        &["inventory", "--format", "csv", "--csv-raw"],
    ] {
        let run = on_terminal(home.command(arguments), 80, Streams::Output);
        assert!(
            run.output.contains(PRINTED_NAME),
            "{arguments:?}: {}",
            run.output
        );
        check_text(&run.output, &format!("{arguments:?}"));
    }
}
