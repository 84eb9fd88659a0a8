//! A store in PostgreSQL, used by the commands of the program.

use std::{
    collections::BTreeSet,
    net::TcpListener,
    process::Command,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use qrs_client::fake_site::{FakeSite, ReservedPort};
use serde_json::Value;

use crate::{
    receiver::Receiver,
    scanner::{Home, Run, finish, items},
};

/// The server of the follower's tests.
#[path = "../../followers/tests/it/postgresql/cluster.rs"]
#[expect(dead_code, reason = "others use the rest of it")]
mod cluster;
mod copying;
mod group;
mod tls;

use cluster::{Cluster, SUPERUSER_PASSWORD, programs};

/// The port of the server of all tests, which ends with the process.
fn port() -> u16 {
    static CLUSTER: OnceLock<Mutex<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| Mutex::new(Cluster::start(None).unwrap()));
    cluster.lock().unwrap().port()
}

/// A schema that no other test uses.
fn schema() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("store_{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn url() -> String {
    format!("postgresql://postgres@127.0.0.1:{}/postgres", port())
}

/// The settings of a store, apart from its password.
fn settings(schema: &str) -> String {
    format!("store.url = \"{}\"\nstore.schema = {schema}\n", url())
}

/// A home with a site whose store is in this schema.
fn home(site: &FakeSite, schema: &str) -> Home {
    let home = Home::with_site(site);
    let settings = settings(schema);
    home.write(
        "conf/application.conf",
        format!("{settings}store.password = \"{SUPERUSER_PASSWORD}\"\n"),
    );
    home
}

fn with_password(home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command.env("PGPASSWORD", SUPERUSER_PASSWORD);
    command
}

const LIST: [&str; 4] = ["catalog", "list", "--format", "ndjson"];

fn no_secret(run: &Run) {
    for text in [&run.output, &run.errors] {
        assert!(!text.contains(SUPERUSER_PASSWORD), "{text}");
    }
}

#[test]
fn all_commands_work_with_a_store_in_postgresql() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, &schema());
    home.run(&["catalog", "list"])
        .check(3, &["there is no store `postgresql://postgres@127.0.0.1:"]);
    home.run(&["scan"]).check(0, &["complete"]);
    assert!(!home.has("data/catalog.db"));
    let listed = items(&home.run(&LIST).check(0, &[]).output);
    assert_eq!(listed.len(), 53);
    let key = listed[0]["key"].as_str().unwrap();
    home.run(&["catalog", "show", key]).check(0, &[]);
    home.run(&["explain", key, "--offline"]).check(0, &[]);
    let changes = home.run(&["catalog", "changes", "--format", "ndjson"]);
    assert!(changes.check(0, &[]).output.lines().count() >= 53);
    home.run(&["catalog", "scans"]).check(0, &[]);
    home.run(&["catalog", "owners"]).check(0, &[]);
    assert_eq!(home.items("export/qlik.visualization.ndjson").len(), 53);
    home.run(&["follow"]).check(0, &[]);
    let followers = home.run(&["catalog", "followers", "--format", "ndjson"]);
    let follower = &items(&followers.check(0, &[]).output)[0];
    assert_eq!(follower["behind"], 0, "{follower}");
    let status = home.run(&["status", "--format", "json"]);
    let status: Value = serde_json::from_str(&status.check(0, &[]).output).unwrap();
    assert_eq!(status["connections"][0]["last_scan"]["outcome"], "complete");
    std::fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    home.run(&["catalog", "forget", "qlik", "--yes"])
        .check(0, &[]);
    assert_eq!(home.run(&LIST).check(0, &[]).output, "");
}

#[test]
fn commands_that_need_a_file_name_the_way_of_postgresql() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, &schema());
    for (arguments, texts) in [
        (
            &["store", "backup", "b.db"][..],
            [
                "`store backup` works only with a store in a file",
                "`pg_dump`",
            ],
        ),
        (
            &["store", "restore", "b.db"],
            [
                "`store restore` works only with a store in a file",
                "`pg_restore`",
            ],
        ),
        (
            &["store", "check"],
            [
                "`store check` works only with a store in a file",
                "`pg_amcheck`",
            ],
        ),
    ] {
        home.run(arguments).check(3, &texts);
    }
}

