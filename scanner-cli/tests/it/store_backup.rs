//! `store backup`, `store restore`, `store check`, and copies from before a migration.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use qrs_client::fake_site::{Content, FakeSite, Fault, Point};
use rusqlite::Connection;
use serde_json::Value;

use crate::{
    scanner::{Home, finish, is_clean, items, with_slashes},
    service::Running,
};

pub(crate) const STORE: &str = "data/catalog.db";
const EXPORT: &str = "export/qlik.visualization.ndjson";

pub(crate) fn health(home: &Home, exit: i32) -> Value {
    let run = home.run(&["store", "check", "--format", "json"]);
    run.check(exit, &[]);
    serde_json::from_str(&run.output).unwrap()
}

pub(crate) fn site(sheets: usize) -> FakeSite {
    FakeSite::builder()
        .content(Content::generated(1, sheets))
        .start_in_thread()
}

/// Adds a sheet to the site and scans it.
fn add_and_scan(site: &FakeSite, home: &Home, name: &str) {
    site.edit(|content| {
        let app = content.app_named("App 1").or(content.app_named("App 0"));
        let app = app.unwrap().to_owned();
        content.add_sheet(&app, name);
    });
    home.run(&["scan"]).check(0, &["1 added"]);
}

fn scan_ids(home: &Home) -> Vec<String> {
    let scans = home.run(&["catalog", "scans", "--format", "ndjson"]);
    let text = |scan: &Value| scan["id"].as_str().unwrap().to_owned();
    items(&scans.output).iter().map(text).collect()
}

#[test]
fn a_restored_store_has_the_content_of_the_backup_and_followers_are_reset() {
    let site = site(5);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    home.run(&["store", "backup", "saved.db"])
        .check(0, &["backed up `data/catalog.db` to `saved.db`"]);
    add_and_scan(&site, &home, "newer");
    assert_eq!(home.items(EXPORT).len(), 6);
    let (before, former) = (scan_ids(&home), health(&home, 0)["store_id"].clone());

    home.run(&["store", "restore", "saved.db"]).check(
        0,
        &[
            "restored `data/catalog.db` from `saved.db`: 5 items",
            "kept as `data/catalog.db.before-restore-1`",
        ],
    );
    let now = health(&home, 0);
    assert_ne!(now["store_id"], former);
    assert_eq!(now["items"]["present"], 5);
    let leftover = now["leftover_files"][0].as_str().unwrap();
    assert_eq!(with_slashes(leftover), "data/catalog.db.before-restore-1");
    assert_eq!(now["leftover_files"].as_array().unwrap().len(), 1);
    // The sheet that is newer than the backup is removed, even if the site cannot be scanned.
    let followers = home.run(&["catalog", "followers", "--format", "ndjson"]);
    assert!(
        items(&followers.output)[0]["behind"].is_null(),
        "{}",
        followers.output
    );
    site.edit(|content| {
        let id = content.sheet_named("newer").unwrap().to_owned();
        content.remove(&id);
    });
    site.expire_sessions();
    home.run(&["scan"])
        .check(0, &["nothing changed", "wrote     5 items"]);
    assert_eq!(home.items(EXPORT).len(), 5);
    // A scan has the same number as one of the former store, and another id.
    let after = scan_ids(&home);
    assert_eq!(after.len(), before.len());
    assert!(
        after.iter().all(|id| !before.contains(id)),
        "{before:?} {after:?}"
    );
    let since = |id: &str| home.run(&["catalog", "changes", "--since", id]);
    since(&after[0]).check(0, &[]);
    since(&before[0]).check(2, &["belongs to another store"]);
    // The former store can be restored, too.
    home.run(&["store", "restore", "data/catalog.db.before-restore-1"])
        .check(0, &["6 items"]);
}

#[test]
fn a_log_that_belongs_to_the_former_store_does_not_reach_the_restored_one() {
    let site = site(5);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    home.run(&["store", "backup", "saved.db"]).check(0, &[]);
    for by_hand in [false, true] {
        add_and_scan(&site, &home, if by_hand { "one" } else { "another" });
        leave_log(&home);
        if by_hand {
            fs::copy(home.path("saved.db"), home.path(STORE)).unwrap();
            // A reader does not mix them, and the next writer sets the log aside.
            let listed = home.run(&["catalog", "list", "--format", "ndjson"]);
            assert_eq!(items(&listed.output).len(), 5);
            let run = home.run(&["scan"]);
            run.check(0, &["copied there by hand", "2 added"]);
        } else {
            home.run(&["store", "restore", "saved.db"]).check(0, &[]);
            assert!(!home.has("data/catalog.db-wal"));
            let former = home.path("data/catalog.db.before-restore-1");
            let name: String = Connection::open(former)
                .unwrap()
                .query_row("SELECT name FROM connection", [], |row| row.get(0))
                .unwrap();
            assert_eq!(name, "of the log", "the former store keeps its log");
            home.run(&["scan"]).check(0, &["1 added"]);
        }
        let health = health(&home, 0);
        assert_eq!(health["items"]["present"], if by_hand { 7 } else { 6 });
    }
}

/// Leaves changes in the log, as a process that was killed does.
fn leave_log(home: &Home) {
    let (store, log) = (home.path(STORE), home.path("data/catalog.db-wal"));
    let db = Connection::open(&store).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.execute("UPDATE connection SET name = 'of the log'", [])
        .unwrap();
    let copies = [fs::read(&store).unwrap(), fs::read(&log).unwrap()];
    drop(db);
    fs::write(&store, &copies[0]).unwrap();
    fs::write(&log, &copies[1]).unwrap();
}

