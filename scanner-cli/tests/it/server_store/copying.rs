//! `store copy`: to a server, to a file, and back.

use std::{fs, path::Path};

use qrs_client::fake_site::{Content, FakeSite};

use super::{LIST, SUPERUSER_PASSWORD, no_secret, port, psql_at, schema, url, with_password};
use crate::{
    scanner::{Home, Run, connection, finish, items},
    service::{Running, wait},
};

/// What people read from a store.
const READ: [&[&str]; 7] = [
    &LIST,
    &["catalog", "list", "--type", "app", "--format", "ndjson"],
    &["catalog", "list", "--state", "gone", "--format", "ndjson"],
    &["catalog", "changes", "--format", "ndjson"],
    &["catalog", "scans", "--format", "ndjson"],
    &["catalog", "followers", "--format", "ndjson"],
    &["catalog", "owners", "--format", "ndjson"],
];

const STORE: &str = "data/catalog.db";

/// A home with two connections to a site whose sheets were added, changed, removed and returned, each with a long description.
fn used_home(site: &FakeSite) -> Home {
    let home = Home::with_site(site);
    home.write("connections/other.conf", connection("other", site));
    let app = site.edit(|content| content.app_named("App 1").unwrap().to_owned());
    let added: Vec<_> = (0..3)
        .map(|number| site.edit(|content| content.add_sheet(&app, &format!("sheet {number}"))))
        .collect();
    home.run(&["scan"]).check(0, &["complete"]);
    site.edit(|content| {
        content.rename(&added[0], "renamed, with a ' and a \\ and \u{1F600}");
        assert!(content.remove(&added[1]));
    });
    home.run(&["scan"]).check(0, &["1 changed", "1 removed"]);
    home
}

/// Lets this home use the store on the server.
fn use_server(home: &Home, schema: &str) {
    home.write(
        "conf/application.conf",
        super::settings(schema) + &format!("store.password = \"{SUPERUSER_PASSWORD}\"\n"),
    );
}

/// What people read, apart from what depends on the time at which it is read.
fn read(home: &Home) -> Vec<String> {
    let mut texts: Vec<_> = READ
        .iter()
        .map(|arguments| home.run(arguments).check(0, &[]).output.clone())
        .collect();
    let key = items(&texts[0])[0]["key"].as_str().unwrap().to_owned();
    for arguments in [
        &["catalog", "show", &key][..],
        &["explain", &key, "--offline"],
    ] {
        texts.push(home.run(arguments).check(0, &[]).output.clone());
    }
    texts
}

fn site() -> FakeSite {
    FakeSite::builder()
        .content(Content::generated(3, 12))
        .start_in_thread()
}

/// Copies the store of this home.
fn copy(home: &Home, to: &str) -> Run {
    let run = finish(with_password(home, &["store", "copy", "--to", to]));
    no_secret(&run);
    run
}

/// Another home with the same connections, and the store of this file.
fn home_with(home: &Home, store: &Path) -> Home {
    let other = Home::empty();
    for name in ["connections/qlik.conf", "connections/other.conf"] {
        other.write(name, home.read(name));
    }
    fs::create_dir(other.path("data")).unwrap();
    fs::rename(store, other.path(STORE)).unwrap();
    other
}

#[test]
fn a_store_moves_to_a_server_and_back_and_everything_goes_on() {
    let (site, schema) = (site(), schema());
    let home = used_home(&site);
    let expected = read(&home);
    home.write(
        "conf/application.conf",
        format!("store.schema = {schema}\n"),
    );
    let copied = copy(&home, &url());
    copied.check(
        0,
        &[
            "and compared each row",
            "items and containers",
            "set `store.url`",
        ],
    );
    // It goes on there.
    use_server(&home, &schema);
    assert_eq!(read(&home), expected);
    home.run(&["scan"]).check(0, &["nothing changed"]);
    assert_eq!(home.run(&["follow"]).exit, 0);
    let delivered = home.items("export/qlik.visualization.ndjson").len();
    site.edit(|content| {
        let id = content.sheet_named("sheet 2").unwrap().to_owned();
        content.rename(&id, "renamed on the server");
    });
    home.run(&["scan"]).check(0, &["1 changed"]);
    assert_eq!(
        home.items("export/qlik.visualization.ndjson").len(),
        delivered
    );
    assert!(
        home.read("export/qlik.visualization.ndjson")
            .contains("renamed on the server")
    );
    // And back.
    let expected = read(&home);
    copy(&home, "sqlite").check(
        4,
        &[
            "is not empty, so nothing is copied to it",
            "move the file away",
        ],
    );
    copy(&home, "sqlite:back.db").check(0, &["compared each row"]);
    let back = home_with(&home, &home.path("back.db"));
    let (mut found, mut expected) = (read(&back), expected);
    // The server knows its scans by other texts.
    for texts in [&mut found, &mut expected] {
        texts.retain(|text| !text.contains("postgresql://"));
    }
    assert_eq!(found, expected);
    back.run(&["store", "check"]).check(0, &[]);
    back.run(&["scan"]).check(0, &["nothing changed"]);
    site.edit(|content| {
        let id = content.sheet_named("renamed on the server");
        let id = id.unwrap().to_owned();
        assert!(content.remove(&id));
    });
    back.run(&["scan"]).check(0, &["1 removed"]);
}

