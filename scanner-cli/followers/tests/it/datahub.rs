//! The follower `datahub`, against a strict server.

use std::{collections::BTreeMap, path::Path, sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use catalog_followers::datahub::mapping::urn;
use catalog_model::{
    Follower,
    contract::follower::{CatalogFault, Closing, FeedFault, FollowerUnderTest, MemoryStore, check},
};
use serde_json::{Value, json};

use crate::{
    fake_datahub::{Doors, FakeDatahub, Fault, TOKEN},
    fake_http::FakeServer,
    served::{Served, east},
    support::open,
};

mod faults;
mod histories;
mod settings_and_checks;

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

impl Served for Datahub {
    fn all(more: &[(&'static str, &'static str)]) -> Vec<Self> {
        vec![Self {
            more: more.to_vec(),
            ..Self::new()
        }]
    }

    fn fail_next(&self, faults: Vec<Fault>) {
        self.fake().state().faults = faults.into();
    }

    fn fail_all(&self, fault: Fault) {
        self.fake().state().later = Some((0, fault));
    }

    fn limit(&self, bytes: usize) {
        self.fake().state().max_bytes = Some(bytes);
    }

    fn tag_names(&self, id: &str) -> Vec<String> {
        let tags = self.tags(id).into_iter();
        tags.map(|tag| tag.replace("urn:li:tag:", "")).collect()
    }

    fn load(&self) -> (usize, usize) {
        (self.server.max_in_flight(), self.server.connections())
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
async fn a_connection_is_an_instance_that_is_written_once_if_that_is_allowed() {
    let instance = urn::instance(&east());
    let aspect = "dataPlatformInstanceProperties";
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    datahub.fake().state().denied = Some("dataPlatformInstance");
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    assert_eq!(datahub.deliver(&store).await.unwrap().refused, []);
    assert_eq!(datahub.items().await.len(), 1);
    datahub.fake().state().denied = None;
    store.scan(&east(), &[("a", "A2")], Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    assert_eq!(
        datahub.fake().aspect(&instance, aspect),
        json!({ "name": "east" })
    );
    // It is not written again over what somebody has changed.
    let renamed = json!({ "name": "East", "description": "by a person" });
    datahub
        .fake()
        .set_aspect(&instance, aspect, renamed.clone());
    store.scan(&east(), &[("a", "A3")], Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    assert_eq!(datahub.fake().aspect(&instance, aspect), renamed);
    datahub.fake().assert_no_violation();
}

#[tokio::test]
async fn a_tag_whose_urn_is_shortened_is_said_once() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    let long = "日本".repeat(40);
    store.scan(&east(), &[("a", &long)], Closing::Complete);
    let delivery = datahub.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused, []);
    let [notice] = delivery.notices.as_slice() else {
        panic!("{:?}", delivery.notices);
    };
    assert!(notice.contains(&datahub.tags("a")[0]), "{notice}");
    store.scan(&east(), &[("a", &long), ("b", &long)], Closing::Complete);
    assert_eq!(datahub.deliver(&store).await.unwrap().notices, [""; 0]);
}

/// What a person does who removes all owners.
fn remove_owners(fake: &FakeDatahub, urn: &str) {
    let mut ownership = fake.aspect(urn, "ownership");
    ownership["owners"] = json!([]);
    fake.set_aspect(urn, "ownership", ownership);
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
    remove_owners(datahub.fake(), &dashboard("b"));
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
async fn a_full_delivery_sends_the_difference_and_keeps_what_people_did() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    let all = [("a", "A"), ("b", "B"), ("c", "C")];
    store.scan(&east(), &all, Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    let full = async || {
        let before = datahub.fake().state().writes;
        let feed = store.feed(FeedFault::None).full();
        let delivery = datahub.follower().follow(&feed).await.unwrap();
        assert!(delivery.refused.is_empty());
        datahub.fake().state().writes - before
    };
    assert_eq!(full().await, 0, "the catalog has everything");
    let curated = json!({ "tag": "urn:li:tag:Curated" });
    datahub
        .fake()
        .add_by_person(&dashboard("a"), "globalTags", "tags", curated);
    remove_owners(datahub.fake(), &dashboard("b"));
    let mut info = datahub.fake().aspect(&dashboard("a"), "dashboardInfo");
    info["title"] = json!("changed by somebody");
    datahub
        .fake()
        .set_aspect(&dashboard("a"), "dashboardInfo", info);
    datahub
        .fake()
        .set_aspect(&dashboard("c"), "status", json!({ "removed": true }));
    assert!(full().await > 0);
    let info = datahub.fake().aspect(&dashboard("a"), "dashboardInfo");
    assert_eq!(info["title"], "A");
    assert_eq!(datahub.tags("a"), ["urn:li:tag:A", "urn:li:tag:Curated"]);
    assert_eq!(datahub.owners("b"), [""; 0], "people may remove an owner");
    let status = datahub.fake().aspect(&dashboard("c"), "status");
    assert_eq!(status["removed"], true, "people may hide an item");
    assert_eq!(full().await, 0);
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
    datahub
        .fake()
        .set_aspect("urn:li:tag:A", "tagProperties", described.clone());
    // A new store knows nothing of what was delivered, and has an item that is gone already.
    let store = MemoryStore::default();
    store.scan(&east(), &[("a", "A"), ("z", "Z")], Closing::Complete);
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    assert_eq!(datahub.tags("a"), ["urn:li:tag:A", "urn:li:tag:Curated"]);
    assert_eq!(
        datahub.fake().aspect("urn:li:tag:A", "tagProperties"),
        described
    );
    let never = dashboard("z");
    assert!(!datahub.fake().state().entities.contains_key(&never));
    datahub.fake().assert_no_violation();
}

#[tokio::test]
async fn a_new_store_sends_only_what_differs_from_the_catalog() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    let items = [("a", "A"), ("b", "B"), ("c", "C")];
    store.scan(&east(), &items, Closing::Complete);
    store.scan(&east(), &items[..2], Closing::Complete);
    datahub.deliver(&store).await.unwrap();
    let again = MemoryStore::default();
    again.scan(&east(), &items, Closing::Complete);
    again.scan(&east(), &items[..2], Closing::Complete);
    let before = datahub.fake().state().writes;
    datahub.deliver(&again).await.unwrap();
    assert_eq!(datahub.fake().state().writes, before);
    let renamed = json!({ "name": "Somebody's folder" });
    let folder = urn::container(&"east/folder:f1".parse().unwrap());
    datahub
        .fake()
        .set_aspect(&folder, "containerProperties", renamed);
    let again = MemoryStore::default();
    again.scan(&east(), &items[..2], Closing::Complete);
    datahub.deliver(&again).await.unwrap();
    assert_eq!(datahub.fake().state().writes, before + 1);
    assert_eq!(
        datahub.fake().aspect(&folder, "containerProperties")["name"],
        "The folder"
    );
}