#[test]
fn a_backup_is_made_while_a_scan_writes_and_a_restore_waits_for_everyone() {
    let site = site(100);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    home.run(&["store", "backup", "first.db"]).check(0, &[]);
    site.fail(Fault::stall(Point::Records(80)).on("/qrs/app/object/full"));
    let mut scan = home.start(&["scan"]);
    while site.requests_of("/qrs/app/object/full").len() < 2 {
        thread::sleep(Duration::from_millis(5));
    }
    home.run(&["store", "backup", "saved.db"]).check(0, &[]);
    home.run(&["store", "restore", "saved.db"])
        .check(7, &["is in use by another process", "nothing was changed"]);
    scan.kill().unwrap();
    scan.wait().unwrap();
    // Another program with the store open prevents it, too.
    let db = Connection::open(home.path(STORE)).unwrap();
    db.query_row("SELECT count(*) FROM item", [], |_| Ok(()))
        .unwrap();
    home.run(&["store", "restore", "saved.db"])
        .check(7, &["is in use by another process"]);
    drop(db);
    home.run(&["store", "restore", "saved.db"])
        .check(0, &["100 items"]);
    assert!(is_clean(&home.path(".")) && is_clean(&home.path("data")));
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_service_allows_a_backup_but_no_restore() {
    // The service is stopped with a signal.
    let site = site(5);
    let home = Home::with_site(&site);
    let running = Running::briefly(&home);
    crate::service::wait("the export", || home.has(EXPORT));
    home.run(&["store", "backup", "saved.db"]).check(0, &[]);
    home.run(&["store", "restore", "saved.db"])
        .check(7, &["a service is running", "stop it first"]);
    running.stop();
    home.run(&["store", "restore", "saved.db"])
        .check(0, &["5 items"]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn killed_at_any_instant_a_restore_leaves_the_old_store_or_the_new_one() {
    let site = site(50);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    home.run(&["store", "backup", "saved.db"]).check(0, &[]);
    add_and_scan(&site, &home, "newer");
    home.run(&["store", "backup", "newer.db"]).check(0, &[]);
    let begun = Instant::now();
    home.run(&["store", "restore", "saved.db"]).check(0, &[]);
    let whole = begun.elapsed();
    let mut counts = [0, 0];
    for round in 0..28 {
        let (file, broken) = ([("saved.db"), ("newer.db")][round % 2], round % 4 > 1);
        if broken {
            // An unusable log beside an unreadable store.
            home.write(STORE, vec![7; 9_000]);
            home.write("data/catalog.db-wal", vec![9; 9_000]);
        } else {
            leave_log(&home);
        }
        let mut restore = home.start(&["store", "restore", file]);
        thread::sleep(whole * (round as u32 * 17 % 29) / 28);
        restore.kill().unwrap();
        restore.wait().unwrap();
        let run = home.run(&["store", "check", "--format", "json"]);
        if run.exit == 0 {
            let health: Value = serde_json::from_str(&run.output).unwrap();
            let present = health["items"]["present"].as_u64().unwrap();
            assert!([50, 51].contains(&present), "{present}");
            counts[present as usize - 50] += 1;
        } else {
            assert!(broken, "{}", run.errors);
        }
        home.run(&["store", "restore", file]).check(0, &[]);
        let expected = 50 + (round as u64 % 2);
        assert_eq!(health(&home, 0)["items"]["present"], expected);
    }
    assert!(counts[0] > 0 && counts[1] > 0, "{counts:?}");
    let kept = |name: &String| {
        name.contains("before-restore") && name.ends_with(|last: char| last.is_ascii_digit())
    };
    let names = home.names("data");
    assert!(
        names.iter().filter(|name| kept(name)).count() <= 4,
        "{names:?}"
    );
    assert!(
        names.iter().all(|name| !name.starts_with(".restore")),
        "{names:?}"
    );
}

#[test]
fn an_older_store_is_copied_before_it_is_migrated() {
    let site = site(5);
    let home = Home::with_site(&site);
    fs::create_dir_all(home.path("data")).unwrap();
    let db = Connection::open(home.path(STORE)).unwrap();
    for version in ["1", "2"] {
        let path = format!("store/src/schema/{version}.sql");
        let sql = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        db.execute_batch(&sql).unwrap();
    }
    db.execute_batch("PRAGMA user_version = 2; INSERT INTO connection (code, name, key_parts) VALUES ('old', 'Old', '[]')")
        .unwrap();
    drop(db);
    home.run(&["catalog", "list"])
        .check(3, &["is of an older version"]);
    home.run(&["store", "backup", "of-old.db"]).check(0, &[]);
    home.run(&["scan"]).check(0, &["5 added"]);
    let names = home.names("data");
    let copy = names.iter().find(|name| name.contains("before-v"));
    let copy = format!("data/{}", copy.unwrap());
    let check = home.run(&["store", "check", &copy, "--format", "json"]);
    let check: Value = serde_json::from_str(&check.output).unwrap();
    assert_eq!(
        (&check["version"], &check["backup"]),
        (&2.into(), &true.into())
    );
    for file in [copy.as_str(), "of-old.db"] {
        home.run(&["store", "restore", file]).check(
            0,
            &["the backup was of version 2 and was brought up to date"],
        );
        let connections = health(&home, 0)["connections"].clone();
        assert_eq!(connections, 1);
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_restore_needs_no_terminal_and_reads_nothing() {
    let site = site(5);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    home.run(&["store", "backup", "saved.db"]).check(0, &[]);
    let mut command = Command::new("setsid");
    command
        .args([
            "-w",
            env!("CARGO_BIN_EXE_scanner-cli"),
            "store",
            "restore",
            "saved.db",
        ])
        .stdin(std::process::Stdio::null())
        .current_dir(home.path("."));
    finish(command).check(0, &["restored"]);
}
