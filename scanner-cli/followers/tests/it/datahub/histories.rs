//! Histories of scans, faults and edits.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Datahub, dashboard};
use crate::{
    histories::{Event, history, play, run},
    served::Served,
};

async fn is_as_fresh_in_the_end(events: Vec<Event>) {
    let datahub = Datahub::new();
    let store = play(&datahub, events, |id, _| edit(&datahub, id)).await;
    let fresh = Datahub::new();
    fresh.deliver(&store).await.unwrap();
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

/// A person adds a tag, and an owner.
fn edit(datahub: &Datahub, id: &str) {
    let urn = dashboard(id);
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
    fn any_history_ends_as_a_fresh_delivery(events in history(1)) {
        run(is_as_fresh_in_the_end(events));
    }
}
