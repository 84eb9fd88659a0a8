//! Deliveries to a webhook: refused items, signals, failed scans, and what all commands show of it.

use std::collections::BTreeSet;

use qrs_client::fake_site::{Content, FakeSite, Fault};
use serde_json::Value;

use crate::{
    receiver::{Receiver, Request},
    scanner::{Home, Run, items, with_slashes},
    store_faults::EXPORT,
};

const SHEETS: usize = 10;

/// A home whose only follower, `hook`, is this webhook.
fn home(receiver: &Receiver, more: &str) -> (FakeSite, Home) {
    let content = Content::generated(2, SHEETS / 2);
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::with_site(&site);
    let url = &receiver.url;
    let settings = format!(
        "followers = [ {{ kind = ndjson, path = export }}, {{ kind = webhook, name = hook, url = \"{url}/x\", \
         time_limits.retry = \"1 ms\"{more} }} ]\n"
    );
    home.write("conf/application.conf", settings);
    (site, home)
}

fn accepting() -> Receiver {
    Receiver::start(|_| (204, String::new()))
}

/// A receiver that refuses the item with this name.
fn picky(name: &'static str) -> Receiver {
    Receiver::start(move |request: &Request| match is_about(request, name) {
        true => (422, format!("{{\"message\":\"{name} is not allowed\"}}")),
        false => (204, String::new()),
    })
}

fn is_about(request: &Request, name: &str) -> bool {
    request.body.contains(&format!("\"name\":\"{name}\""))
}

fn subjects(receiver: &Receiver) -> BTreeSet<String> {
    let events = receiver.events().into_iter();
    events
        .map(|event| event["subject"].as_str().unwrap().to_owned())
        .collect()
}

/// The name of an item of the site.
fn a_name() -> &'static str {
    let (_site, home) = home(&accepting(), ", enabled = false");
    home.run(&["scan", "--quiet"]).check(0, &[]);
    let name = home.items(EXPORT)[3]["name"].as_str().unwrap().to_owned();
    name.leak()
}

fn shows(run: &Run, texts: &[&str]) {
    for text in texts {
        assert!(
            with_slashes(&run.output).contains(text),
            "no {text:?} in:\n{}",
            run.output
        );
    }
}

#[test]
fn a_refused_item_is_named_everywhere_and_all_others_arrive() {
    let name = a_name();
    let receiver = picky(name);
    let (_site, home) = home(&receiver, "");
    home.run(&["scan", "--quiet"]).check(6, &[]);
    let all = home.items(EXPORT);
    let (refused, others): (Vec<_>, Vec<_>) = all.iter().partition(|item| item["name"] == name);
    let key = |item: &Value| item["key"].as_str().unwrap().to_owned();
    let refused: Vec<_> = refused.into_iter().map(key).collect();
    let others: Vec<_> = others.into_iter().map(key).collect();
    assert!(!refused.is_empty());
    assert_eq!(subjects(&receiver), BTreeSet::from_iter(others.clone()));
    let message = format!("{name} is not allowed");
    // Everything again, so that it is refused again.
    let follow = home.run(&["follow", "hook", "--full", "--format", "ndjson"]);
    follow.check(6, &["follower hook: partial", &message, &refused[0]]);
    let record = items(&follow.output).pop().unwrap();
    assert_eq!(record["outcome"], "partial");
    assert_eq!(record["delivered"][0]["items"], others.len());
    assert_eq!(record["refused"][0]["key"], refused[0].as_str());
    assert!(
        record["refused"][0]["message"]
            .as_str()
            .unwrap()
            .contains(&message)
    );
    let list = home.run(&["catalog", "followers"]);
    list.check(0, &[&message, &refused[0]]);
    let rows = items(
        &home
            .run(&["catalog", "followers", "--format", "ndjson"])
            .output,
    );
    assert_eq!(rows[1]["refused"], refused.len());
    assert_eq!(rows[1]["sent"], 2 * others.len());
    assert_eq!(rows[1]["behind"], 0);
    let count = refused.len();
    shows(
        &home.run(&["status"]),
        &[
            "follower hook: up to date",
            &format!("refused    {count} item"),
        ],
    );
    explains(&home, (&refused[0], &message), &others[0]);
}

/// `explain` shows where a refused item, another one and their app are.
fn explains(home: &Home, (refused, message): (&str, &str), other: &str) {
    let explain = |subject: &str| home.run(&["explain", subject, "--offline"]);
    shows(&explain(refused), &[&format!("hook: refused: {message}")]);
    let app = refused.split('/').nth(1).unwrap();
    shows(&explain(other), &["hook: delivered to http://127.0.0.1:"]);
    shows(
        &explain(&format!("qlik/app:{app}")),
        &["hook: not sent, followers of this kind send only sheets"],
    );
    shows(
        &explain(app),
        &[
            "  catalog     ndjson:export: delivered to export/qlik.visualization.ndjson\n",
            "  catalog     hook: delivered to http://127.0.0.1:",
            &format!("  catalog     hook: refused: {message}"),
        ],
    );
}

