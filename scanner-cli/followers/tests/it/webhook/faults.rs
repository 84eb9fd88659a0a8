//! Receivers that refuse, fail or answer badly.

use std::path::Path;

use catalog_model::{
    contract::follower::{Closing, FeedFault, MemoryStore},
    with_causes,
};

use super::{Webhook, east};
use crate::{fake_receiver::Fault, support::open};

fn with_items(count: usize) -> MemoryStore {
    let store = MemoryStore::default();
    let ids: Vec<_> = (0..count).map(|number| format!("i{number:03}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), "Name")).collect();
    store.scan(&east(), &items, Closing::Complete);
    store
}

#[tokio::test]
async fn a_bad_event_is_named_and_skipped_and_all_others_arrive() {
    for status in [400, 422, 413] {
        let (webhook, store) = (Webhook::new(), with_items(60));
        webhook.receiver().state().poison = vec![("east/f1/i007".to_owned(), status)];
        let delivery = webhook.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused.len(), 1);
        assert_eq!(delivery.refused[0].key.to_string(), "east/f1/i007");
        let message = &delivery.refused[0].message;
        assert!(message.contains(&status.to_string()), "{message}");
        assert_eq!(webhook.receiver().state().items.len(), 59);
        assert_eq!(delivery.delivered[0].items, 59);
        let delivery = webhook.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused, []);
        webhook.receiver().assert_no_violation();
    }
}

#[tokio::test]
async fn a_refused_event_is_reported_although_the_delivery_ended_early() {
    let (webhook, store) = (Webhook::new(), with_items(150));
    webhook.receiver().state().poison = vec![("east/f1/i007".to_owned(), 400)];
    webhook.receiver().state().later = Some((7, Fault::Status(503)));
    webhook.deliver(&store).await.unwrap_err();
    webhook.receiver().state().later = None;
    let delivery = webhook.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused.len(), 1);
    assert_eq!(webhook.receiver().state().items.len(), 149);
}

#[tokio::test]
async fn many_bad_events_hold_back_no_others() {
    let (webhook, store) = (Webhook::new(), with_items(400));
    let bad = (0..12).chain(100..250);
    let poison = bad.map(|number| (format!("east/f1/i{number:03}"), 400));
    webhook.receiver().state().poison = poison.collect();
    let delivery = webhook.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused.len(), 162);
    assert_eq!(webhook.receiver().state().items.len(), 238);
    webhook.receiver().assert_no_violation();
}

#[tokio::test]
async fn a_receiver_that_refuses_everything_gets_it_again_later() {
    let (webhook, store) = (Webhook::new(), with_items(60));
    webhook.receiver().state().later = Some((0, Fault::Status(400)));
    let error = webhook.deliver(&store).await.unwrap_err();
    assert!(error.contains("accepted none"), "{error}");
    webhook.receiver().state().later = None;
    assert_eq!(webhook.deliver(&store).await.unwrap().refused, []);
    assert_eq!(webhook.receiver().state().items.len(), 60);
}

#[tokio::test]
async fn requests_are_halved_if_they_are_too_large() {
    let (webhook, store) = (Webhook::new(), with_items(60));
    webhook.receiver().state().max_bytes = Some(4_000);
    assert_eq!(webhook.deliver(&store).await.unwrap().refused, []);
    assert_eq!(webhook.receiver().state().items.len(), 60);
    webhook.receiver().assert_no_violation();
}

