//! Settings, the check of a server, and dry runs.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use catalog_model::{
    Verdict,
    contract::follower::{Closing, FeedFault, FollowerUnderTest, MemoryStore},
    follower::{EntityKind, Plan, Planned},
};

use super::{Openmetadata, east};
use crate::{
    fake_openmetadata::{Generation, TOKEN},
    support::{open, settings},
};

#[tokio::test]
async fn the_url_may_have_the_path_of_the_api() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    for (end, id) in [
        ("", "a"),
        ("/", "b"),
        ("/api", "c"),
        ("/api/", "d"),
        ("/api/v1", "e"),
    ] {
        let url = catalog.server.url() + end;
        let own = [
            ("kind", "openmetadata"),
            ("url", url.as_str()),
            ("token", TOKEN),
        ];
        let follower = open(Path::new("."), &own);
        assert_eq!(follower.revision(), catalog.follower().revision());
        store.scan(&east(), &[(id, "A")], Closing::Complete);
        follower.follow(&store.feed(FeedFault::None)).await.unwrap();
        assert!(catalog.items().await.contains_key(&format!("east/f1/{id}")));
    }
}

#[tokio::test]
async fn a_check_ends_at_the_first_stage_that_fails() {
    let catalog = Openmetadata::new(Generation::New);
    let url = catalog.server.url();
    let verdicts = async |url: &str, token: &str| {
        let own = [("kind", "openmetadata"), ("url", url), ("token", token)];
        let stages = open(Path::new("."), &own).check(None).await;
        let last = &stages[stages.len() - 4..];
        last.iter().map(|stage| stage.verdict).collect::<Vec<_>>()
    };
    use Verdict::{Failed, NotReached, Ok, Warning};
    assert_eq!(verdicts(&url, TOKEN).await, [Ok; 4]);
    assert_eq!(catalog.fake().state().writes, 0);
    assert_eq!(
        verdicts(&url, "wrong").await,
        [Ok, Failed, NotReached, NotReached]
    );
    assert_eq!(
        verdicts(&format!("{url}/other"), TOKEN).await,
        [Failed, NotReached, NotReached, NotReached]
    );
    catalog.fake().state().denies_names = true;
    assert_eq!(verdicts(&url, TOKEN).await, [Ok, Ok, Warning, Ok]);
    catalog.fake().state().is_readonly = true;
    assert_eq!(verdicts(&url, TOKEN).await, [Ok, Ok, Failed, NotReached]);
    assert_eq!(verdicts("http://127.0.0.1:1", TOKEN).await, [NotReached; 4]);
}

#[test]
fn a_token_is_needed_and_is_not_sent_without_encryption() {
    let registry = catalog_followers::registry(Path::new("."));
    let is_accepted = |url: &str, more: &[(&str, &str)]| {
        let own = [("kind", "openmetadata"), ("url", url)];
        registry
            .open(&mut settings(&[&own[..], more].concat()))
            .is_ok()
    };
    let token = ("token", TOKEN);
    assert!(!is_accepted("https://om.example.com", &[]));
    assert!(is_accepted("https://om.example.com", &[token]));
    assert!(!is_accepted("http://om.example.com:8585", &[token]));
    assert!(is_accepted(
        "http://om.example.com:8585",
        &[token, ("http_allowed", "true")]
    ));
}

async fn recorded(catalog: &Openmetadata, url: &str, store: &MemoryStore) -> Vec<String> {
    let recorded = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&recorded);
    let plan = Plan::new(move |planned| {
        let Planned::Request {
            method, url, body, ..
        } = planned
        else {
            panic!("{planned:?}");
        };
        let path = url.splitn(4, '/').last().unwrap().split('?').next();
        let request = format!("{method} /{} {}", path.unwrap(), body.unwrap_or_default());
        seen.lock().unwrap().push(request);
    });
    let own = [("kind", "openmetadata"), ("url", url), ("token", TOKEN)];
    let follower = open(Path::new("."), &own);
    let feed = store.feed(FeedFault::None);
    follower.dry_run(&feed, &plan).await.unwrap();
    assert!(!store.is_delivered());
    assert_eq!(catalog.fake().state().writes, 0);
    let recorded = recorded.lock().unwrap().clone();
    assert!(!recorded.concat().contains(TOKEN));
    recorded
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_shows_everything() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    // With a server, and without one.
    for url in [catalog.server.url(), "http://127.0.0.1:1".to_owned()] {
        let recorded = recorded(&catalog, &url, &store).await;
        let paths: Vec<_> = recorded
            .iter()
            .map(|request| request.split(' ').nth(1).unwrap())
            .collect();
        let expected = [
            "services/dashboardServices",
            "classifications",
            "tags",
            "charts/bulk",
            "dashboards/bulk",
        ];
        assert_eq!(paths, expected.map(|path| format!("/api/v1/{path}")));
        assert!(recorded[3].contains(r#""displayName":"A""#));
        assert!(recorded[4].contains(r#""charts":["east.f1_a"]"#));
    }
}

#[test]
fn a_link_opens_the_page_of_a_chart_or_dashboard() {
    let url = "https://om.example.com/api";
    let own = [("kind", "openmetadata"), ("url", url), ("token", TOKEN)];
    let follower = open(Path::new("."), &own);
    let link = |of, key: &str| follower.link(of, &key.parse().unwrap()).unwrap();
    assert_eq!(
        link(EntityKind::Item, "q.prod/app1/sheet1"),
        "https://om.example.com/chart/%22q.prod%22.app1_sheet1"
    );
    assert_eq!(
        link(EntityKind::Container, "qlik/app:app1"),
        "https://om.example.com/dashboard/qlik.app1"
    );
}

#[tokio::test]
async fn a_dry_run_assumes_only_a_catalog_that_cannot_be_reached_to_be_empty() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    let dry_run = async |url: &str, token: &str| {
        let own = [("kind", "openmetadata"), ("url", url), ("token", token)];
        let follower = open(Path::new("."), &own);
        let feed = store.feed(FeedFault::None);
        follower.dry_run(&feed, &Plan::new(|_| {})).await
    };
    let url = catalog.server.url();
    assert_eq!(dry_run(&url, TOKEN).await.unwrap().assumed_empty, None);
    let planned = dry_run("http://127.0.0.1:1", TOKEN).await.unwrap();
    let reason = planned.assumed_empty.unwrap();
    assert!(reason.contains("connection refused"), "{reason}");
    for (url, token, expected) in [
        (url.clone(), "wrong", "401"),
        (url + "/a/frontend", TOKEN, "web page"),
    ] {
        let error = dry_run(&url, token).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_check_that_fails_in_tls_has_passed_the_stages_before() {
    let catalog = Openmetadata::new(Generation::New);
    let url = catalog.server.url().replace("http:", "https:");
    let own = [
        ("kind", "openmetadata"),
        ("url", url.as_str()),
        ("token", TOKEN),
    ];
    let stages = open(Path::new("."), &own).check(None).await;
    let stage = |name: &str| stages.iter().find(|stage| stage.name == name).unwrap();
    for passed in ["name resolution", "tcp", "proxy"] {
        assert_eq!(stage(passed).verdict, Verdict::Ok, "{passed}");
    }
    assert_eq!(stage("proxy").seen, "not set");
    assert_eq!(stage("tls").verdict, Verdict::Failed);
    assert_eq!(stage("server").verdict, Verdict::NotReached);
}
