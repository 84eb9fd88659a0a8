//! `store copy`: to a server, to a file, and back.

use std::{fs, path::Path};

use qrs_client::fake_site::{Content, FakeSite};
use serde_json::Value;

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

/// A home with two connections to a site whose sheets were added, changed and removed. One of them reads only changes.
fn used_home(site: &FakeSite) -> Home {
    let home = Home::with(&(connection("qlik", site) + "connection.incremental = true\n"));
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

/// Scans, and returns the report of the first connection.
fn scan(home: &Home) -> Value {
    let run = home.run(&["scan", "--report", "report.json"]);
    run.check(0, &["nothing changed"]);
    let report: Value = serde_json::from_str(&home.read("report.json")).unwrap();
    let connections = report["connections"].as_array().unwrap();
    let is_first = |one: &&Value| one["code"] == "qlik" || one["connection"] == "qlik";
    connections.iter().find(is_first).unwrap().clone()
}

/// How many items the follower has delivered.
fn sent(home: &Home) -> Value {
    let followers = home.run(&["catalog", "followers", "--format", "ndjson"]);
    items(&followers.output)[0]["sent"].clone()
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
    assert_eq!(scan(&home)["incremental"]["used"], true);
    home.run(&["follow"]).check(0, &[]);
    // Nothing was delivered again.
    assert_eq!(sent(&home), items(&expected[5])[0]["sent"]);
    site.edit(|content| {
        let id = content.sheet_named("sheet 2").unwrap().to_owned();
        content.rename(&id, "renamed on the server");
    });
    home.run(&["scan"]).check(0, &["1 changed"]);
    let exported = home.read("export/other.visualization.ndjson");
    assert!(exported.contains("renamed on the server"));
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
    fs::rename(home.path("export"), back.path("export")).unwrap();
    assert_eq!(read(&back), expected);
    back.run(&["store", "check"]).check(0, &[]);
    let before = sent(&back);
    back.run(&["scan"]).check(0, &["nothing changed"]);
    assert_eq!(sent(&back), before);
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
    let own = format!("sqlite:{}", home.path(STORE).display());
    copy(&home, &own).check(3, &["already"]);
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
    wait("the service", || running.log().contains("service started"));
    copy(&home, "sqlite:new.db").check(7, &["a service is running", "after the copy"]);
    running.stop();
    // The scanners of a store on a server may be anywhere.
    use_server(&home, &schema);
    let running = Running::start(&home);
    let elsewhere = Home::empty();
    elsewhere.write("conf/application.conf", home.read("conf/application.conf"));
    wait("the scanner", || {
        let status = home.run(&["status"]).output;
        status.contains("fleet: 1 of 1 ")
    });
    copy(&elsewhere, "sqlite:new.db").check(7, &["is used by the scanner", "stop the scanners"]);
    assert!(!elsewhere.has("new.db"));
    running.stop();
    copy(&elsewhere, "sqlite:new.db").check(0, &[]);
    copy(&elsewhere, &url()).check(3, &["the store is in `postgresql://", "already"]);
}

/// What a store of which nothing was copied has.
fn assert_empty(schema: &str) {
    for table in [
        "connection",
        "scan",
        "item",
        "content",
        "change",
        "follower",
    ] {
        let sql = format!("SELECT count(*) FROM {schema}.{table}");
        assert_eq!(psql_at(port(), "postgres", &sql), "0\n", "{table}");
    }
}

#[test]
fn a_copy_to_a_server_that_fails_or_is_killed_leaves_it_empty() {
    let (site, schema) = (site(), schema());
    let home = used_home(&site);
    home.write(
        "conf/application.conf",
        format!("store.schema = {schema}\n"),
    );
    let sql = |statements: &str| psql_at(port(), "postgres", statements);
    copy(&home, &url()).check(0, &[]);
    sql(&format!(
        "SET search_path = {schema}; TRUNCATE connection, scan, item, content, change, follower, checkpoint, container_kind, long_text"
    ));
    let at_follower = |work: &str| {
        sql(&format!(
            "SET search_path = {schema}; DROP TRIGGER IF EXISTS act ON follower; \
             CREATE OR REPLACE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {work}; RETURN NEW; END $$; \
             CREATE TRIGGER act BEFORE INSERT ON follower FOR EACH ROW EXECUTE FUNCTION {schema}.act()"
        ))
    };
    at_follower("RAISE 'on purpose'");
    copy(&home, &url()).check(4, &["on purpose"]);
    assert_empty(&schema);
    // A row that is not the same.
    at_follower("NEW.sent = 7");
    copy(&home, &url()).check(
        4,
        &[
            "the store `postgresql://",
            "differs from its source after the copy: followers, first at `ndjson:export`",
            "left empty",
        ],
    );
    assert_empty(&schema);
    at_follower("PERFORM pg_sleep(60)");
    let mut copying = with_password(&home, &["store", "copy", "--to", &url()]);
    let mut copying = copying.spawn().unwrap();
    let sleeping = format!(
        "FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name LIKE '%{schema})'"
    );
    wait("the copy", || {
        sql(&format!("SELECT count(*) {sleeping}")) == "1\n"
    });
    copying.kill().unwrap();
    copying.wait().unwrap();
    sql(&format!("SELECT pg_terminate_backend(pid) {sleeping}"));
    assert_empty(&schema);
    sql(&format!("DROP TRIGGER act ON {schema}.follower"));
    wait("the end of the session", || copy(&home, &url()).exit == 0);
    use_server(&home, &schema);
    home.run(&["scan"]).check(0, &["nothing changed"]);
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

#[test]
fn a_target_that_is_not_the_address_of_a_store_is_refused() {
    let site = site();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    fs::create_dir(home.path("conf")).unwrap();
    for (to, texts) in [
        ("elsewhere", ["`--to` is not the address", "`sqlite:FILE`"]),
        ("", ["`--to` is not the address", "`sqlite:FILE`"]),
        (
            "mysql://a@h/b",
            ["`--to` is not the address", "`postgresql://"],
        ),
        ("sqlite:", ["`--to sqlite:` names no file", "`sqlite:FILE`"]),
        (
            "sqlite:no/x.db",
            ["the folder `no` does not exist", "create it"],
        ),
        (
            "sqlite:conf",
            ["`conf` is not a regular file", "name a file"],
        ),
        (
            "postgresql://",
            ["`--to` has no host", "write one host name"],
        ),
    ] {
        copy(&home, to).check(3, &texts);
    }
    assert!(!home.has("no"));
}
