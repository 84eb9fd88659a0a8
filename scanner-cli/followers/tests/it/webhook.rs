//! The follower `webhook`, against a strict receiver.

use std::{collections::BTreeMap, path::Path, sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Follower,
    contract::follower::{CatalogFault, Closing, FeedFault, FollowerUnderTest, MemoryStore, check},
    follower::Delivery,
    with_causes,
};
use serde_json::{Value, json};

use crate::{
    fake_http::FakeServer,
    fake_receiver::{Fault, Receiver, SECRET, TOKEN},
    support::open,
};

mod faults;
mod interruptions;
mod settings_and_checks;

/// A receiver, and what the follower's settings are besides its URL.
pub(crate) struct Webhook {
    server: FakeServer<Receiver>,
    more: Vec<(&'static str, &'static str)>,
    refusal: Fault,
}

impl Webhook {
    /// A receiver whose failures are not retried by the client.
    pub(crate) fn new() -> Self {
        Self {
            server: FakeServer::start(Receiver::default()),
            more: vec![("time_limits.retry", "1 ms")],
            refusal: Fault::Status(503),
        }
    }

    fn receiver(&self) -> &Receiver {
        &self.server.catalog
    }

    fn follower(&self) -> Box<dyn Follower> {
        let url = format!(
            "{}/hooks/secret-in-the-path/qlik?sig=secret-in-the-query",
            self.server.url()
        );
        let own = [
            ("kind", "webhook"),
            ("url", url.as_str()),
            ("token", TOKEN),
            ("secret", SECRET),
        ];
        open(Path::new("."), &[&own[..], &self.more].concat())
    }

    async fn deliver(&self, store: &MemoryStore) -> Result<Delivery, String> {
        let feed = store.feed(FeedFault::None);
        let delivered = self.follower().follow(&feed).await;
        delivered.map_err(|error| with_causes(&error))
    }
}

fn east() -> ConnectionCode {
    ConnectionCode::new("east").unwrap()
}

fn west() -> ConnectionCode {
    ConnectionCode::new("west").unwrap()
}

#[async_trait]
impl FollowerUnderTest for Webhook {
    async fn open(&self) -> Box<dyn Follower> {
        self.follower()
    }

    async fn clear(&self) {
        self.receiver().clear();
    }

    async fn items(&self) -> BTreeMap<String, String> {
        self.receiver().assert_no_violation();
        self.receiver().state().items.clone()
    }

    async fn writes(&self) -> Option<u64> {
        Some(self.receiver().state().posts)
    }

    async fn fail(&self, fault: CatalogFault) -> bool {
        let mut state = self.receiver().state();
        state.later = match fault {
            CatalogFault::None => None,
            CatalogFault::RefusesAfter(accepted) => Some((state.accepted + accepted, self.refusal)),
            CatalogFault::Hangs => Some((0, Fault::Hang)),
            _ => return false,
        };
        true
    }

