//! Settings, checks and dry runs.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use catalog_model::{
    Verdict,
    contract::follower::{Closing, FeedFault, MemoryStore},
    follower::{Example, Plan, Planned},
};

use super::{Datahub, east};
use crate::{
    fake_datahub::{Fault, TOKEN},
    support::{open, settings},
};

#[tokio::test]
async fn each_stage_of_a_check_fails_at_its_place() {
    let datahub = Datahub::new();
    let url = datahub.server.url();
    let verdicts = async |url: &str, token: &str| {
        let settings = [("kind", "datahub"), ("url", url), ("token", token)];
        let stages = open(Path::new("."), &settings).check(None).await;
        let verdict = |name: &str| {
            stages
                .iter()
                .find(|stage| stage.name == name)
                .unwrap()
                .verdict
        };
        ["tcp", "server", "token", "permissions", "mapping"].map(verdict)
    };
    use Verdict::{Failed, NotReached, Ok};
    assert_eq!(verdicts(&url, TOKEN).await, [Ok; 5]);
    assert_eq!(datahub.fake().state().writes, 0);
    assert_eq!(
        verdicts(&url, "wrong").await,
        [Ok, Ok, Failed, NotReached, NotReached]
    );
    assert_eq!(
        verdicts(&format!("{url}/frontend"), TOKEN).await,
        [Ok, Failed, NotReached, NotReached, NotReached]
    );
    let root = format!("{url}/frontend");
    let settings = [("kind", "datahub"), ("url", root.as_str())];
    let stages = open(Path::new("."), &settings).check(None).await;
    let server = stages.iter().find(|stage| stage.name == "server");
    let hint = server.and_then(|stage| stage.hint.as_deref());
    assert!(hint.unwrap().contains("/api/gms"), "{server:?}");
    datahub.fake().state().is_readonly = true;
    assert_eq!(
        verdicts(&url, TOKEN).await,
        [Ok, Ok, Ok, Failed, NotReached]
    );
    let closed = "http://127.0.0.1:1";
    assert_eq!(
        verdicts(closed, TOKEN).await,
        [Failed, NotReached, NotReached, NotReached, NotReached]
    );
}

#[tokio::test]
async fn a_check_says_what_to_do_about_a_page_and_a_missing_token() {
    let datahub = Datahub::new();
    let url = datahub.server.url();
    let hint = async |name: &str, own: &[(&str, &str)]| {
        let settings = [&[("kind", "datahub"), ("url", &*url)], own].concat();
        let stages = open(Path::new("."), &settings).check(None).await;
        let stage = stages.into_iter().find(|stage| stage.name == name);
        stage.unwrap().hint.unwrap()
    };
    let token = "`token` is not set: create one in DataHub (Settings, Access Tokens)";
    assert_eq!(hint("token", &[]).await, token);
    datahub.fake().state().later = Some((0, Fault::Page));
    let page = hint("permissions", &[("token", TOKEN)]).await;
    assert!(page.contains("append `/api/gms`"), "{page}");
}

#[tokio::test]
async fn a_check_describes_an_item_of_the_store_or_a_made_up_one() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    let seen = async |store: &MemoryStore| {
        let feed = store.feed(FeedFault::None);
        let example = Example::read(&feed).await.unwrap();
        let stages = datahub.follower().check(example.as_ref()).await;
        stages.last().unwrap().seen.clone()
    };
    assert_eq!(
        seen(&store).await,
        "a made-up item (the store has none) is the dashboard `urn:li:dashboard:(qlik-sense,example.app.sheet)`; \
         owners: `urn:li:corpuser:ann@example.com`; tags: `urn:li:tag:Tag`"
    );
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    assert_eq!(
        seen(&store).await,
        "the item `east/f1/a` is the dashboard `urn:li:dashboard:(qlik-sense,east.f1.a)`; owners: \
         `urn:li:corpuser:ann@example.com`; tags: `urn:li:tag:A`"
    );
}

#[test]
fn the_token_is_not_sent_without_encryption_unless_that_is_allowed() {
    let registry = catalog_followers::registry(Path::new("."));
    let is_accepted = |url: &str, allowed: &str| {
        let own = [("kind", "datahub"), ("url", url), ("http_allowed", allowed)];
        registry.open(&mut settings(&own)).is_ok()
    };
    assert!(!is_accepted("http://datahub.example.com:8080", "false"));
    assert!(is_accepted("http://datahub.example.com:8080", "true"));
    assert!(is_accepted("http://localhost:8080", "false"));
    assert!(!is_accepted("http://localhost.example.com", "false"));
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_shows_everything() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    let recorded = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&recorded);
    let plan = Plan::new(move |planned| {
        let Planned::Request {
            method, url, body, ..
        } = planned
        else {
            panic!("{planned:?}");
        };
        let request = format!("{method} {url} {}", body.unwrap());
        seen.lock().unwrap().push(request);
    });
    let feed = store.feed(FeedFault::None);
    datahub.follower().dry_run(&feed, &plan).await.unwrap();
    assert_eq!(datahub.fake().state().writes, 0);
    assert!(!store.is_delivered());
    let recorded = recorded.lock().unwrap();
    let paths: Vec<_> = recorded
        .iter()
        .map(|request| request.split(['/', '?']).nth(6).unwrap())
        .collect();
    // The instance comes before everything, and the tag of the item before it.
    let expected = ["dataPlatformInstance", "container", "tag", "dashboard"];
    assert_eq!(paths, expected, "{recorded:#?}");
    assert!(recorded[3].contains(r#""title":"A""#));
    assert!(!recorded.concat().contains(TOKEN));
}

#[tokio::test]
async fn a_dry_run_assumes_only_a_catalog_that_cannot_be_reached_to_be_empty() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    let dry_run = async |url: &str, token: &str| {
        let settings = [
            ("kind", "datahub"),
            ("url", url),
            ("token", token),
            ("time_limits.retry", "1 ms"),
        ];
        let follower = open(Path::new("."), &settings);
        let feed = store.feed(FeedFault::None);
        follower.dry_run(&feed, &Plan::new(|_| {})).await
    };
    let url = datahub.server.url();
    assert_eq!(dry_run(&url, TOKEN).await.unwrap().assumed_empty, None);
    let planned = dry_run("http://127.0.0.1:1", TOKEN).await.unwrap();
    let reason = planned.assumed_empty.unwrap();
    assert!(reason.contains("connection refused"), "{reason}");
    assert_eq!(planned.delivered[0].items, 1);
    for (url, token, expected) in [
        (url.clone(), "wrong", "401"),
        (url + "/frontend", TOKEN, "web page"),
    ] {
        let error = dry_run(&url, token).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
