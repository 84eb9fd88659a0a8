//! Homes on file systems without locks or shared memory, as network folders often are.
#![cfg(target_os = "linux")]

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use qrs_client::fake_site::{Content, FakeSite};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    scanner::{Home, Run, finish, items},
    service::Running,
};

const STORE: &str = "data/catalog.db";
const ENODEV: i32 = 19;
const EINVAL: i32 = 22;
const ENOLCK: i32 = 37;
const ENOSYS: i32 = 38;
const EOPNOTSUPP: i32 = 95;

/// Maximum time of an immediate reaction on a loaded machine. SQLite itself waits for 30 s.
const AT_ONCE: Duration = Duration::from_secs(15);

/// The library that simulates the limits of file systems, compiled once.
fn library() -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let source = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/limited_file_system.c"
        );
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-o", "limited.so", source])
            .current_dir(folder.path())
            .status();
        assert!(compiled.unwrap().success());
        folder
    });
    folder.path().join("limited.so")
}

fn limited(home: &Home, limits: &str, errno: i32, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command
        .env("LD_PRELOAD", library())
        .env("LIMITS", limits)
        .env("ERRNO", errno.to_string());
    command
}

fn run(home: &Home, limits: &str, errno: i32, arguments: &[&str]) -> Run {
    let begun = Instant::now();
    let run = finish(limited(home, limits, errno, arguments));
    assert!(
        begun.elapsed() < AT_ONCE,
        "{:?}: {}",
        begun.elapsed(),
        run.errors
    );
    run
}

fn journal(home: &Home) -> String {
    let run = home.run(&["store", "check", "--format", "json"]);
    let health: serde_json::Value = serde_json::from_str(&run.output).unwrap();
    health["journal"].as_str().unwrap().to_owned()
}

fn site() -> FakeSite {
    FakeSite::builder()
        .content(Content::generated(2, 20))
        .start_in_thread()
}

#[test]
fn without_shared_memory_the_store_works_with_a_rollback_journal() {
    let site = site();
    for errno in [ENODEV, EINVAL] {
        // A new store, and one that had a log before.
        for has_store in [false, true] {
            let home = Home::with_site(&site);
            site.expire_sessions();
            if has_store {
                home.run(&["scan"]).check(0, &["40 added"]);
                // As after a killed process.
                let db = Connection::open(home.path(STORE)).unwrap();
                db.execute("UPDATE connection SET name = 'of the log'", [])
                    .unwrap();
                for name in [STORE, "data/catalog.db-wal"] {
                    std::fs::copy(home.path(name), home.path(&format!("{name}.copy"))).unwrap();
                }
                drop(db);
                for name in [STORE, "data/catalog.db-wal"] {
                    std::fs::rename(home.path(&format!("{name}.copy")), home.path(name)).unwrap();
                }
                let owners = run(
                    &home,
                    "shared-memory",
                    errno,
                    &["catalog", "list", "--format", "ndjson"],
                );
                owners.check(0, &[]);
                assert_eq!(items(&owners.output).len(), 40);
            }
            for _ in 0..2 {
                run(&home, "shared-memory", errno, &["scan"]).check(0, &["stored    40 items"]);
            }
            assert_eq!(home.items("export/qlik.visualization.ndjson").len(), 40);
            assert_eq!(journal(&home), "delete");
            for arguments in [
                &["catalog", "list"][..],
                &["status"],
                &["explain", "--offline", "Sheet 1"],
                &["store", "check"],
                &["store", "backup", "saved.db"],
                &["store", "restore", "saved.db"],
                &["scan"],
            ] {
                let run = run(&home, "shared-memory", errno, arguments);
                assert!([0, 2].contains(&run.exit), "{arguments:?} {}", run.errors);
            }
            // On another file system again.
            home.run(&["scan"]).check(0, &[]);
            assert_eq!(journal(&home), "wal");
        }
    }
}