    async fn hangs(&self) {
        while !self.receiver().has_hung.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn secrets(&self) -> Vec<String> {
        [TOKEN, SECRET, "secret-in-the-path", "secret-in-the-query"]
            .map(str::to_owned)
            .to_vec()
    }
}

#[tokio::test]
async fn a_receiver_is_delivered_to_by_the_contract() {
    check(&Webhook::new()).await.unwrap();
}

#[tokio::test]
async fn a_receiver_that_fails_is_delivered_to_by_the_contract() {
    for refusal in [Fault::Status(500), Fault::Status(410)] {
        let webhook = Webhook {
            refusal,
            ..Webhook::new()
        };
        check(&webhook).await.unwrap();
    }
}

#[tokio::test]
async fn each_change_is_an_event_with_the_item() {
    let (webhook, store) = (Webhook::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    webhook.deliver(&store).await.unwrap();
    store.scan(&east(), &[("a", "A2")], Closing::Complete);
    store.scan(&east(), &[("a", "A2"), ("b", "B")], Closing::Complete);
    store.exclude(&east(), "a");
    let delivery = webhook.deliver(&store).await.unwrap();
    assert_eq!(delivery.delivered[0].items, 4);
    assert_eq!(
        webhook.receiver().happenings(),
        [
            "item.added east/f1/a",
            "item.added east/f1/b",
            "item.changed east/f1/a",
            "item.removed east/f1/b",
            "item.returned east/f1/b",
            "item.removed east/f1/a",
        ]
    );
    let events = webhook.receiver().state().events.clone();
    assert_eq!(events[0]["data"]["snapshot"], true);
    assert_eq!(events[2]["source"], "/qlik-scanner/east");
    assert_eq!(events[2]["data"]["item"]["key"], "east/f1/a");
    assert_eq!(events[2]["data"]["item"]["state"], "present");
    let data = |index: usize| {
        let data: &Value = &events[index]["data"];
        (data["reason"].clone(), data["item"]["state"].clone())
    };
    assert_eq!(data(3), (json!("gone"), json!("gone")));
    assert_eq!(data(4), (Value::Null, json!("present")));
    assert_eq!(data(5), (json!("excluded"), json!("excluded")));
    webhook.receiver().assert_no_violation();
}

#[tokio::test]
async fn the_end_of_a_scan_is_an_event_if_that_is_set() {
    let (mut webhook, store) = (Webhook::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    webhook.deliver(&store).await.unwrap();
    let ended = |webhook: &Webhook| {
        let state = webhook.receiver().state();
        let scans = state.events.iter();
        let scans = scans.filter(|event| event["type"] == "qlik-scanner.scan.ended");
        scans.map(|event| event["data"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ended(&webhook).len(), 0);
    webhook.more.push(("events", "[item, scan]"));
    webhook.deliver(&store).await.unwrap();
    // The same scan is not reported twice; an unchanged one sends nothing else.
    webhook.deliver(&store).await.unwrap();
    let posts = webhook.receiver().state().posts;
    store.scan(&east(), &[("a", "A")], Closing::Partial);
    webhook.deliver(&store).await.unwrap();
    assert_eq!(webhook.receiver().state().posts, posts + 1);
    store.scan(&east(), &[("a", "A2"), ("c", "C")], Closing::Complete);
    webhook.deliver(&store).await.unwrap();
    let scans = ended(&webhook);
    let outcomes: Vec<_> = scans.iter().map(|scan| &scan["outcome"]).collect();
    assert_eq!(outcomes, ["complete", "partial", "complete"]);
    let items = &scans[2]["items"];
    let counts = ["seen", "added", "changed", "removed"].map(|name| items[name].as_u64());
    assert_eq!(counts, [Some(2), Some(1), Some(1), Some(1)]);
    let last = webhook.receiver().happenings().pop();
    assert_eq!(last.unwrap(), "scan.ended east");
    webhook.receiver().assert_no_violation();
}

#[tokio::test]
async fn each_scan_that_ended_is_an_event_once_however_it_ended() {
    let (mut webhook, store) = (Webhook::new(), MemoryStore::default());
    webhook.more.push(("events", "[scan]"));
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    webhook.receiver().state().later = Some((0, Fault::Status(503)));
    webhook.deliver(&store).await.unwrap_err();
    store.scan(&east(), &[], Closing::Partial);
    store.scan(&west(), &[], Closing::Complete);
    store.scan(&east(), &[], Closing::Failed);
    webhook.deliver(&store).await.unwrap_err();
    webhook.receiver().state().later = None;
    store.scan(&east(), &[("a", "A2")], Closing::Complete);
    webhook.deliver(&store).await.unwrap();
    let posts = webhook.receiver().state().posts;
    webhook.deliver(&store).await.unwrap();
    assert_eq!(webhook.receiver().state().posts, posts);
    let events = webhook.receiver().state().events.clone();
    let ended = |event: &Value| {
        let (data, source) = (&event["data"], event["subject"].as_str().unwrap());
        let scan = data["scan"].as_str().unwrap();
        let number = scan.rsplit('-').next().unwrap();
        format!("{source} {number} {}", data["outcome"].as_str().unwrap())
    };
    let ended: Vec<_> = events.iter().map(ended).collect();
    assert_eq!(
        ended,
        [
            "east 1 complete",
            "east 2 partial",
            "east 4 failed",
            "east 5 complete",
            "west 3 complete",
        ]
    );
    webhook.receiver().assert_no_violation();
}

#[tokio::test]
async fn a_delivery_of_everything_has_its_own_ids() {
    let (webhook, store) = (Webhook::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    webhook.deliver(&store).await.unwrap();
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    store.forget_changes();
    webhook.deliver(&store).await.unwrap();
    assert_eq!(
        webhook.receiver().happenings(),
        [
            "item.added east/f1/a",
            "item.added east/f1/b",
            "item.added east/f1/a",
            "item.removed east/f1/b",
        ]
    );
}