#[test]
fn a_check_tests_each_stage_on_the_way_to_the_store() {
    let site = FakeSite::start_in_thread();
    let schema = schema();
    let home = home(&site, &schema);
    let stages = |home: &Home, exit| {
        let checked = home.run(&["check", "--format", "json"]);
        no_secret(&checked);
        let checked: Value = serde_json::from_str(&checked.check(exit, &[]).output).unwrap();
        let stages = checked["store"]["stages"].as_array().unwrap().clone();
        let texts = stages.iter().map(|stage| {
            let text = |name: &str| stage[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}: {}", text("verdict"), text("stage"), text("seen"))
        });
        texts.collect::<Vec<_>>()
    };
    let found = stages(&home, 0);
    assert!(found[0].ends_with("on this machine"), "{found:?}");
    assert_eq!(found[1], "ok login: as postgres to the database postgres");
    assert!(found[2].starts_with("ok version: PostgreSQL "), "{found:?}");
    assert_eq!(
        found[3],
        "ok permissions: may create the schema and its tables"
    );
    assert_eq!(
        found[4],
        format!("ok schema: `{schema}` has no store; the first scan creates it")
    );
    home.run(&["scan"]).check(0, &[]);
    let found = stages(&home, 0);
    assert_eq!(found[3], "ok permissions: may read and write the tables");
    assert!(found[4].contains("can be used"), "{found:?}");
    home.write(
        "conf/application.conf",
        settings(&schema) + "store.password = \"another secret\"\n",
    );
    let found = stages(&home, 4);
    assert_eq!(
        found[1],
        "failed login: the server refuses the login of `postgres`: password authentication failed for user \"postgres\" (28P01)"
    );
    assert_eq!(found[2], "not reached version: ");
}

#[test]
fn the_password_comes_from_the_environment_the_file_of_passwords_or_an_encrypted_value() {
    let site = FakeSite::start_in_thread();
    let schema = schema();
    let home = Home::with_site(&site);
    home.write("conf/application.conf", settings(&schema));
    home.run(&["scan"])
        .check(4, &["the server asks for the password of `postgres`"]);
    finish(with_password(&home, &["scan"])).check(0, &["complete"]);
    home.write_secret(
        ".pgpass",
        format!("127.0.0.1:{}:*:postgres:{SUPERUSER_PASSWORD}\n", port()),
    );
    let mut list = home.command(&LIST);
    list.env("HOME", home.path(""));
    assert_eq!(items(&finish(list).check(0, &[]).output).len(), 53);
    let mut list = home.command(&LIST);
    list.env("PGPASSFILE", home.path(".pgpass"));
    finish(list).check(0, &[]);
    home.write_secret("secret", SUPERUSER_PASSWORD);
    let mut encrypt = home.command(&["encrypt", "--for", "scanner:", "store.password"]);
    encrypt.stdin(std::fs::File::open(home.path("secret")).unwrap());
    let encrypted = finish(encrypt).check(0, &[]).output.trim().to_owned();
    assert!(encrypted.starts_with("\"ENC["), "{encrypted}");
    let settings = format!("{}store.password = {encrypted}\n", settings(&schema));
    home.write("conf/application.conf", settings);
    assert_eq!(items(&home.run(&LIST).check(0, &[]).output).len(), 53);
}

/// Runs statements in a database of the server of all tests.
fn psql(database: &str, statements: &str) {
    psql_at(port(), database, statements);
}

/// Runs statements with PostgreSQL's own program. Returns the rows that they return.
fn psql_at(port: u16, database: &str, statements: &str) -> String {
    let url = format!("postgresql://postgres@127.0.0.1:{port}/{database}");
    let mut psql = Command::new(programs().unwrap().join("psql"));
    psql.args([
        "--no-psqlrc",
        "-qtA",
        "--set=ON_ERROR_STOP=1",
        &url,
        "--command",
        statements,
    ])
    .env("PGPASSWORD", SUPERUSER_PASSWORD);
    finish(psql).check(0, &[]).output.clone()
}

