//! The follower `datahub`, against a strict server.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use catalog_followers::datahub::mapping::urn;
use catalog_model::{
    ConnectionCode, Follower, Verdict,
    contract::follower::{CatalogFault, Closing, FeedFault, FollowerUnderTest, MemoryStore, check},
    follower::Delivery,
    with_causes,
};
use serde_json::{Value, json};

use crate::{
    fake_datahub::{Doors, FakeDatahub, Fault, TOKEN},
    fake_http::FakeServer,
    support::{open, settings},
};

mod histories;

/// A server, and what the follower's settings are besides its URL.
pub(crate) struct Datahub {
    server: FakeServer<FakeDatahub>,
    more: Vec<(&'static str, &'static str)>,
    /// The fault that stands for a catalog that refuses everything.
    refusal: Fault,
}

impl Datahub {
    /// A server whose failures are not retried by the client.
    pub(crate) fn new() -> Self {
        Self {
            server: FakeServer::start(FakeDatahub::default()),
            more: vec![("time_limits.retry", "1 ms")],
            refusal: Fault::Status(503),
        }
    }

    pub(crate) fn fake(&self) -> &FakeDatahub {
        &self.server.catalog
    }

    pub(crate) fn follower(&self) -> Box<dyn Follower> {
        let url = self.server.url();
        let own = [("kind", "datahub"), ("url", url.as_str()), ("token", TOKEN)];
        open(Path::new("."), &[&own[..], &self.more].concat())
    }

    async fn deliver(&self, store: &MemoryStore) -> Result<Delivery, String> {
        let feed = store.feed(FeedFault::None);
        let delivered = self.follower().follow(&feed).await;
        delivered.map_err(|error| with_causes(&error))
    }

    fn tags(&self, id: &str) -> Vec<String> {
        names(
            &self.fake().aspect(&dashboard(id), "globalTags"),
            "tags",
            "tag",
        )
    }

    fn owners(&self, id: &str) -> Vec<String> {
        names(
            &self.fake().aspect(&dashboard(id), "ownership"),
            "owners",
            "owner",
        )
    }
}

fn names(aspect: &Value, list: &str, field: &str) -> Vec<String> {
    let entries = aspect[list].as_array().into_iter().flatten();
    let names = entries.map(|entry| entry[field].as_str().unwrap().to_owned());
    names.collect()
}

fn east() -> ConnectionCode {
    ConnectionCode::new("east").unwrap()
}

fn dashboard(id: &str) -> String {
    format!("urn:li:dashboard:(qlik-sense,east.f1.{id})")
}

#[async_trait]
impl FollowerUnderTest for Datahub {
    async fn open(&self) -> Box<dyn Follower> {
        self.follower()
    }

    async fn clear(&self) {
        self.fake().clear();
    }

    async fn items(&self) -> BTreeMap<String, String> {
        self.fake().assert_no_violation();
        let infos = self.fake().shown("dashboardInfo").into_iter();
        infos
            .map(|(_, info)| {
                let key = info["customProperties"]["key"].as_str().unwrap();
                (key.to_owned(), info["title"].as_str().unwrap().to_owned())
            })
            .collect()
    }

    async fn containers(&self) -> Option<BTreeMap<String, String>> {
        let found = self.fake().shown("containerProperties").into_iter();
        let keyed = found.map(|(found, properties)| {
            let code = properties["customProperties"]["connection"]
                .as_str()
                .unwrap();
            let key = format!("{code}/folder:f1");
            assert_eq!(urn::container(&key.parse().unwrap()), found);
            (key, properties["name"].as_str().unwrap().to_owned())
        });
        Some(keyed.collect())
    }

    async fn writes(&self) -> Option<u64> {
        Some(self.fake().state().writes)
    }

    async fn fail(&self, fault: CatalogFault) -> bool {
        let mut state = self.fake().state();
        state.later = match fault {
            CatalogFault::None => None,
            CatalogFault::RefusesAfter(writes) => Some((writes, self.refusal)),
            CatalogFault::Hangs => Some((0, Fault::Hang)),
            _ => return false,
        };
        true
    }

    async fn hangs(&self) {
        while !self.fake().has_hung.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }
}

