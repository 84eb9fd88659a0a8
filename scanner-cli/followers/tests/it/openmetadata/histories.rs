//! Any history of scans, faults and edits by people ends in what a fresh full delivery would give, with the edits of people
//! kept.

use std::collections::BTreeMap;

use catalog_model::contract::follower::{Closing, MemoryStore};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{BOB, Openmetadata, chart, curated, east, push, user};
use crate::{fake_openmetadata::Generation, faults::Fault};

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    /// A scan sees these items: a number for the id, and one for the name.
    Scan(Vec<(u8, u8)>, bool),
    Exclude(u8),
    /// A delivery, whose first writes fail like this.
    Deliver(Vec<Fault>),
    /// A person adds a tag and an owner.
    Add(u8),
    /// A person describes an item, or gives it another name.
    Write(u8, bool),
}

const FAULTS: [Fault; 11] = [
    Fault::None,
    Fault::Status(429),
    Fault::Status(503),
    Fault::Status(500),
    Fault::Status(400),
    Fault::Page,
    Fault::CutAfterStoring,
    Fault::CutAnswer,
    Fault::Half,
    Fault::Duplicates,
    Fault::SilentAnswer,
];

const BY_PERSON: &str = "by a person";

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (vec((0..6_u8, 0..4_u8), 0..6), any::<bool>()).prop_map(|(seen, all)| Event::Scan(seen, all)),
        1 => (0..6_u8).prop_map(Event::Exclude),
        4 => vec(prop::sample::select(FAULTS.to_vec()), 0..6).prop_map(Event::Deliver),
        2 => (0..6_u8).prop_map(Event::Add),
        2 => (0..6_u8, any::<bool>()).prop_map(|(id, name)| Event::Write(id, name)),
    ]
}

async fn play(generation: Generation, events: Vec<Event>) {
    let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
    let mut edits = Vec::new();
    store.scan(&east(), &[("i0", "n0")], Closing::Complete);
    for event in events {
        match event {
            Event::Scan(seen, is_complete) => scan(&store, seen, is_complete),
            Event::Exclude(id) => store.exclude(&east(), &format!("i{id}")),
            Event::Deliver(faults) => {
                catalog.fake().state().faults = faults.into();
                // It may fail.
                let _ = catalog.deliver(&store).await;
            }
            Event::Add(id) => catalog.fake().edit("charts", &item(id), |chart| {
                push(chart, "tags", curated());
                push(chart, "owners", user(BOB));
                edits.push((item(id), "tags", curated()));
                edits.push((item(id), "owners", user(BOB)));
            }),
            Event::Write(id, is_name) => catalog.fake().edit("charts", &item(id), |chart| {
                let field = if is_name {
                    "displayName"
                } else {
                    "description"
                };
                chart[field] = json!(BY_PERSON);
                edits.push((item(id), field, json!(BY_PERSON)));
            }),
        }
    }
    catalog.fake().state().faults.clear();
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused, []);
    let before = catalog.fake().state().writes;
    catalog.deliver(&store).await.unwrap();
    assert_eq!(
        catalog.fake().state().writes,
        before,
        "nothing is sent twice"
    );
    catalog.fake().assert_no_violation();
    compare(&catalog, &store, &edits).await;
}

async fn compare(catalog: &Openmetadata, store: &MemoryStore, edits: &[(String, &str, Value)]) {
    let fresh = Openmetadata::new(Generation::New);
    fresh.deliver(&again(store)).await.unwrap();
    for of in ["charts", "dashboards"] {
        let mut expected = shown(&fresh, of);
        for (fqn, field, value) in edits {
            let Some(entity) = expected.get_mut(fqn).filter(|_| of == "charts") else {
                continue;
            };
            match entity[*field].is_array() {
                true => push(entity, field, value.clone()),
                false => entity[*field] = value.clone(),
            }
        }
        let mut shown = shown(catalog, of);
        for entity in shown.values_mut().chain(expected.values_mut()) {
            for list in ["tags", "owners"] {
                let entries = entity[list].as_array_mut().unwrap();
                entries.sort_by_key(Value::to_string);
            }
        }
        assert_eq!(shown, expected);
    }
}

fn item(id: u8) -> String {
    chart(&format!("i{id}"))
}

fn scan(store: &MemoryStore, seen: Vec<(u8, u8)>, is_complete: bool) {
    let seen: BTreeMap<_, _> = seen.into_iter().collect();
    let texts: Vec<_> = seen
        .into_iter()
        .map(|(id, name)| (format!("i{id}"), format!("n{name}")))
        .collect();
    let items: Vec<_> = texts
        .iter()
        .map(|(id, name)| (id.as_str(), name.as_str()))
        .collect();
    let closing = if is_complete {
        Closing::Complete
    } else {
        Closing::Partial
    };
    store.scan(&east(), &items, closing);
}

/// A new store with the items that exist in this one.
fn again(store: &MemoryStore) -> MemoryStore {
    let existing: Vec<_> = store.existing(&east()).into_iter().collect();
    let items: Vec<_> = existing
        .iter()
        .map(|(key, name)| (key.rsplit('/').next().unwrap(), name.as_str()))
        .collect();
    let again = MemoryStore::default();
    again.scan(&east(), &items, Closing::Complete);
    again
}

/// Everything of a type that is shown, without what a server adds.
fn shown(catalog: &Openmetadata, of: &str) -> BTreeMap<String, Value> {
    let shown = catalog.fake().shown(of).into_iter();
    let plain = shown.map(|(fqn, mut entity)| {
        let object = entity.as_object_mut().unwrap();
        object.retain(|field, _| !matches!(field.as_str(), "id" | "version"));
        for chart in entity["charts"].as_array_mut().into_iter().flatten() {
            *chart = chart["fullyQualifiedName"].clone();
        }
        (fqn, entity)
    });
    plain.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_history_ends_as_a_fresh_delivery(is_old in any::<bool>(), events in vec(event(), 1..12)) {
        let generation = if is_old { Generation::Old } else { Generation::New };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(generation, events));
    }
}