/// The documented statements: the role of scanners, a role that reads, and what is to be done after a restore.
fn documented() -> [&'static str; 3] {
    let docs = include_str!("../../../docs/fleet.md");
    let blocks = docs.split("```sql\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn the_documented_rights_are_enough_and_a_reader_cannot_write() {
    let [scanner, reader, _] = documented();
    psql("postgres", "CREATE DATABASE catalog");
    psql("catalog", "REVOKE ALL ON DATABASE catalog FROM PUBLIC");
    psql("catalog", scanner);
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let url = |role: &str| format!("postgresql://{role}@127.0.0.1:{}/catalog", port());
    let settings = |role: &str| {
        let url = url(role);
        home.write(
            "conf/application.conf",
            format!("store.url = \"{url}\"\nstore.password = \"…\"\n"),
        );
    };
    settings("scanner");
    let checked = home.run(&["check"]);
    checked.check(0, &[]);
    assert!(
        checked
            .output
            .contains("may create the schema and its tables"),
        "{}",
        checked.output
    );
    // The reader's rights are of tables that are there, and of later ones.
    psql("catalog", reader);
    home.run(&["scan"]).check(0, &["complete"]);
    let mut list = home.command(&[&LIST[..], &["--store", &url("reader")]].concat());
    list.env("PGPASSWORD", "…");
    assert_eq!(items(&finish(list).check(0, &[]).output).len(), 53);
    psql(
        "catalog",
        "REVOKE TEMPORARY ON DATABASE catalog FROM scanner",
    );
    let checked = home.run(&["check"]);
    checked.check(4, &[]);
    assert!(
        checked
            .output
            .contains("`GRANT TEMPORARY ON DATABASE catalog TO scanner`"),
        "{}",
        checked.output
    );
    settings("reader");
    home.run(&["scan"]).check(4, &["permission denied"]);
    let checked = home.run(&["check"]);
    checked.check(4, &[]);
    assert!(
        checked.output.contains("the role may not write"),
        "{}",
        checked.output
    );
}

#[test]
fn followers_receive_everything_again_after_the_documented_steps_of_a_restore() {
    let [.., restored] = documented();
    let receiver = Receiver::start(|_| (204, String::new()));
    let (site, schema) = (FakeSite::start_in_thread(), schema());
    let home = Home::with_site(&site);
    let followers = format!(
        "store.password = \"{SUPERUSER_PASSWORD}\"\nfollowers = [{{ kind = webhook, url = \"{}/x\" }}]\n",
        receiver.url
    );
    home.write("conf/application.conf", settings(&schema) + &followers);
    let received = || -> Vec<[Value; 2]> {
        home.run(&["scan"]).check(0, &["complete"]);
        let events = receiver.events().into_iter();
        events
            .map(|event| [event["id"].clone(), event["subject"].clone()])
            .collect()
    };
    let first = received();
    assert_eq!(received().len(), first.len());
    psql("postgres", &restored.replace("qlik_store", &schema));
    let all = received();
    let (former, again) = all.split_at(first.len());
    let part = |events: &[[Value; 2]], part: usize| -> BTreeSet<String> {
        let parts = events.iter().map(|event| event[part].to_string());
        parts.collect()
    };
    assert_eq!(part(again, 1), part(former, 1));
    assert!(
        part(again, 0).is_disjoint(&part(former, 0)),
        "a receiver would ignore a known id"
    );
}

#[test]
fn reading_commands_can_name_another_store() {
    let site = FakeSite::start_in_thread();
    let schema = schema();
    home(&site, &schema).run(&["scan"]).check(0, &[]);
    let elsewhere = Home::empty();
    elsewhere.write(
        "conf/application.conf",
        format!("store.schema = {schema}\n"),
    );
    let url = url();
    let list = with_password(&elsewhere, &[&LIST[..], &["--store", &url]].concat());
    assert_eq!(items(&finish(list).check(0, &[]).output).len(), 53);
    elsewhere.run(&["scan", "--store", &url]).check(
        2,
        &["`--store` is for commands that only read", "`store.url`"],
    );
}

#[test]
fn a_password_in_an_address_is_refused_and_never_shown() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let secret = "do-not-show-me";
    let url = format!(
        "postgresql://postgres:{secret}@127.0.0.1:{}/postgres",
        port()
    );
    let refused = |run: &Run, texts: &[&str]| {
        run.check(3, texts);
        assert!(!run.errors.contains(secret), "{}", run.errors);
    };
    let list = home.run(&["catalog", "list", "--store", &url]);
    refused(&list, &["`--store` contains a password", "`PGPASSWORD`"]);
    home.write("conf/application.conf", format!("store.url = \"{url}\"\n"));
    for command in [
        &["scan"][..],
        &["catalog", "list"],
        &["status"],
        &["check", "--offline"],
    ] {
        let run = home.run(command);
        refused(&run, &["`url` contains a password", "set `password`"]);
    }
}

#[test]
fn the_first_server_that_can_be_written_is_used() {
    let site = FakeSite::start_in_thread();
    let schema = schema();
    let home = Home::with_site(&site);
    let reserved = ReservedPort::new();
    let closed = reserved.address();
    let at = |hosts: &str| {
        let url = format!("postgresql://postgres@{hosts}/postgres");
        home.write(
            "conf/application.conf",
            format!("store.url = \"{url}\"\nstore.schema = {schema}\nstore.password = \"{SUPERUSER_PASSWORD}\"\n"),
        );
    };
    at(&format!("{closed},127.0.0.1:{}", port()));
    home.run(&["scan"]).check(0, &["complete"]);
    // As if the machine of the first server had lost power.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    at(&format!("{address},127.0.0.1:{}", port()));
    let settings = home.read("conf/application.conf");
    home.write(
        "conf/application.conf",
        settings + "store.time_limits.connect = 120 s\n",
    );
    let begun = Instant::now();
    home.run(&["scan"]).check(0, &["complete"]);
    assert!(begun.elapsed() < Duration::from_secs(60));
    at(&format!("{closed},{closed}"));
    home.run(&["scan"]).check(
        4,
        &[
            "no server of `postgresql://postgres@127.0.0.1:",
            "connection refused",
        ],
    );
}

#[test]
fn misspelt_settings_of_the_store_are_found() {
    let home = Home::with("");
    home.write(
        "conf/application.conf",
        settings("s") + "store.pasword = \"a secret\"\nstore.lease = 1 s\n",
    );
    let run = home.run(&["catalog", "list"]);
    run.check(3, &["`lease` must be from 3s to 1h, not `1 s`"]);
    home.write(
        "conf/application.conf",
        settings("s") + "store.pasword = \"a secret\"\n",
    );
    let run = home.run(&["check", "--offline"]);
    run.check(
        3,
        &[
            "`store.pasword` is not a setting",
            "did you mean `store.password`?",
        ],
    );
    assert!(!run.errors.contains("a secret"), "{}", run.errors);
}
