//! Failures of the store: killed processes, full disks, other versions.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use qrs_client::fake_site::{Content, FakeSite, Fault, Point};
use rusqlite::{Connection, OpenFlags};

use crate::scanner::{Home, finish, items};

pub(crate) const STORE: &str = "data/catalog.db";
pub(crate) const EXPORT: &str = "export/qlik.visualization.ndjson";

fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
}

fn number(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Checks the invariants of a store, which hold whatever was killed at any moment.
pub(crate) fn check_whole(path: &Path) {
    let db = open(path);
    let check: String = db
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    if number(&db, "PRAGMA user_version") == 0 {
        return;
    }
    for (never, sql) in [
        (
            "an item without its content",
            "SELECT count(*) FROM item LEFT JOIN content ON content.item = item.id WHERE key IS NULL",
        ),
        (
            "content without its item",
            "SELECT count(*) FROM content LEFT JOIN item ON content.item = item.id WHERE item.id IS NULL",
        ),
        (
            "an item that is gone and has no date for it, or the other way round",
            "SELECT count(*) FROM item WHERE (state = 3) <> (gone_since IS NOT NULL)",
        ),
        (
            "an item of a complete scan that was not added by anybody",
            "SELECT count(*) FROM item WHERE id NOT IN (SELECT item FROM change WHERE kind = 0)",
        ),
        (
            "a removal of a scan that is not complete",
            "SELECT count(*) FROM change JOIN scan ON scan.id = change.scan \
             WHERE kind = 2 AND coalesce(outcome, '') <> 'complete'",
        ),
        (
            "half of a scan's removals",
            "SELECT count(*) FROM scan WHERE removed <> \
             (SELECT count(*) FROM change JOIN item ON item.id = change.item \
             WHERE change.scan = scan.id AND kind = 2 AND container_kind IS NULL)",
        ),
        (
            "a complete scan with less than it says",
            "SELECT count(*) FROM scan WHERE outcome = 'complete' AND added <> \
             (SELECT count(*) FROM change JOIN item ON item.id = change.item \
             WHERE change.scan = scan.id AND kind = 0 AND container_kind IS NULL)",
        ),
        (
            "a key twice",
            "SELECT count(*) - count(DISTINCT key) FROM content",
        ),
    ] {
        assert_eq!(number(&db, sql), 0, "there never is {never}");
    }
}

/// Removes, renames and adds a sheet. The fuse allows this, so that each scan removes something.
fn change_sheets(content: &mut Content, round: usize, random: &mut impl FnMut() -> u32) {
    let ids: Vec<_> = content
        .sheets()
        .map(|sheet| sheet["id"].to_string())
        .collect();
    let id = |at: u32| ids[at as usize % ids.len()].trim_matches('"').to_owned();
    content.remove(&id(random()));
    content.rename(&id(random().max(1)), &format!("renamed {round}"));
    let app = content.app_named("App 1").or(content.app_named("App 0"));
    let app = app.map(str::to_owned);
    if let Some(app) = app {
        content.add_sheet(&app, &format!("new {round}"));
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn killed_at_any_instant_the_store_is_intact() {
    const SHEETS: usize = 300;
    let content = Content::generated(3, SHEETS / 3);
    let site = FakeSite::builder().content(content).start_in_thread();
    let measure = |home: &Home| {
        site.expire_sessions();
        let begun = Instant::now();
        home.run(&["scan"]).check(0, &[]);
        begun.elapsed()
    };
    let home = Home::with_site(&site);
    let others = [Home::with_site(&site), Home::with_site(&site)];
    let whole_scan = measure(&home).min(others.each_ref().map(measure).into_iter().min().unwrap());
    let outcomes = |outcome: &str| {
        let scans = items(&home.run(&["catalog", "scans", "--format", "ndjson"]).output);
        scans
            .iter()
            .filter(|scan| scan["outcome"] == outcome)
            .count()
    };
    // A simple generator with a constant seed: the instants differ, but are the same in each run.
    let mut seed = 7_u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u32
    };
    // The machine may have become slower or faster since the measurement.
    for round in 0..300 {
        if round >= 50 && outcomes("interrupted") > 5 {
            break;
        }
        site.edit(|content| change_sheets(content, round, &mut random));
        // A killed process does not save its session, and a site allows five.
        site.expire_sessions();
        let mut child = home.start(&["scan"]);
        thread::sleep(whole_scan * (random() % 1000) / 800);
        child.kill().unwrap();
        child.wait().unwrap();
        check_whole(&home.path(STORE));
    }
    site.expire_sessions();
    home.run(&["scan"]).check(0, &["complete"]);
    check_whole(&home.path(STORE));
    let there = site.content().sheets().count();
    assert_eq!(home.items(EXPORT).len(), there);
    assert!(
        outcomes("interrupted") > 5,
        "too few were killed in mid-scan"
    );
    assert_eq!(outcomes("unfinished"), 0);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_full_disk_is_a_failure_and_leaves_the_store_intact() {
    let content = Content::generated(2, 10);
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let export = home.read(EXPORT);
    site.edit(|content| {
        let app = content.add_app("Large");
        for number in 0..400 {
            content.add_sheet(&app, &format!("large {number}"));
        }
    });
    // Limits the size of files to this many blocks of 512 bytes. The ignored signal becomes an error of the write.
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 200; exec \"$0\" scan",
            env!("CARGO_BIN_EXE_scanner-cli"),
        ])
        .current_dir(home.path("."));
    finish(command).check(
        4,
        &["the store `data/catalog.db` cannot be written", "disk"],
    );
    check_whole(&home.path(STORE));
    assert_eq!(home.read(EXPORT), export);
    home.run(&["scan"])
        .check(0, &["stored    420 items: 400 added"]);
    check_whole(&home.path(STORE));
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_not_touched() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    open(&home.path(STORE))
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let asked = site.requests().len();
    let texts = [
        "has version 99, but this program supports versions up to ",
        "--no-store",
    ];
    home.run(&["scan"]).check(3, &texts);
    home.run(&["catalog", "list"]).check(3, &texts);
    home.run(&["explain", "--offline", "x"]).check(3, &texts);
    assert_eq!(site.requests().len(), asked);
    home.run(&["scan", "--no-store"])
        .check(0, &["wrote     53 items"]);
    assert_eq!(number(&open(&home.path(STORE)), "PRAGMA user_version"), 99);
}

#[test]
fn an_unusable_store_is_a_failure_with_advice() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        STORE,
        "no database, but a text that is long enough to be one, were it one",
    );
    home.run(&["scan"]).check(
        4,
        &[
            "cannot be opened",
            "not a database",
            "store restore FILE",
            "move it away",
        ],
    );
    fs::remove_file(home.path(STORE)).unwrap();
    fs::create_dir(home.path(STORE)).unwrap();
    home.run(&["scan"])
        .check(4, &["cannot be opened", "--no-store"]);
    fs::remove_dir(home.path(STORE)).unwrap();
    #[cfg(unix)]
    {
        let made = Command::new("mkfifo").arg(home.path(STORE)).status();
        assert!(made.unwrap().success());
        for arguments in [
            &["scan"][..],
            &["catalog", "list"],
            &["store", "check"],
            &["store", "backup", "saved.db"],
        ] {
            home.run(arguments).check(4, &["it is not a regular file"]);
        }
        home.run(&["status"])
            .check(3, &["it is not a regular file"]);
        fs::remove_file(home.path(STORE)).unwrap();
    }
    // The whole path is shown: it begins with `/`, or with the drive.
    let path = home.path("");
    let root = path.ancestors().last().unwrap().display();
    home.run(&["catalog", "list"]).check(
        3,
        &[
            &format!("there is no store `{root}"),
            "/data/catalog.db` yet",
            "run `scan`",
        ],
    );
}

#[test]
fn a_read_only_store_can_be_read_and_not_written() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    // What no right forbids to a test that runs as root, SQLite itself does for a file in a format that it only reads.
    let path = home.path(STORE);
    let mut bytes = fs::read(&path).unwrap();
    bytes[18] = 3;
    fs::write(&path, bytes).unwrap();
    home.run(&["scan"])
        .check(4, &["the store `data/catalog.db`", "--no-store"]);
}

#[test]
fn a_second_process_reads_while_a_scan_writes_and_a_second_scan_is_busy() {
    let content = Content::generated(2, 50);
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    site.fail(Fault::stall(Point::Records(80)).on("/qrs/app/object/full"));
    let mut child = home.start(&["scan"]);
    while site.requests_of("/qrs/app/object/full").len() < 2 {
        thread::sleep(Duration::from_millis(5));
    }
    home.run(&["scan"])
        .check(7, &["already being scanned by process"]);
    let listed = home.run(&["catalog", "list", "--format", "ndjson"]);
    assert_eq!(items(&listed.output).len(), 100);
    child.kill().unwrap();
    child.wait().unwrap();
}