#[tokio::test]
async fn a_server_is_delivered_to_by_the_contract() {
    check(&Datahub::new()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_refuses_the_content_is_delivered_to_by_the_contract() {
    let server = Datahub {
        refusal: Fault::Status(400),
        ..Datahub::new()
    };
    check(&server).await.unwrap();
}

#[tokio::test]
async fn a_server_with_rest_li_only_is_delivered_to() {
    for status in [404, 403] {
        let (datahub, store) = (Datahub::new(), MemoryStore::default());
        datahub.fake().state().doors = Doors::RestLi(status);
        store.scan(&east(), &[("a", "Süd 📈"), ("b", "B")], Closing::Complete);
        datahub.deliver(&store).await.unwrap();
        assert_eq!(datahub.items().await["east/f1/a"], "Süd 📈");
        assert_eq!(datahub.tags("a"), ["urn:li:tag:Süd 📈"]);
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        datahub.deliver(&store).await.unwrap();
        assert_eq!(datahub.items().await.len(), 1);
        assert_eq!(datahub.tags("a"), ["urn:li:tag:A"]);
    }
}

#[tokio::test]
async fn what_people_add_stays_and_what_they_remove_does_not_return() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    let curated = json!({ "tag": "urn:li:tag:Curated" });
    let bob = json!({ "owner": "urn:li:corpuser:bob", "type": "DATA_STEWARD" });
    datahub
        .fake()
        .add_by_person(&dashboard("a"), "globalTags", "tags", curated);
    datahub
        .fake()
        .add_by_person(&dashboard("a"), "ownership", "owners", bob);
    // Someone removes the owner that was delivered.
    let ann = |owner: &Value| owner["owner"] == "urn:li:corpuser:ann@example.com";
    let mut state = datahub.fake().state();
    let ownership = state
        .entities
        .get_mut(&dashboard("b"))
        .unwrap()
        .get_mut("ownership");
    ownership.unwrap()["owners"]
        .as_array_mut()
        .unwrap()
        .retain(|owner| !ann(owner));
    drop(state);
    store.scan(&east(), &[("a", "A2"), ("b", "B2")], Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    store.scan(&east(), &[], Closing::Complete);
    store.scan(&east(), &[("a", "A2"), ("b", "B2")], Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    assert_eq!(datahub.tags("a"), ["urn:li:tag:Curated", "urn:li:tag:A2"]);
    let owners = datahub.owners("a");
    assert_eq!(
        owners,
        ["urn:li:corpuser:ann@example.com", "urn:li:corpuser:bob"]
    );
    assert_eq!(datahub.owners("b"), [""; 0]);
    datahub.fake().assert_no_violation();
}

#[tokio::test]
async fn a_catalog_from_an_earlier_installation_is_not_wiped() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    let curated = json!({ "tag": "urn:li:tag:Curated" });
    datahub
        .fake()
        .add_by_person(&dashboard("a"), "globalTags", "tags", curated);
    let described = json!({ "name": "A", "description": "by a person" });
    let mut state = datahub.fake().state();
    let tag = state.entities.get_mut("urn:li:tag:A").unwrap();
    tag.insert("tagProperties".to_owned(), described.clone());
    drop(state);
    // A new store knows nothing of what was delivered, and has an item that is gone already.
    let store = MemoryStore::default();
    store.scan(&east(), &[("a", "A"), ("z", "Z")], Closing::Complete);
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    assert_eq!(datahub.tags("a"), ["urn:li:tag:Curated", "urn:li:tag:A"]);
    assert_eq!(
        datahub.fake().aspect("urn:li:tag:A", "tagProperties"),
        described
    );
    let never = dashboard("z");
    assert!(!datahub.fake().state().entities.contains_key(&never));
    datahub.fake().assert_no_violation();
}

#[tokio::test]
async fn a_bad_item_is_named_and_all_others_are_delivered() {
    for status in [400, 422, 500] {
        let (datahub, store) = (Datahub::new(), MemoryStore::default());
        let ids: Vec<_> = (0..60).map(|number| format!("i{number}")).collect();
        let items: Vec<_> = ids.iter().map(|id| (id.as_str(), "Name")).collect();
        store.scan(&east(), &items, Closing::Complete);
        datahub.fake().state().poison = vec![(dashboard("i7"), status)];
        let delivery = datahub.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused.len(), 1);
        assert_eq!(delivery.refused[0].key.to_string(), "east/f1/i7");
        assert!(delivery.refused[0].message.contains(&status.to_string()));
        assert_eq!(datahub.items().await.len(), 59);
        assert_eq!(delivery.delivered[0].items, 59);
        // It is tried again, alone, until it is accepted.
        let writes = datahub.fake().state().writes;
        let delivery = datahub.deliver(&store).await.unwrap();
        assert_eq!(
            (delivery.refused.len(), datahub.fake().state().writes),
            (1, writes)
        );
        datahub.fake().state().poison.clear();
        let delivery = datahub.deliver(&store).await.unwrap();
        assert_eq!(
            (delivery.refused.len(), delivery.delivered[0].items),
            (0, 1)
        );
        assert_eq!(datahub.items().await.len(), 60);
    }
}

#[tokio::test]
async fn a_catalog_that_refuses_everything_ends_the_delivery() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    let ids: Vec<_> = (0..150).map(|number| format!("i{number}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), "Name")).collect();
    store.scan(&east(), &items, Closing::Complete);
    datahub.fake().state().later = Some((0, Fault::Status(400)));
    let error = datahub.deliver(&store).await.unwrap_err();
    assert!(error.contains("more than 100"), "{error}");
}

#[tokio::test]
async fn requests_are_halved_if_they_are_too_large() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    let ids: Vec<_> = (0..30).map(|number| format!("i{number}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), "Name")).collect();
    store.scan(&east(), &items, Closing::Complete);
    datahub.fake().state().max_bytes = Some(8_000);
    let delivery = datahub.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused, []);
    assert_eq!(datahub.items().await.len(), 30);
}

#[tokio::test]
async fn a_wrong_token_ends_the_delivery_at_once() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    let url = datahub.server.url();
    let settings = [
        ("kind", "datahub"),
        ("url", url.as_str()),
        ("token", "wrong-token-of-someone"),
    ];
    let follower = open(Path::new("."), &settings);
    let error = follower
        .follow(&store.feed(FeedFault::None))
        .await
        .unwrap_err();
    let text = with_causes(&error);
    assert!(text.contains("401"), "{text}");
    assert!(!text.contains("wrong-token"), "{text}");
    assert!(error.hint().unwrap().contains("`token`"));
    // The version, which needs no token, and one request.
    assert_eq!(datahub.fake().state().requests.len(), 2);
    datahub.fake().state().is_readonly = true;
    let error = datahub.deliver(&store).await.unwrap_err();
    assert!(
        error.contains("403") && error.contains("unauthorized"),
        "{error}"
    );
}

#[tokio::test]
async fn a_page_with_success_is_no_success() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    datahub.fake().state().later = Some((0, Fault::Page));
    let error = datahub.deliver(&store).await.unwrap_err();
    assert!(error.contains("web page"), "{error}");
    assert!(!store.is_delivered());
}