#[test]
fn each_scan_is_an_event_also_if_it_failed() {
    let receiver = accepting();
    let (site, home) = home(&receiver, ", events = [scan]");
    home.run(&["scan", "--quiet"]).check(0, &[]);
    let key = home.items(EXPORT)[0]["key"].as_str().unwrap().to_owned();
    shows(
        &home.run(&["explain", &key, "--offline"]),
        &["  catalog     hook: not sent, its settings exclude items\n"],
    );
    site.fail(Fault::status(503));
    home.run(&["scan", "--quiet"]).check(4, &[]);
    let disabled = home
        .read("conf/application.conf")
        .replace(", events", ", enabled = false, events");
    let enabled = home.read("conf/application.conf");
    home.write("conf/application.conf", disabled);
    home.run(&["scan", "--quiet"]).check(4, &[]);
    site.heal();
    home.run(&["scan", "--quiet"]).check(0, &[]);
    home.write("conf/application.conf", enabled);
    home.run(&["follow", "hook"]).check(0, &[]);
    home.run(&["follow", "hook"])
        .check(0, &["nothing to write"]);
    let events = receiver.events();
    let outcomes: Vec<_> = events
        .iter()
        .map(|event| &event["data"]["outcome"])
        .collect();
    assert_eq!(outcomes, ["complete", "failed", "failed", "complete"]);
    let reasons = events[1]["data"]["reasons"][0].as_str().unwrap();
    assert!(reasons.contains("503"), "{reasons}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_delivery_and_the_next_one_goes_on() {
    use std::process::Command;

    use crate::service::wait;

    for signal in ["-INT", "-TERM"] {
        let receiver = accepting();
        let (_site, home) = home(&receiver, "");
        let follower = home.read("conf/application.conf");
        home.write("conf/application.conf", "followers = []");
        home.run(&["scan", "--quiet"]).check(0, &[]);
        home.write("conf/application.conf", follower);
        receiver.hold(true);
        let mut follow = home.start(&["follow", "hook"]);
        wait("a request", || !receiver.posts().is_empty());
        let sent = Command::new("kill")
            .args([signal, &follow.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        // It does not wait for the answer.
        assert_eq!(follow.wait().unwrap().code(), Some(130));
        let rows = items(
            &home
                .run(&["catalog", "followers", "--format", "ndjson"])
                .output,
        );
        assert!(rows[1]["behind"].is_null(), "{rows:?}");
        assert!(rows[1]["error"].is_null(), "{rows:?}");
        receiver.hold(false);
        home.run(&["follow", "hook"])
            .check(0, &["wrote     10 items of qlik"]);
        assert_eq!(subjects(&receiver).len(), SHEETS);
        let posts = receiver.posts();
        assert_eq!(posts[0].id, posts[1].id, "the same request comes again");
        assert_eq!(posts[0].body, posts[1].body);
    }
}

#[test]
fn no_command_shows_the_path_or_the_query_of_a_webhook() {
    let receiver = Receiver::start(|request| {
        let path = &request.path;
        (404, format!("{{\"message\":\"no hook {path}\"}}"))
    });
    let (_site, home) = home(&receiver, "");
    let home = home.traced();
    let settings = home.read("conf/application.conf");
    home.write(
        "conf/application.conf",
        settings.replace("/x\"", "/services/T0S3CR3T/s3cr3t-key?sig=s3cr3t\""),
    );
    let host = receiver.url.as_str();
    for (arguments, exit) in [
        (&["scan", "--report", "report.json"][..], 6),
        (&["follow"], 6),
        (&["follow", "--format", "ndjson"], 6),
        (&["follow", "--full", "--dry-run"], 0),
        (&["follow", "--dry-run", "--format", "ndjson"], 0),
        (&["check"], 0),
        (&["check", "--format", "json"], 0),
        (&["check", "--offline"], 0),
        (&["catalog", "followers"], 0),
        (&["catalog", "followers", "--format", "ndjson"], 0),
        (&["explain", "--offline", "qlik"], 0),
        (&["status"], 0),
        (&["status", "--format", "json"], 0),
        (&["config", "show", "conf/application.conf"], 0),
        (
            &[
                "config",
                "show",
                "conf/application.conf",
                "--format",
                "json",
            ],
            0,
        ),
    ] {
        let run = home.run(arguments);
        assert_eq!(run.exit, exit, "{arguments:?} {}", run.errors);
        for text in [&run.output, &run.errors] {
            assert!(
                !text.to_lowercase().contains("s3cr3t"),
                "{arguments:?}: {text}"
            );
        }
        if arguments.contains(&"--dry-run") || arguments[0] == "config" {
            let shown = format!("{}{}", run.output, run.errors);
            assert!(shown.contains(host), "{arguments:?}: {shown}");
        }
    }
    let report = home.read("report.json");
    assert!(!report.to_lowercase().contains("s3cr3t"), "{report}");
    let store = std::fs::read(home.path("data/catalog.db")).unwrap();
    let store = String::from_utf8_lossy(&store).to_lowercase();
    assert!(!store.contains("s3cr3t"));
}
