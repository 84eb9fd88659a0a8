//! The messages of `store backup`, `store restore` and `store check` about damaged, foreign and existing files.

use std::fs;

use rusqlite::Connection;

use crate::{
    scanner::{Home, is_clean, with_slashes},
    store_backup::{STORE, health, site},
};

#[test]
fn a_file_that_is_not_a_backup_is_refused_and_nothing_changes() {
    let site = site(20);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    home.run(&["store", "backup", "saved.db"]).check(0, &[]);
    let store = fs::read(home.path(STORE)).unwrap();
    let saved = fs::read(home.path("saved.db")).unwrap();
    home.write("empty", "");
    home.write("text", "a text");
    home.write("encrypted", vec![0x5A; 40_960]);
    home.write("cut", &saved[..saved.len() - 8_192]);
    home.write("head", &saved[..60]);
    let mut broken = saved.clone();
    // Not the first page, which contains the header.
    for byte in &mut broken[8_192..16_384] {
        *byte = 0xA5;
    }
    home.write("broken", broken);
    let foreign = Connection::open(home.path("foreign")).unwrap();
    foreign.execute_batch("CREATE TABLE a (b)").unwrap();
    drop(foreign);
    fs::copy(home.path("saved.db"), home.path("newer")).unwrap();
    let newer = Connection::open(home.path("newer")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    fs::create_dir(home.path("folder")).unwrap();
    for (file, exit, text) in [
        ("missing", 4, "cannot be read"),
        ("empty", 4, "is empty"),
        ("text", 4, "is not an SQLite database"),
        ("encrypted", 4, "damaged or encrypted"),
        ("head", 4, "is not an SQLite database"),
        ("cut", 4, "is truncated"),
        ("broken", 4, "is damaged"),
        ("foreign", 4, "not a store of the scanner"),
        ("newer", 3, "has version 99"),
        ("folder", 4, "is not a regular file"),
        (STORE, 4, "is the store itself"),
    ] {
        if file != STORE && file != "missing" {
            let check = home.run(&["store", "check", file]);
            check.check(exit, &[]);
            let all = format!("{}{}", check.output, check.errors);
            let expected = if file == "broken" { "damage" } else { text };
            assert!(all.contains(expected), "{file}: {all}");
            assert!(!all.contains("move it away"), "{file}: {all}");
        }
        home.run(&["store", "restore", file])
            .check(exit, &[file, text]);
        assert!(fs::read(home.path(STORE)).unwrap() == store, "{file}");
        assert!(is_clean(&home.path("data")));
        assert_eq!(
            home.names("data")
                .iter()
                .filter(|name| name.starts_with(".restore"))
                .count(),
            0
        );
    }
}

#[test]
fn a_backup_replaces_an_earlier_one_and_nothing_else() {
    let site = site(5);
    let home = Home::with_site(&site);
    home.run(&["store", "backup", "saved.db"])
        .check(3, &["does not exist yet", "run `scan`"]);
    home.run(&["scan"]).check(0, &[]);
    home.write("empty", "");
    home.write("precious", "text");
    fs::create_dir(home.path("folder")).unwrap();
    for (file, exit, text) in [
        ("saved.db", 0, "backed up"),
        ("saved.db", 0, "backed up"),
        ("empty", 0, "backed up"),
        ("precious", 4, "is not a backup of a store"),
        ("folder", 4, "is not a regular file"),
        (STORE, 4, "belongs to the store itself"),
        (
            "./data/../data/catalog.db-wal",
            4,
            "belongs to the store itself",
        ),
        ("nowhere/saved.db", 4, "cannot be written"),
    ] {
        home.run(&["store", "backup", file]).check(exit, &[text]);
    }
    assert_eq!(home.read("precious"), "text");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(home.path(STORE), home.path("link")).unwrap();
        fs::hard_link(home.path(STORE), home.path("second-name")).unwrap();
        std::os::unix::fs::symlink(home.path("none"), home.path("dangling")).unwrap();
        std::os::unix::fs::symlink(home.path("data"), home.path("elsewhere")).unwrap();
        std::os::unix::fs::symlink(home.path("saved.db"), home.path("latest")).unwrap();
        for (file, exit, text) in [
            ("link", 4, "belongs to the store itself"),
            ("second-name", 4, "belongs to the store itself"),
            ("elsewhere/catalog.db-wal", 4, "belongs to the store itself"),
            ("dangling", 4, "a link to a file that does not exist"),
            ("latest", 0, "backed up"),
        ] {
            home.run(&["store", "backup", file]).check(exit, &[text]);
        }
        assert!(home.path("latest").is_symlink());
        home.run(&["store", "restore", "link"])
            .check(4, &["is the store itself"]);
    }
    let check = home.run(&["store", "check", "saved.db"]);
    check.check(0, &[]);
    assert!(
        check.output.contains("backup saved.db: intact"),
        "{}",
        check.output
    );
}

#[test]
fn a_damaged_store_is_detected_and_the_message_suggests_a_restore() {
    let site = site(200);
    let home = Home::with_site(&site);
    home.run(&["store", "check"])
        .check(3, &["there is no store"]);
    home.run(&["scan"]).check(0, &[]);
    let check = home.run(&["store", "check"]);
    check.check(0, &[]);
    assert!(
        with_slashes(&check.output).contains("store data/catalog.db: intact"),
        "{}",
        check.output
    );
    home.run(&["store", "backup", "saved.db"]).check(0, &[]);
    let mut bytes = fs::read(home.path(STORE)).unwrap();
    for byte in bytes.iter_mut().skip(16 * 8_192).take(40_000) {
        *byte = 0xA5;
    }
    fs::write(home.path(STORE), bytes).unwrap();
    let check = home.run(&["store", "check"]);
    assert_eq!(check.exit, 4, "{}{}", check.output, check.errors);
    let all = format!("{}{}", check.output, check.errors);
    assert!(all.contains("store restore FILE"), "{all}");
    home.run(&["store", "backup", "saved.db"])
        .check(4, &["store restore FILE"]);
    home.run(&["store", "restore", "saved.db"])
        .check(0, &["200 items"]);
    assert_eq!(health(&home, 0)["items"]["present"], 200);
}

#[test]
fn checking_a_backup_leaves_nothing_beside_it() {
    let site = site(5);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    fs::create_dir(home.path("backups")).unwrap();
    for command in ["backup", "check"] {
        let file = "backups/saved.db";
        home.run(&["store", command, file]).check(0, &[]);
        assert_eq!(home.names("backups"), ["saved.db"], "{command}");
    }
}