#[test]
fn copies_between_files_and_between_servers_are_the_same() {
    let site = site();
    let home = used_home(&site);
    let expected = read(&home);
    copy(&home, "sqlite:one.db").check(0, &[]);
    let one = home_with(&home, &home.path("one.db"));
    assert_eq!(read(&one), expected);
    let schemas = [schema(), schema()];
    home.write(
        "conf/application.conf",
        format!("store.schema = {}\n", schemas[0]),
    );
    copy(&home, &url()).check(0, &[]);
    // Another database.
    let database = &schemas[1];
    psql_at(port(), "postgres", &format!("CREATE DATABASE {database}"));
    let other = format!("{}/{database}", url().trim_end_matches("/postgres"));
    use_server(&home, &schemas[0]);
    copy(&home, &other).check(0, &["compared each row"]);
    let list = with_password(&home, &[&LIST[..], &["--store", &other]].concat());
    assert_eq!(finish(list).check(0, &[]).output, expected[0]);
}

#[test]
fn a_copy_needs_a_store_an_empty_target_and_no_service() {
    let (site, schema) = (site(), schema());
    let home = Home::with_site(&site);
    copy(&home, "sqlite:new.db").check(3, &["there is no store `", "data/catalog.db` yet"]);
    assert!(!home.has("new.db"));
    home.run(&["scan"]).check(0, &[]);
    copy(&home, "sqlite").check(3, &["the store is in `data/catalog.db` already"]);
    copy(&home, "elsewhere").check(3, &["`--to`"]);
    copy(&home, &url().replace("postgres@", "postgres:secret@"))
        .check(3, &["`--to` contains a password"]);
    home.write(
        "conf/application.conf",
        format!("store.schema = {schema}\n"),
    );
    copy(&home, &url()).check(0, &[]);
    copy(&home, &url()).check(
        4,
        &["is not empty, so nothing is copied to it", "`store.schema`"],
    );
    let running = Running::start(&home);
    copy(&home, "sqlite:new.db").check(7, &["a service is running", "after the copy"]);
    running.stop();
    // The scanners of a store on a server may be anywhere.
    use_server(&home, &schema);
    let running = Running::start(&home);
    let elsewhere = Home::empty();
    elsewhere.write("conf/application.conf", home.read("conf/application.conf"));
    wait("the scanner", || {
        copy(&elsewhere, "sqlite:new.db")
            .errors
            .contains("is used by the scanner")
    });
    assert!(!elsewhere.has("new.db"));
    running.stop();
    copy(&elsewhere, "sqlite:new.db").check(0, &[]);
}

#[test]
fn a_copy_that_ends_early_leaves_the_target_empty() {
    let site = site();
    let home = used_home(&site);
    // A row that the target cannot have: the copy notices it before anything is visible.
    let db = rusqlite::Connection::open(home.path(STORE)).unwrap();
    db.execute_batch(
        "PRAGMA foreign_keys = OFF; UPDATE content SET changed_by = 99999 WHERE item = 3",
    )
    .unwrap();
    drop(db);
    let refused = copy(&home, "sqlite:new.db");
    assert_eq!(refused.exit, 4, "{}", refused.errors);
    assert!(
        refused.errors.contains("cannot be copied"),
        "{}",
        refused.errors
    );
    let db = rusqlite::Connection::open(home.path("new.db")).unwrap();
    let items: i64 = db
        .query_row("SELECT count(*) FROM item", [], |row| row.get(0))
        .unwrap();
    assert_eq!(items, 0);
}
