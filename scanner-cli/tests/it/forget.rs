//! `catalog forget` leaves nothing of a connection in any file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
};
#[cfg(unix)]
use std::{
    fs::File,
    process::{Command, Stdio},
};

use qrs_client::fake_site::{FakeSite, Fault, Point};

#[cfg(unix)]
use crate::scanner::finish;
use crate::{
    scanner::{Home, connection, session_files},
    service::{Running, status, wait},
};

const SHEETS: &str = "/qrs/app/object/full";
const EXPORT: &str = "export/qlik.visualization.ndjson";

/// All files below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// The files of the home that contain a text.
fn holding(home: &Home, text: &str) -> Vec<String> {
    let has = |path: &PathBuf| {
        let content = fs::read(path).unwrap();
        content
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    let found = files(&home.path("")).into_iter().filter(has);
    let name = |path: PathBuf| {
        path.strip_prefix(home.path(""))
            .unwrap()
            .display()
            .to_string()
    };
    found.map(name).collect()
}

/// A home whose one connection was scanned; its file is removed.
fn scanned(site: &FakeSite) -> Home {
    let home = Home::with_site(site);
    home.run(&["scan"]).check(0, &[]);
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    home
}

#[test]
fn no_file_contains_an_address_of_an_owner() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    // Changes and a partial scan, so that pages become free and the log has older ones.
    home.write(
        "connections/qlik.conf",
        connection("qlik", &site)
            + "filters = [{ action = EXCLUDE, rule = { app.name = \"Sales Overview\" } }]\n",
    );
    home.run(&["scan"]);
    home.write("connections/qlik.conf", connection("qlik", &site));
    home.run(&["scan"]).check(0, &[]);
    home.run(&["scan", "--no-store"]).check(0, &[]);
    home.write(
        "export/qlik.visualization.ndjson.partial",
        "ada.moreau@acme.example",
    );
    assert!(holding(&home, "@acme.example").len() >= 3);
    assert_eq!(session_files(&home).len(), 1);
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    home.run(&["catalog", "forget", "qlik"]).check(
        0,
        &[
            "qlik (Test site): 53 items",
            "e-mail addresses",
            EXPORT,
            "ndjson:export",
            "1 file",
        ],
    );
    assert_eq!(holding(&home, "@acme.example"), [""; 0]);
    assert_eq!(holding(&home, "Sales Overview"), [""; 0]);
    assert_eq!(session_files(&home), [""; 0]);
    for name in [
        EXPORT,
        "data/qlik.lock",
        "export/qlik.visualization.ndjson.partial",
    ] {
        assert!(!home.has(name), "{name}");
    }
    home.run(&["store", "check"]).check(0, &[]);
    let check = home.run(&["store", "check"]).output;
    assert!(
        check.contains("connections 0") && check.contains("0 B of it free"),
        "{check}"
    );
    assert!(status(&home)["connections"].as_array().unwrap().is_empty());
    home.run(&["catalog", "forget", "qlik"])
        .check(2, &["the connection `qlik`"]);
    // The connection can be added again as a new one.
    home.write("connections/qlik.conf", connection("qlik", &site));
    home.run(&["scan"]).check(0, &["53 added"]);
    assert_eq!(home.items(EXPORT).len(), 53);
}

#[test]
fn other_connections_stay_unchanged() {
    let (site, other) = (FakeSite::start_in_thread(), FakeSite::start_in_thread());
    let home = Home::with_site(&site);
    home.write("connections/other.conf", connection("other", &other));
    home.run(&["scan"]).check(0, &[]);
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    home.run(&["catalog", "forget", "qlik"]).check(0, &[]);
    assert_eq!(session_files(&home).len(), 1);
    assert_eq!(home.items("export/other.visualization.ndjson").len(), 53);
    let list = home.run(&["catalog", "list", "--format", "ndjson"]).output;
    assert_eq!(list.lines().count(), 53);
    assert!(!list.contains("\"qlik/"), "{list}");
    // Followers resume at their position.
    home.run(&["scan"]).check(0, &["nothing changed"]);
    assert_eq!(session_files(&home).len(), 1);
    home.run(&["catalog", "forget", "qilk"])
        .check(2, &["other"]);
}

#[test]
fn forgetting_is_refused_while_a_file_has_the_code_or_may_have_it() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    for (file, text) in [
        (connection("qlik", &site), "connections/a.conf"),
        (
            connection("qlik", &site) + "enabled = false\n",
            "has the code `qlik`",
        ),
        ("code = qlik".to_owned(), "connections/a.conf"),
        ("{{{".to_owned(), "may have the code `qlik`"),
    ] {
        home.write("connections/a.conf", file);
        home.run(&["catalog", "forget", "qlik"])
            .check(3, &[text, "nothing was changed"]);
    }
    home.write("connections/a.conf", connection("other", &site));
    assert!(home.has(EXPORT));
    home.run(&["catalog", "forget", "qlik"]).check(0, &[]);
}

#[test]
fn forgetting_is_refused_during_a_scan() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    site.fail(Fault::stall(Point::Records(3)).on(SHEETS));
    let before = site.requests_of(SHEETS).len();
    let mut scan = home.start(&["scan"]);
    wait("the scan", || site.requests_of(SHEETS).len() > before);
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    home.run(&["catalog", "forget", "qlik"])
        .check(7, &["is being scanned by process", "nothing was changed"]);
    end(&mut scan);
    home.run(&["catalog", "forget", "qlik"]).check(0, &[]);
    assert_eq!(holding(&home, "@acme.example"), [""; 0]);
}

fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn forgetting_is_refused_while_another_connection_is_scanned() {
    let (site, other) = (FakeSite::start_in_thread(), FakeSite::start_in_thread());
    let home = scanned(&site);
    home.write("connections/other.conf", connection("other", &other));
    other.fail(Fault::stall(Point::Records(3)).on(SHEETS));
    let mut scan = home.start(&["scan"]);
    wait("the scan", || !other.requests_of(SHEETS).is_empty());
    home.run(&["catalog", "forget", "qlik"])
        .check(7, &["in use", "nothing was changed"]);
    assert!(home.has(EXPORT));
    end(&mut scan);
    home.run(&["catalog", "forget", "qlik"]).check(0, &[]);
}

#[test]
fn forgetting_works_while_the_service_is_idle() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let running = Running::briefly(&home);
    wait("an export", || home.has(EXPORT));
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    wait("the removal", || {
        status(&home)["connections"][0]["state"] == "removed"
    });
    home.run(&["catalog", "forget", "qlik"]).check(0, &[]);
    assert!(status(&home)["connections"].as_array().unwrap().is_empty());
    home.write("connections/qlik.conf", connection("qlik", &site));
    wait("a new export", || home.has(EXPORT));
    running.stop();
}

#[test]
fn a_failed_follower_keeps_everything_unless_its_catalog_keeps_the_items() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    home.write(
        "conf/application.conf",
        "followers = [ { kind = ndjson, path = \"conf/application.conf/x\" } ]",
    );
    home.run(&["catalog", "forget", "qlik"])
        .check(6, &["did not receive the removals", "--keep-in-catalogs"]);
    assert!(home.has(EXPORT));
    let list = ["catalog", "list", "--state", "gone", "--format", "ndjson"];
    assert_eq!(home.run(&list).output.lines().count(), 53);
    home.run(&["catalog", "forget", "qlik", "--keep-in-catalogs"])
        .check(0, &["keep the items"]);
    assert_eq!(holding(&home, "@acme.example"), [""; 0]);
}

#[test]
fn copies_of_the_store_with_the_connection_are_listed() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let elsewhere = tempfile::tempdir().unwrap();
    home.run(&["store", "backup", "empty.backup"]);
    home.run(&["scan"]).check(0, &[]);
    let outside = elsewhere.path().join("outside.backup");
    home.run(&["store", "backup", outside.to_str().unwrap()])
        .check(0, &[]);
    home.run(&["store", "backup", "own.backup"]).check(0, &[]);
    home.run(&["store", "restore", "own.backup"]).check(0, &[]);
    fs::copy(home.path("own.backup"), home.path("data/by-hand.db")).unwrap();
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    let run = home.run(&["catalog", "forget", "qlik"]);
    run.check(
        0,
        &[
            "still contain the items",
            "outside.backup",
            "own.backup",
            "catalog.db.before-restore-1",
            "by-hand.db",
        ],
    );
    assert_eq!(
        run.errors.matches("own.backup").count(),
        1,
        "{}",
        run.errors
    );
    // A restored copy has the connection again, and it can be forgotten again.
    home.run(&["store", "restore", "own.backup"]).check(0, &[]);
    home.run(&["catalog", "forget", "qlik"])
        .check(0, &["53 items"]);
    for name in ["own.backup", "data/by-hand.db"] {
        fs::remove_file(home.path(name)).unwrap();
    }
    for name in home
        .names("data")
        .iter()
        .filter(|name| name.contains("before-restore"))
    {
        fs::remove_file(home.path("data").join(name)).unwrap();
    }
    assert_eq!(holding(&home, "@acme.example"), [""; 0]);
}

#[test]
fn leftovers_of_killed_backups_are_removed() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    home.run(&["store", "backup", "a.backup"]).check(0, &[]);
    fs::rename(home.path("a.backup"), home.path("data/.scan-a1b2c3.tmp")).unwrap();
    fs::create_dir(home.path("data/.restore-x")).unwrap();
    fs::copy(
        home.path("data/.scan-a1b2c3.tmp"),
        home.path("data/.restore-x/catalog.db"),
    )
    .unwrap();
    home.write("export/.scan-locked-a1b2c3.tmp", "ada.moreau@acme.example");
    home.run(&["catalog", "forget", "qlik"]).check(0, &[]);
    assert_eq!(holding(&home, "@acme.example"), [""; 0]);
}

#[test]
fn files_of_a_scan_without_a_store_are_removed() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan", "--no-store"]).check(0, &[]);
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    home.run(&["catalog", "forget", "qlik"])
        .check(0, &["qlik: not in the store", EXPORT]);
    assert!(!home.has(EXPORT) && !home.has("data/qlik.lock"));
    assert!(!home.has("data/catalog.db"));
}

/// The command on a terminal with the input `answer`.
#[cfg(target_os = "linux")]
fn typed(home: &Home, answer: &str) -> crate::scanner::Run {
    let program = format!("{} catalog forget qlik", env!("CARGO_BIN_EXE_scanner-cli"));
    let input = home.path("typed.txt");
    fs::write(&input, answer).unwrap();
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--command", &program, "/dev/null"])
        .current_dir(home.path(""))
        .stdin(Stdio::from(File::open(input).unwrap()));
    finish(command)
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_forgetting_shows_counts_and_asks() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    for (answer, exit) in [("n\n", 130), ("\n", 130), ("yess\n", 130), ("yes\n", 0)] {
        let run = typed(&home, answer);
        assert_eq!(run.exit, exit, "{}", run.output);
        for text in ["53 items", "53 changes", "1 scan", "cannot be undone"] {
            assert!(run.output.contains(text), "{}", run.output);
        }
        assert_eq!(home.has(EXPORT), exit != 0);
    }
}
