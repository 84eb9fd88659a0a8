//! Any history of scans, faults and edits by people ends in what a fresh full delivery would give, with the edits of
//! people kept.

use std::collections::BTreeMap;

use catalog_model::contract::follower::{Closing, MemoryStore};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{Datahub, dashboard, east};
use crate::fake_datahub::Fault;

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    /// A scan sees these items: a number for the id, and one for the name.
    Scan(Vec<(u8, u8)>, bool),
    Exclude(u8),
    /// A delivery, whose first writes fail like this.
    Deliver(Vec<Fault>),
    /// A person adds a tag, and an owner.
    Edit(u8),
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

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (vec((0..6_u8, 0..4_u8), 0..6), any::<bool>()).prop_map(|(seen, all)| Event::Scan(seen, all)),
        1 => (0..6_u8).prop_map(Event::Exclude),
        4 => vec(prop::sample::select(FAULTS.to_vec()), 0..6).prop_map(Event::Deliver),
        2 => (0..6_u8).prop_map(Event::Edit),
    ]
}

async fn play(events: Vec<Event>) {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("i0", "n0")], Closing::Complete);
    for event in events {
        match event {
            Event::Scan(seen, is_complete) => scan(&store, seen, is_complete),
            Event::Exclude(id) => store.exclude(&east(), &format!("i{id}")),
            Event::Deliver(faults) => {
                datahub.fake().state().faults = faults.into();
                // It may fail.
                let _ = datahub.deliver(&store).await;
            }
            Event::Edit(id) => edit(&datahub, id),
        }
    }
    datahub.fake().state().faults.clear();
    let delivery = datahub.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused, []);
    let before = datahub.fake().state().writes;
    datahub.deliver(&store).await.unwrap();
    assert_eq!(
        datahub.fake().state().writes,
        before,
        "nothing is sent twice"
    );
    datahub.fake().assert_no_violation();
    let fresh = Datahub::new();
    fresh.deliver(&again(&store)).await.unwrap();
    let (shown, expected) = (shown(&datahub), shown(&fresh));
    assert_eq!(
        shown.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (urn, aspects) in shown {
        let names = |aspects: &BTreeMap<String, Value>| aspects.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&aspects), names(&expected[&urn]), "{urn}");
        for (name, value) in aspects {
            let expected = expected[&urn][&name].to_string();
            assert_eq!(value.to_string(), expected, "{urn} {name}");
        }
    }
    let state = datahub.fake().state();
    for (urn, aspect, list, entry) in &state.by_people {
        let entries = state.entities[urn][aspect][list].as_array().unwrap();
        assert!(
            entries.contains(entry),
            "{urn}: {entry} of a person is kept"
        );
    }
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

fn edit(datahub: &Datahub, id: u8) {
    let urn = dashboard(&format!("i{id}"));
    if datahub.fake().state().entities.contains_key(&urn) {
        let tag = json!({ "tag": "urn:li:tag:Curated" });
        let owner = json!({ "owner": "urn:li:corpuser:bob", "type": "DATA_STEWARD" });
        datahub
            .fake()
            .add_by_person(&urn, "globalTags", "tags", tag);
        datahub
            .fake()
            .add_by_person(&urn, "ownership", "owners", owner);
    }
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

/// Everything that is shown, without what people have added.
fn shown(datahub: &Datahub) -> BTreeMap<String, BTreeMap<String, Value>> {
    let state = datahub.fake().state();
    let mut shown = state.entities.clone();
    shown.retain(|_, aspects| {
        aspects
            .get("status")
            .is_some_and(|status| status["removed"] == false)
    });
    for (urn, aspects) in &mut shown {
        for (aspect, list) in [("globalTags", "tags"), ("ownership", "owners")] {
            let by_people = state.by_people.iter();
            let by_people: Vec<_> = by_people
                .filter(|(edited, of, ..)| edited == urn && of == aspect)
                .map(|(.., entry)| entry)
                .collect();
            if let Some(value) = aspects.get_mut(aspect) {
                let entries = value[list].as_array_mut().unwrap();
                entries.retain(|entry| !by_people.contains(&entry));
                // A patch does not write what the whole aspect has besides the list.
                *value = json!({ list: entries });
            }
        }
    }
    shown
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_history_ends_as_a_fresh_delivery(events in vec(event(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(events));
    }
}
