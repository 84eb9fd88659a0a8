//! `follow`: deliveries and dry runs on request.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::Stdio,
};

use qrs_client::fake_site::{Content, FakeSite};

use crate::scanner::{Home, items};

/// A DataHub server that nobody listens for.
const DATAHUB: &str = "followers = [ { kind = datahub, url = \"http://127.0.0.1:9\", token = \"s3cr3t-t0k3n\", time_limits.retry = \"1 ms\" } ]\n";

fn home() -> (FakeSite, Home) {
    let content = Content::generated(2, 5);
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan", "--quiet"]).check(0, &[]);
    (site, home)
}

/// The content of all files below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            // A reader of a database with a write-ahead log creates these files.
            false if path.to_string_lossy().contains("catalog.db-") => {}
            false => drop(found.insert(path.display().to_string(), fs::read(&path).unwrap())),
        }
    }
    found
}

#[test]
fn a_dry_run_shows_every_request_without_the_token_and_changes_nothing() {
    let (_site, home) = home();
    home.write("conf/application.conf", DATAHUB);
    let before = files(&home.path(""));
    let run = home.run(&["follow", "--dry-run", "--format", "ndjson"]);
    run.check(0, &["follower datahub: dry run, "]);
    let lines = items(&run.output);
    let (last, requests) = lines.split_last().unwrap();
    assert_eq!(last["outcome"], "complete");
    assert_eq!(last["dry_run"], true);
    assert_eq!(last["assumed_empty"], true);
    assert!(
        last["error"]
            .as_str()
            .unwrap()
            .contains("connection refused")
    );
    assert_eq!(last["delivered"][0]["items"], 10);
    let mut sheets = 0;
    for request in requests {
        assert_eq!(request["follower"], "datahub");
        assert_eq!(request["method"], "POST");
        let url = request["url"].as_str().unwrap();
        assert!(
            url.starts_with("http://127.0.0.1:9/openapi/v3/entity/"),
            "{url}"
        );
        let body: serde_json::Value =
            serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
        if url.contains("/dashboard?") {
            sheets += body.as_array().unwrap().len();
        }
    }
    assert_eq!(sheets, 10);
    assert!(!run.output.contains("s3cr3t") && !run.errors.contains("s3cr3t"));
    let text = home.run(&["follow", "--dry-run"]);
    text.check(
        0,
        &["warning   the catalog did not answer, so it is assumed to be empty: connection refused"],
    );
    let first = &text.output[..text.output.find('\n').unwrap()];
    assert_eq!(first, "### datahub 1");
    assert!(text.output.contains("POST http://127.0.0.1:9/openapi/v3/entity/container?async=false\nContent-Type: application/json\n\n[\n  {\n    \""));
    assert!(!text.output.contains("s3cr3t"));
    let after = files(&home.path(""));
    let changed: Vec<_> = after
        .keys()
        .filter(|name| before.get(*name) != after.get(*name))
        .collect();
    assert!(changed.is_empty(), "a dry run writes no file: {changed:?}");
}

#[test]
fn a_follower_is_delivered_to_before_its_retry_is_due() {
    let (_site, home) = home();
    let two = "followers = [ { kind = ndjson, path = out }, { kind = ndjson, path = export } ]";
    home.write("conf/application.conf", two);
    home.write("out", "in the way");
    home.run(&["follow", "ndjson:out"])
        .check(6, &["follower ndjson:out: failed", "cannot be written"]);
    fs::remove_file(home.path("out")).unwrap();
    home.run(&["follow"]).check(
        0,
        &["wrote     10 items of qlik to out/qlik.visualization.ndjson"],
    );
    home.run(&["follow", "ndjson:uot"])
        .check(2, &["did you mean `ndjson:out`?"]);
}

#[test]
fn a_full_delivery_repairs_a_file_that_somebody_changed() {
    let (_site, home) = home();
    let file = "export/qlik.visualization.ndjson";
    let content = home.read(file);
    home.write(file, "changed");
    home.run(&["follow"]).check(0, &["nothing to write"]);
    assert_eq!(home.read(file), "changed");
    home.run(&["follow", "--full"])
        .check(0, &["wrote     10 items"]);
    assert_eq!(home.read(file), content);
    home.run(&["follow"]).check(0, &["nothing to write"]);
}

#[test]
fn a_file_that_is_written_again_is_a_delivery() {
    let (_site, home) = home();
    let last = || {
        let followers = home.run(&["catalog", "followers", "--format", "ndjson"]);
        items(&followers.output)[0]["followed"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let before = last();
    home.run(&["follow"]).check(0, &["nothing to write"]);
    assert_eq!(last(), before);
    fs::remove_file(home.path("export/qlik.visualization.ndjson")).unwrap();
    home.run(&["follow"]).check(0, &["wrote     10 items"]);
    assert!(last() > before);
}

#[test]
fn a_note_names_the_followers_that_take_long() {
    let (_site, home) = home();
    // It accepts connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let settings = format!("followers = [ {{ kind = datahub, url = \"{url}\" }} ]");
    home.write("conf/application.conf", settings);
    let mut command = home.command(&["follow"]);
    let mut program = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let errors = program.stderr.take().unwrap();
    BufReader::new(errors).read_line(&mut first).unwrap();
    assert_eq!(first, "note: still delivering to datahub\n");
    program.kill().unwrap();
    program.wait().unwrap();
}
