//! Examples of the documentation that are in no other snapshot.

use std::process::Command;

use qrs_client::fake_site::FakeSite;

use super::{Page, demo, demo_text};
use crate::scanner::Home;

/// The connection file for the common mistakes in the documentation.
const FILE: &str = r#"name = "Qlik production"
code = "qlik-prod"
connector_id = "qlik-sense"
connection {
  url = "https://qlik.example.com/scanner"
  link_url = "https://qlik.example.com"
  auth.key = "X-Scanner-User"
  auth.value = "ACME\\scanner"
}
"#;

#[test]
fn common_mistakes() {
    let mut page = Page::new();
    let url = "\"https://qlik.example.com/scanner\"";
    for (old, new) in [
        (r"ACME\\scanner", r"ACME\scanner"),
        (r"ACME\\scanner", r"ACME\nora"),
        (url, "https://qlik.example.com/scanner"),
        (url, "\"qlik.example.com/scanner\""),
        ("\"qlik-prod\"", "'qlik-prod'"),
        (url, ""),
        ("  url", "  verify_count = false\n  url"),
        ("  url", "  ulr"),
        (url, "${QLIK_URL}"),
        ("X-Scanner-User", "X-Qlik-User"),
        (
            "\n}\n",
            "\n}\nproxy { hostname = proxy.example.com, port = 99999 }\n",
        ),
        ("\n}\n", "\n"),
    ] {
        assert!(FILE.contains(old), "{old}");
        let home = Home::with(&FILE.replacen(old, new, 1));
        page.note(new.trim().lines().next().unwrap_or("(nothing)"));
        page.run(&home, &["check", "--offline"]);
    }
    page.check("example_mistakes");
}

#[test]
fn two_files_with_one_code() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.write("connections/second.conf", demo_text(&site));
    let mut page = Page::new();
    page.run(&home, &["scan"]);
    page.check("example_one_code");
}

#[test]
fn an_exported_item() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.run(&["scan"]);
    let export = home.read("export/demo.visualization.ndjson");
    home.write(
        "item.ndjson",
        export
            .lines()
            .find(|line| line.contains("=ab8864f2-90a4-4c48-a837-8b69817e599a/sheet=JDWuPK"))
            .unwrap(),
    );
    let mut page = Page::new();
    page.file(&home, "item.ndjson");
    page.check("example_item");
}

#[test]
fn a_filter_that_excludes_and_one_that_the_store_cannot_decide() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.run(&["scan"]);
    let filter = "filter = \"not app starts with 'Sales'\"\n";
    home.write("connections/demo.conf", demo_text(&site) + filter);
    home.run(&["scan"]);
    let mut page = Page::new();
    let key = "demo/ab8864f2-90a4-4c48-a837-8b69817e599a/JDWuPK";
    page.run(&home, &["explain", key]);
    home.write(
        "connections/demo.conf",
        demo_text(&site) + "filter = \"published = 'true'\"\n",
    );
    page.run(&home, &["filter", "test", "demo", "--offline"]);
    page.check("example_filters");
}

#[test]
fn files_beyond_limits() {
    let home = Home::empty();
    home.write("connections/notes.txt", "");
    let mut mkfifo = Command::new("mkfifo");
    assert!(
        mkfifo
            .arg(home.path("connections/a.conf"))
            .status()
            .unwrap()
            .success()
    );
    let lines = (1..1_200).map(|now| format!("a{now} = {{ x = ${{a{}}} }}\n", now - 1));
    home.write(
        "connections/deep.conf",
        format!("a0 = 1\n{}", lines.collect::<String>()),
    );
    let mut page = Page::new();
    page.run(&home, &["scan"]);
    page.check("example_limits");
}

#[test]
fn a_service_with_a_schedule() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let settings = "automation { synchronize = \"0 0 2 * * ?\", time_zone = \"Europe/Berlin\" }\n";
    home.write("conf/application.conf", settings);
    home.write("agent-identifier", "north-1\n");
    let bad = "name = Test\ncode = test\nconnector_id = qlik-sense\nconnection {\n  auth.key = X-User\n  auth.value = x\n  url =\n}\n";
    home.write("connections/test.conf", bad);
    let mut page = Page::new();
    page.run_held(&home, &["scan", "demo"]);
    page.run_held(&home, &["status"]);
    page.check("example_schedule");
}
