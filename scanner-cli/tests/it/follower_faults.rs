//! Followers that fail, and settings of followers that are invalid.

use std::fs;

use qrs_client::fake_site::{Content, FakeSite};

use crate::{
    scanner::{Home, items, with_slashes},
    store_faults::EXPORT,
};

#[test]
fn a_failed_follower_does_not_fail_the_scan_and_resumes_later() {
    let content = Content::generated(2, 10);
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "conf/application.conf",
        "followers = [ { kind = ndjson, path = out }, { kind = ndjson, path = export } ]",
    );
    // A file where the follower's folder should be.
    home.write("out", "");
    home.run(&["scan"]).check(
        6,
        &[
            "qlik (Test site): complete",
            "follower ndjson:out: failed",
            "`out/qlik.visualization.ndjson` cannot be written",
        ],
    );
    assert_eq!(home.items(EXPORT).len(), 20);
    let rows = |home: &Home| {
        items(
            &home
                .run(&["catalog", "followers", "--format", "ndjson"])
                .output,
        )
    };
    let failed = rows(&home);
    assert!(failed[0]["behind"].is_null() && failed[0]["failures"] == 1);
    assert!(with_slashes(failed[0]["error"].as_str().unwrap()).contains("out/qlik"));
    fs::remove_file(home.path("out")).unwrap();
    home.run(&["scan"])
        .check(0, &["nothing changed", "wrote     20 items to out/qlik"]);
    assert_eq!(rows(&home)[0]["behind"], 0);
    assert_eq!(rows(&home)[0]["failures"], 0);
}

#[test]
fn a_follower_of_an_unknown_connection_is_a_warning() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "conf/application.conf",
        "followers = [ { kind = ndjson, path = export, connections = [Qlik] } ]",
    );
    let expected = [
        "follower `ndjson:export`: no connection has the code `Qlik`",
        "did you mean `qlik`?",
    ];
    home.run(&["check", "--offline"]).check(0, &expected);
    home.run(&["check"]).check(0, &expected);
    home.run(&["scan"]).check(0, &expected);
    home.run(&["catalog", "followers"]).check(0, &expected);
}

#[test]
fn a_follower_that_fails_is_in_check_and_status() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "conf/application.conf",
        "followers = [ { kind = ndjson, path = out }, { kind = ndjson, path = export } ]",
    );
    // A file where the follower's folder should be.
    home.write("out", "in the way");
    let prints = |arguments: &[&str], code, expected: &[&str]| {
        let run = home.run(arguments);
        run.check(code, &[]);
        for text in expected {
            let is_shown = with_slashes(&run.output).contains(text);
            assert!(is_shown, "{text}: {}", run.output);
        }
    };
    let both = ["follower ndjson:out", "follower ndjson:export"];
    prints(&["check", "--offline"], 0, &both);
    prints(&["check"], 6, &["`out` cannot be written"]);
    home.run(&["scan"])
        .check(6, &["follower ndjson:out: failed"]);
    let expected = [
        "follower ndjson:out: failing, 1 failure in a row, waiting since 20",
        "  error      `out/",
        "follower ndjson:export: up to date, last delivery 20",
    ];
    prints(&["status"], 0, &expected);
    let expected = ["\"followers\": [", "\"failures\": 1"];
    prints(&["status", "--format", "json"], 0, &expected);
}

/// Invalid application.conf files, each with a part of its message.
const INVALID_SETTINGS: &[(&str, &str)] = &[
    ("followers = ndjson", "--> conf/application.conf:1:13"),
    (
        "followers = [\n  { kind = nats, path = x } ]",
        "`nats` is not a kind of follower",
    ),
    (
        "followers = [ { path = x } ]",
        "`kind` is mandatory and missing",
    ),
    (
        "followers = [ { knd = ndjson, path = x } ]",
        "line 1 has `knd`: did you mean `kind`?",
    ),
    (
        "followers = [ { kind = ndjson, paht = x } ]",
        "line 1 has `paht`: did you mean `path`?",
    ),
    (
        "followers = [ { kind = ndjson } ]",
        "`path` is mandatory and missing",
    ),
    (
        "followers = [ { kind = ndjson, path = x, paht = y } ]",
        "did you mean `path`",
    ),
    (
        "followers = [ { kind = ndjson, path = x }, { kind = ndjson, path = x } ]",
        "two followers have the name `ndjson:x`",
    ),
    (
        "followers = [ { kind = ndjson, path = x }, { kind = ndjson, path = \"x/\", name = y } ]",
        "the followers `ndjson:x` and `y` would write the same files",
    ),
    (
        "followers = [ { kind = ndjson, path = x, connections = [\"\"] } ]",
        "`connections` is empty",
    ),
    (
        "store.keep_gone = 30",
        "write it like `store.keep_gone = 365d`",
    ),
    ("store.keep_changes_days = none", "must be a number of days"),
    ("store.max_size = much", "must be a size of at least 1 MB"),
    ("store.max_size = 1 kB", "not `1 kB`"),
    (
        "automation.retry_after = [1 m, soon]",
        "`automation.retry_after` must be a list",
    ),
    ("followers = [", "conf/application.conf:1"),
];

#[test]
fn invalid_settings_of_followers_are_reported_with_their_place() {
    let site = FakeSite::start_in_thread();
    for (text, expected) in INVALID_SETTINGS {
        let home = Home::with_site(&site);
        home.write("conf/application.conf", text);
        home.run(&["scan"]).check(3, &[expected]);
    }
    let home = Home::with_site(&site);
    // The Zeenea scanner's own settings are in the same file.
    home.write(
        "conf/application.conf",
        "secret-manager { key = x }\nfollowers = []",
    );
    home.run(&["scan"]).check(0, &["53 added"]);
    assert!(!home.has("export"));
    site.expire_sessions();
}

#[test]
fn a_check_ends_with_the_followers_that_failed() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "conf/application.conf",
        "followers = [ { kind = ndjson, path = out }, { kind = ndjson, path = export } ]",
    );
    home.write("out", "in the way");
    let run = home.run(&["check"]);
    run.check(6, &[]);
    let last = run.output.lines().last();
    assert_eq!(last, Some("1 of 2 followers failed: ndjson:out"));
}
