//! The follower `openmetadata`, against a strict server.

use std::{collections::BTreeMap, path::Path, sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use catalog_model::{
    Follower,
    contract::follower::{CatalogFault, Closing, FollowerUnderTest, MemoryStore, check},
    follower::Delivery,
};
use serde_json::{Value, json};

use crate::{
    fake_http::FakeServer,
    fake_openmetadata::{FakeOpenmetadata, Generation, State, TOKEN},
    faults::Fault,
    served::{Served, east},
    support::open,
};

mod custom_properties;
mod dashboards;
mod edits;
mod faults;
mod histories;
mod owners;
mod settings_and_checks;

pub(crate) const ANN: &str = "11111111-0000-0000-0000-000000000001";
pub(crate) const BOB: &str = "11111111-0000-0000-0000-000000000004";

/// A server, and what the follower's settings are besides its URL.
pub(crate) struct Openmetadata {
    server: FakeServer<FakeOpenmetadata>,
    more: Vec<(&'static str, &'static str)>,
    /// The fault that stands for a catalog that refuses everything.
    refusal: Fault,
}

impl Openmetadata {
    /// A server whose failures are not retried by the client.
    pub(crate) fn new(generation: Generation) -> Self {
        let fake = FakeOpenmetadata::default();
        fake.state().generation = generation;
        Self {
            server: FakeServer::start(fake),
            more: vec![("time_limits.retry", "1 ms")],
            refusal: Fault::Status(503),
        }
    }

    pub(crate) fn fake(&self) -> &FakeOpenmetadata {
        &self.server.catalog
    }

    pub(crate) fn follower(&self) -> Box<dyn Follower> {
        let url = self.server.url();
        let own = [
            ("kind", "openmetadata"),
            ("url", url.as_str()),
            ("token", TOKEN),
        ];
        open(Path::new("."), &[&own[..], &self.more].concat())
    }

    pub(crate) async fn deliver(&self, store: &MemoryStore) -> Result<Delivery, String> {
        Served::deliver(self, store).await
    }

    pub(crate) fn chart(&self, id: &str) -> Value {
        self.fake().entity("charts", &chart(id))
    }

    pub(crate) fn tags(&self, id: &str) -> Vec<String> {
        texts(&self.chart(id)["tags"], "tagFQN")
    }

    pub(crate) fn owners(&self, id: &str) -> Vec<String> {
        texts(&self.chart(id)["owners"], "id")
    }

    /// The names of the charts of the only dashboard.
    pub(crate) fn charts(&self) -> Vec<String> {
        let dashboard = self.fake().entity("dashboards", "east.f1");
        texts(&dashboard["charts"], "name")
    }

    /// The names of those of them that are not deleted.
    pub(crate) fn live_charts(&self) -> Vec<String> {
        let dashboard = self.fake().entity("dashboards", "east.f1");
        let charts = texts(&dashboard["charts"], "fullyQualifiedName").into_iter();
        let live = charts.map(|fqn| self.fake().entity("charts", &fqn));
        let live = live.filter(|chart| chart["deleted"] == false);
        live.map(|chart| chart["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub(crate) fn texts(list: &Value, field: &str) -> Vec<String> {
    let entries = list.as_array().into_iter().flatten();
    entries
        .map(|entry| entry[field].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn chart(id: &str) -> String {
    format!("east.f1_{id}")
}

/// A tag or owner of a person.
pub(crate) fn curated() -> Value {
    json!({ "tagFQN": "PII.Sensitive", "source": "Classification", "labelType": "Manual", "state": "Confirmed" })
}

pub(crate) fn user(id: &str) -> Value {
    json!({ "id": id, "type": "user" })
}

pub(crate) fn push(entity: &mut Value, list: &str, entry: Value) {
    let entries = entity[list].as_array_mut().unwrap();
    if !entries.contains(&entry) {
        entries.push(entry);
    }
}

/// A person puts a chart into the dashboard: of another service, or of another dashboard.
pub(crate) fn put_into(state: &mut State, fqn: &str) {
    let foreign = json!({
        "id": format!("id of {fqn}"),
        "name": fqn.split_once('.').unwrap().1,
        "fullyQualifiedName": fqn,
        "version": 0.1,
        "deleted": false,
        "tags": [],
        "owners": [],
    });
    let key = ("charts".to_owned(), fqn.to_owned());
    let foreign = state.entities.entry(key).or_insert(foreign).clone();
    state.edit("dashboards", "east.f1", |dashboard| {
        push(dashboard, "charts", foreign)
    });
}

#[async_trait]
impl FollowerUnderTest for Openmetadata {
    async fn open(&self) -> Box<dyn Follower> {
        self.follower()
    }

    async fn clear(&self) {
        self.fake().clear();
    }

    async fn items(&self) -> BTreeMap<String, String> {
        self.fake().assert_no_violation();
        let charts = self.fake().shown("charts").into_iter();
        let keyed = charts.map(|(fqn, chart)| {
            let name = chart["displayName"].as_str().unwrap_or_default();
            (
                fqn.replacen('.', "/", 1).replacen('_', "/", 1),
                name.to_owned(),
            )
        });
        keyed.collect()
    }

    async fn containers(&self) -> Option<BTreeMap<String, String>> {
        let dashboards = self.fake().shown("dashboards").into_iter();
        let keyed = dashboards.map(|(fqn, dashboard)| {
            let name = dashboard["displayName"].as_str().unwrap_or_default();
            (fqn.replacen('.', "/folder:", 1), name.to_owned())
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

impl Served for Openmetadata {
    fn all(more: &[(&'static str, &'static str)]) -> Vec<Self> {
        let of = |generation| Self {
            more: more.to_vec(),
            ..Self::new(generation)
        };
        [Generation::New, Generation::Old].map(of).into()
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
        tags.map(|tag| tag.replace("QlikSense.", "")).collect()
    }

    fn load(&self) -> (usize, usize) {
        (self.server.max_in_flight(), self.server.connections())
    }
}

#[tokio::test]
async fn a_server_is_delivered_to_by_the_contract() {
    let server = Openmetadata::new(Generation::New);
    check(&server).await.unwrap();
}

#[tokio::test]
async fn an_older_server_is_delivered_to_by_the_contract() {
    let server = Openmetadata::new(Generation::Old);
    check(&server).await.unwrap();
}

#[tokio::test]
async fn a_server_that_refuses_the_content_is_delivered_to_by_the_contract() {
    let server = Openmetadata {
        refusal: Fault::Status(400),
        ..Openmetadata::new(Generation::New)
    };
    check(&server).await.unwrap();
}

#[tokio::test]
async fn only_what_changed_is_in_a_patch() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    catalog.fake().state().bodies.clear();
    store.scan(&east(), &[("a", "A2"), ("b", "B")], Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    let bodies = catalog.fake().state().bodies.clone();
    // The new tag, then the chart.
    assert_eq!(bodies.len(), 2, "{bodies:#?}");
    let operations: Value = serde_json::from_str(&bodies[1]).unwrap();
    let paths: Vec<_> = operations
        .as_array()
        .unwrap()
        .iter()
        .map(|operation| format!("{} {}", operation["op"], operation["path"]).replace('"', ""))
        .collect();
    assert_eq!(
        paths,
        [
            "replace /description",
            "replace /displayName",
            "remove /tags/0",
            "add /tags/-",
            "replace /sourceHash",
        ]
    );
}
