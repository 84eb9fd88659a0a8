//! Settings, checks and dry runs.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use catalog_model::{
    Follower, FollowerName, Verdict,
    contract::follower::{Closing, FeedFault, MemoryStore},
    follower::Plan,
};

use super::{Webhook, east};
use crate::{
    fake_receiver::{Fault, SECRET, TOKEN},
    support::{open, settings},
};

#[tokio::test]
async fn a_check_says_ok_only_of_what_it_has_seen() {
    let webhook = Webhook::new();
    let url = webhook.server.url();
    let verdicts = async |url: &str, token: &str| {
        let own = [
            ("kind", "webhook"),
            ("url", url),
            ("token", token),
            ("secret", SECRET),
        ];
        let stages = open(Path::new("."), &own).check(None).await;
        let verdict = |name: &str| {
            stages
                .iter()
                .find(|stage| stage.name == name)
                .unwrap()
                .verdict
        };
        ["tcp", "server", "token", "signature", "events"].map(verdict)
    };
    use Verdict::{Failed, NotReached, Ok, Warning};
    assert_eq!(verdicts(&url, TOKEN).await, [Ok, Ok, Warning, Ok, Warning]);
    assert_eq!(webhook.receiver().state().posts, 0);
    assert_eq!(
        verdicts(&url, "wrong").await,
        [Ok, Ok, Failed, NotReached, NotReached]
    );
    assert_eq!(
        verdicts("http://127.0.0.1:1", TOKEN).await,
        [Failed, NotReached, NotReached, NotReached, NotReached]
    );
    for (status, expected) in [
        (503, Failed),
        (410, Failed),
        (302, Failed),
        (404, Warning),
        (405, Ok),
        (501, Ok),
    ] {
        webhook.receiver().state().later = Some((0, Fault::Status(status)));
        assert_eq!(verdicts(&url, TOKEN).await[1], expected, "{status}");
    }
}

#[tokio::test]
async fn the_advice_about_rejected_credentials_names_those_that_are_set() {
    let webhook = Webhook::new();
    webhook.receiver().state().later = Some((0, Fault::Status(401)));
    let url = webhook.server.url();
    for (own, expected) in [
        (
            &[][..],
            "set `secret` or `token`, if the receiver needs one",
        ),
        (
            &[("secret", SECRET)],
            "check `secret`: it must be the one of the receiver",
        ),
        (
            &[("token", TOKEN)],
            "check `token`: it may be wrong or have expired",
        ),
        (
            &[("token", TOKEN), ("secret", SECRET)],
            "check `token` and `secret`: they must be those of the receiver",
        ),
    ] {
        let own = [&[("kind", "webhook"), ("url", &*url)], own].concat();
        let follower = open(Path::new("."), &own);
        let stages = follower.check(None).await;
        let token = stages.iter().find(|stage| stage.name == "token").unwrap();
        assert_eq!(token.hint.as_deref(), Some(expected));
        let store = MemoryStore::default();
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        let feed = store.feed(FeedFault::None);
        let error = follower.follow(&feed).await.unwrap_err();
        assert_eq!(error.hint(), Some(expected));
    }
}

#[test]
fn wrong_settings_are_refused_at_their_place() {
    let registry = catalog_followers::registry(Path::new("."));
    let problems = |own: &[(&str, &str)]| {
        let url = ("url", "https://hooks.example.com/qlik");
        let mut settings = settings(&[&[("kind", "webhook"), url], own].concat());
        let opened = registry.open(&mut settings);
        assert_eq!(opened.is_ok(), settings.problems().is_empty());
        let problems = settings.problems().into_iter();
        let problems = problems.map(|one| format!("{}: {}", one.key, one.message));
        let text = problems.collect::<Vec<_>>().join("; ");
        assert!(!text.contains("not base64!"), "{text}");
        text
    };
    for (own, expected) in [
        (&[][..], ""),
        (&[("secret", "plain text"), ("parallel", "4")], ""),
        (&[("secret", SECRET), ("events", "[item, scan]")], ""),
        (
            &[("secret", "whsec_not base64!")],
            "secret: `secret` has the prefix of Standard Webhooks",
        ),
        (&[("events", "sheet")], "events: `sheet` in `events`"),
        (&[("events", "[]")], "events: `events` is empty"),
    ] {
        let found = problems(own);
        assert!(
            found.contains(expected) && found.is_empty() == expected.is_empty(),
            "{found}"
        );
    }
    let is_accepted = |url: &str, allowed: &str| {
        let own = [("kind", "webhook"), ("url", url), ("http_allowed", allowed)];
        registry.open(&mut settings(&own)).is_ok()
    };
    assert!(!is_accepted("http://hooks.example.com", "false"));
    assert!(is_accepted("http://hooks.example.com", "true"));
    assert!(is_accepted("http://[::1]:8080", "false"));
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_shows_everything_but_secrets() {
    let (webhook, store) = (Webhook::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    let recorded = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&recorded);
    let plan = Plan::new(move |planned| seen.lock().unwrap().push(format!("{planned:?}")));
    let url = format!("{}/?sig=secret-in-the-query", webhook.server.url());
    let own = [
        ("kind", "webhook"),
        ("url", url.as_str()),
        ("token", TOKEN),
        ("secret", SECRET),
    ];
    let follower = catalog_followers::webhook::Webhook::open(
        FollowerName::new("webhook").unwrap(),
        &mut settings(&own),
    );
    let follower = follower.unwrap();
    let feed = store.feed(FeedFault::None);
    follower.dry_run(&feed, &plan).await.unwrap();
    assert_eq!(webhook.receiver().state().posts, 0);
    assert!(!store.is_delivered());
    let recorded = recorded.lock().unwrap().concat();
    for expected in ["POST", "webhook-signature", "Idempotency-Key", "item.added"] {
        assert!(recorded.contains(expected), "{recorded}");
    }
    for secret in [TOKEN, SECRET, "MfKQ9r8G", "secret-in-the-query"] {
        assert!(!recorded.contains(secret), "{recorded}");
        let shown = format!("{follower:?}");
        assert!(!shown.contains(secret), "{shown}");
    }
}