#[tokio::test]
async fn a_request_has_at_most_a_megabyte() {
    let (webhook, store) = (Webhook::new(), MemoryStore::default());
    let name = "a".repeat(60_000);
    let ids: Vec<_> = (0..20).map(|number| format!("i{number}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), name.as_str())).collect();
    store.scan(&east(), &items, Closing::Complete);
    webhook.deliver(&store).await.unwrap();
    assert_eq!(webhook.receiver().state().items.len(), 20);
    let largest = webhook.server.largest_request();
    assert!((100_000..1_000_000).contains(&largest), "{largest}");
    webhook.receiver().assert_no_violation();
}

#[tokio::test]
async fn a_failing_receiver_ends_the_delivery_and_nothing_is_skipped() {
    for (fault, expected) in [
        (Fault::Status(401), "401"),
        (Fault::Status(403), "403"),
        (Fault::Status(404), "404"),
        (Fault::Status(409), "409"),
        (Fault::Status(410), "410"),
        (Fault::Status(500), "500"),
        (Fault::Status(503), "503"),
        (Fault::Page, "web page"),
        (
            Fault::Header(301, "location", "https://elsewhere.example/x"),
            "https://elsewhere.example/x",
        ),
        (Fault::Header(307, "location", "/elsewhere"), "/elsewhere"),
    ] {
        let (webhook, store) = (Webhook::new(), with_items(3));
        webhook.receiver().state().later = Some((0, fault));
        let error = webhook.deliver(&store).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(!store.is_delivered());
        assert!(webhook.receiver().state().posts <= 2, "{fault:?}");
        webhook.receiver().state().later = None;
        webhook.deliver(&store).await.unwrap();
        assert_eq!(webhook.receiver().state().items.len(), 3);
        webhook.receiver().assert_no_violation();
    }
}

#[tokio::test]
async fn a_gone_receiver_gets_one_request() {
    let (webhook, store) = (Webhook::new(), with_items(300));
    webhook.receiver().state().later = Some((0, Fault::Status(410)));
    let follower = webhook.follower();
    let error = follower.follow(&store.feed(FeedFault::None)).await;
    let error = error.unwrap_err();
    assert!(!error.may_pass());
    assert!(error.hint().unwrap().contains("`url`"));
    assert_eq!(webhook.receiver().state().posts, 1);
}

#[tokio::test]
async fn answers_of_success_need_no_content() {
    for fault in [Fault::Slow, Fault::LabelledText, Fault::CutAnswer] {
        let (webhook, store) = (Webhook::new(), with_items(3));
        webhook.receiver().state().faults = [fault].into();
        webhook.deliver(&store).await.unwrap();
        assert_eq!(webhook.receiver().state().posts, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_busy_receiver_is_asked_again_after_the_time_that_it_names() {
    for (status, after) in [(429, "1"), (503, "1")] {
        let mut webhook = Webhook::new();
        webhook.more.clear();
        let store = with_items(3);
        webhook.receiver().state().faults = [Fault::Header(status, "retry-after", after)].into();
        let begun = std::time::Instant::now();
        webhook.deliver(&store).await.unwrap();
        assert!(begun.elapsed().as_millis() >= 1000);
        let state = webhook.receiver().state();
        assert_eq!(state.posts, 2);
        let counts: Vec<_> = state.requests.values().map(|(_, count)| *count).collect();
        assert_eq!(counts, [2]);
    }
}

#[tokio::test]
async fn no_message_contains_a_secret() {
    let (webhook, store) = (Webhook::new(), with_items(3));
    let path = "services/T0000/secret-in-the-path";
    let url = format!("{}/{path}?sig=secret-in-the-query", webhook.server.url());
    let settings = [
        ("kind", "webhook"),
        ("url", url.as_str()),
        ("token", "wrong-token-of-someone"),
        ("secret", "whsec_c2VjcmV0LW9mLXNvbWVvbmU="),
    ];
    let follower = open(Path::new("."), &settings);
    let error = follower.follow(&store.feed(FeedFault::None)).await;
    let text = with_causes(&error.unwrap_err());
    assert!(text.contains("401"), "{text}");
    let text = format!("{text} {:?}", follower.check(None).await);
    for secret in ["wrong-token", "secret-in-the", "T0000", "c2VjcmV0"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn no_answer_reveals_the_path_or_the_query() {
    for fault in [
        Fault::Echo(400),
        Fault::Echo(404),
        Fault::Echo(410),
        Fault::Echo(500),
        Fault::EchoPage,
        Fault::EchoLocation,
    ] {
        let (webhook, store) = (Webhook::new(), with_items(1));
        webhook.receiver().state().later = Some((0, fault));
        let text = match webhook.deliver(&store).await {
            Ok(delivery) => format!("{delivery:?}"),
            Err(error) => error,
        };
        assert!(text.contains("***"), "{fault:?}: {text}");
        assert!(!text.contains("secret-in-the"), "{fault:?}: {text}");
        let follower = webhook.follower();
        let text = format!("{:?}", follower.check(None).await);
        assert!(!text.contains("secret-in-the"), "{fault:?}: {text}");
    }
}