#[tokio::test]
async fn an_aspect_that_is_not_stored_is_reported() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    datahub.fake().state().unknown_aspect = Some("dashboardInfo");
    let delivery = datahub.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused.len(), 1);
    assert!(
        delivery.refused[0].message.contains("has not stored"),
        "{:?}",
        delivery.refused
    );
    datahub.fake().state().unknown_aspect = None;
    assert_eq!(datahub.deliver(&store).await.unwrap().refused, []);
}

#[tokio::test]
async fn bad_answers_do_no_harm() {
    for fault in [
        Fault::Half,
        Fault::Duplicates,
        Fault::SilentAnswer,
        Fault::Slow,
        Fault::CutAnswer,
    ] {
        let (datahub, store) = (Datahub::new(), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        datahub.fake().state().faults = vec![fault; 6].into();
        let delivery = datahub.deliver(&store).await;
        if delivery.is_err() {
            datahub.fake().state().faults.clear();
            datahub.deliver(&store).await.unwrap();
        }
        assert_eq!(datahub.items().await.len(), 2, "{fault:?}");
        assert_eq!(datahub.tags("b"), ["urn:li:tag:B"], "{fault:?}");
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    for fault in [
        Fault::Status(429),
        Fault::Status(503),
        Fault::CutAfterStoring,
    ] {
        let datahub = Datahub {
            more: Vec::new(),
            ..Datahub::new()
        };
        let store = MemoryStore::default();
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        datahub.fake().state().faults = [fault].into();
        datahub.deliver(&store).await.unwrap();
        assert_eq!(datahub.items().await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn connections_are_used_again_and_requests_are_limited() {
    let (mut datahub, store) = (Datahub::new(), MemoryStore::default());
    datahub.more.push(("parallel", "2"));
    let ids: Vec<_> = (0..200).map(|number| format!("i{number}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), "Name")).collect();
    store.scan(&east(), &items, Closing::Complete);
    datahub.fake().state().later = Some((0, Fault::Slow));
    datahub.deliver(&store).await.unwrap();
    assert_eq!(datahub.items().await.len(), 200);
    assert_eq!(datahub.server.max_in_flight(), 2);
    assert!(
        datahub.server.connections() <= 4,
        "{}",
        datahub.server.connections()
    );
}

#[tokio::test]
async fn each_stage_of_a_check_fails_at_its_place() {
    let datahub = Datahub::new();
    let url = datahub.server.url();
    let verdicts = async |url: &str, token: &str| {
        let settings = [("kind", "datahub"), ("url", url), ("token", token)];
        let stages = open(Path::new("."), &settings).check().await;
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

#[test]
fn the_token_is_not_sent_in_the_clear_unless_that_is_allowed() {
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
    let recorder = catalog_followers::remote::Recorder::new(move |url, call| {
        let body = String::from_utf8(call.body.clone().unwrap().to_vec()).unwrap();
        seen.lock()
            .unwrap()
            .push(format!("{} {url} {body}", call.method));
    });
    let url = datahub.server.url();
    let own = [("kind", "datahub"), ("url", url.as_str()), ("token", TOKEN)];
    let follower = catalog_followers::datahub::Datahub::open(
        catalog_model::FollowerName::new("datahub").unwrap(),
        &mut settings(&own),
    );
    let feed = store.feed(FeedFault::None);
    follower.unwrap().dry_run(&feed, recorder).await.unwrap();
    assert_eq!(datahub.fake().state().writes, 0);
    assert!(!store.is_delivered());
    let recorded = recorded.lock().unwrap();
    let paths: Vec<_> = recorded
        .iter()
        .map(|request| request.split(['/', '?']).nth(6).unwrap())
        .collect();
    // The tag of the item comes before it.
    assert_eq!(paths, ["container", "tag", "dashboard"], "{recorded:#?}");
    assert!(recorded[2].contains(r#""title":"A""#));
    assert!(!recorded.concat().contains(TOKEN));
}