#[test]
fn without_locks_nothing_is_stored_and_an_error_is_reported() {
    let site = site();
    for limits in ["locks", "posix-locks"] {
        for errno in [ENOLCK, EOPNOTSUPP, ENOSYS] {
            let home = Home::with_site(&site);
            site.expire_sessions();
            let texts = ["without file locks", "--no-store"];
            run(&home, limits, errno, &["scan"]).check(4, &texts);
            run(&home, limits, errno, &["scan", "--no-store"]).check(0, &[]);
            assert_eq!(home.items("export/qlik.visualization.ndjson").len(), 40);
            // A store from elsewhere can be read.
            site.expire_sessions();
            home.run(&["scan"]).check(0, &["40 added"]);
            run(&home, limits, errno, &["scan"]).check(4, &texts);
            let list = run(
                &home,
                limits,
                errno,
                &["catalog", "list", "--format", "ndjson"],
            );
            list.check(0, &[]);
            assert_eq!(items(&list.output).len(), 40);
            run(&home, limits, errno, &["status"]).check(0, &[]);
            run(&home, limits, errno, &["store", "backup", "saved.db"]);
            run(&home, limits, errno, &["store", "restore", STORE]).check(4, &[]);
        }
    }
}

#[test]
fn a_store_that_another_process_locks_is_awaited_and_reported() {
    let site = site();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let db = Connection::open(home.path(STORE)).unwrap();
    db.busy_timeout(Duration::from_secs(120)).unwrap();
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let scan = home
        .command(&["scan"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    db.execute_batch("ROLLBACK; PRAGMA locking_mode = NORMAL")
        .unwrap();
    drop(db);
    let output = scan.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{errors}");
}

#[test]
fn a_service_ends_in_time_while_another_process_locks_the_store() {
    let site = site();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let running = Running::briefly(&home);
    crate::service::wait("the service", || running.log().contains("ready"));
    let db = Connection::open(home.path(STORE)).unwrap();
    db.busy_timeout(Duration::from_secs(120)).unwrap();
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let file = home.read("connections/qlik.conf");
    home.write("connections/qlik.conf", file + "# changed\n");
    crate::service::wait("the scan", || running.log().contains("scan started"));
    std::thread::sleep(Duration::from_millis(300));
    // Checks that it ends within five seconds.
    running.stop();
}

#[test]
fn a_read_only_home_can_be_read() {
    let site = site();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &["40 added"]);
    let db = Connection::open(home.path(STORE)).unwrap();
    db.execute("UPDATE connection SET name = 'of the log'", [])
        .unwrap();
    std::fs::create_dir_all(home.path("copy/data")).unwrap();
    for name in [STORE, "data/catalog.db-wal"] {
        std::fs::copy(home.path(name), home.path(&format!("copy/{name}"))).unwrap();
    }
    drop(db);
    for (folder, with_log) in [(".", false), ("copy", true)] {
        let folder = home.path(folder);
        let unshare = |script: &str| {
            let mut command = Command::new("unshare");
            command.args(["--mount", "sh", "-c"]).arg(script);
            command.arg(env!("CARGO_BIN_EXE_scanner-cli")).arg(&folder);
            command
        };
        let mount = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && ! touch \"$1/x\" 2>/dev/null";
        if !unshare(mount).status().is_ok_and(|status| status.success()) {
            // Only root may mount.
            return;
        }
        for arguments in [
            "catalog list",
            "status",
            "explain --offline x",
            "store check",
            "catalog scans",
        ] {
            let run = finish(unshare(&format!(
                "{mount} && exec \"$0\" --home \"$1\" {arguments}"
            )));
            assert!([0, 2].contains(&run.exit), "{arguments}: {}", run.errors);
            let expected = if arguments == "catalog list" { 41 } else { 1 };
            assert!(
                run.output.lines().count() >= expected || run.exit == 2,
                "{arguments}: {}",
                run.output
            );
            if arguments == "status" && with_log {
                assert!(run.output.contains("of the log"), "{}", run.output);
            }
        }
    }
}
