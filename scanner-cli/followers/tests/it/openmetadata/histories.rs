//! Any history of scans, faults and edits by people ends in what a fresh full delivery would give, with the edits of people
//! kept.

use std::collections::BTreeMap;

use catalog_model::{
    PropertyValue,
    contract::follower::{Closing, FeedFault, MemoryStore},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{BOB, Openmetadata, chart, curated, east, owners::owned_by, push, put_into, user};
use crate::{
    fake_openmetadata::Generation,
    faults::Fault,
    histories::{FAULTS, run, scan},
};

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    /// A scan sees these items: a number for the id, and one for the name.
    Scan(Vec<(u8, u8)>, bool),
    Exclude(u8),
    /// A scan sees nothing, not even the folder.
    Lose,
    /// An item has these owners, as bits, and a status.
    Own(u8, u8, u8),
    /// A delivery, whose first writes fail like this, and whether it is a full one.
    Deliver(Vec<Fault>, bool),
    /// A person adds a tag and an owner.
    Add(u8),
    /// A person gives an item a custom property.
    Extend(u8),
    /// A person puts a chart of another service into the dashboard.
    Share,
    /// A person describes an item, or gives it another name.
    Write(u8, bool),
}

const BY_PERSON: &str = "by a person";
const DASHBOARD: &str = "east.f1";
const FOREIGN: &str = "other.x";

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (vec((0..6_u8, 0..4_u8), 0..6), any::<bool>()).prop_map(|(seen, all)| Event::Scan(seen, all)),
        1 => (0..6_u8).prop_map(Event::Exclude),
        1 => Just(Event::Lose),
        2 => (0..6_u8, 0..16_u8, 0..3_u8).prop_map(|(id, owners, status)| Event::Own(id, owners, status)),
        4 => (vec(prop::sample::select(FAULTS.to_vec()), 0..6), prop::bool::weighted(0.2))
            .prop_map(|(faults, is_full)| Event::Deliver(faults, is_full)),
        1 => (0..6_u8).prop_map(Event::Extend),
        1 => Just(Event::Share),
        2 => (0..6_u8).prop_map(Event::Add),
        2 => (0..6_u8, any::<bool>()).prop_map(|(id, name)| Event::Write(id, name)),
    ]
}

/// What was changed of an item since a scan last saw it: its owners, and its status.
type Described = BTreeMap<u8, (u8, u8)>;

async fn play(generation: Generation, is_extended: bool, events: Vec<Event>) {
    let (catalog, store) = (new(generation, is_extended), MemoryStore::default());
    let (mut edits, mut described) = (Vec::new(), Described::new());
    store.scan(&east(), &[("i0", "n0")], Closing::Complete);
    for event in events {
        match event {
            Event::Scan(seen, is_complete) => {
                described.retain(|id, _| seen.iter().all(|(own, _)| own != id));
                scan(&store, seen, is_complete);
            }
            Event::Exclude(id) => store.exclude(&east(), &format!("i{id}")),
            Event::Lose => store.lose_folder(&east()),
            Event::Own(id, owners, status) => {
                describe(&store, id, (owners, status));
                described.insert(id, (owners, status));
            }
            Event::Deliver(faults, is_full) => {
                catalog.fake().state().faults = faults.into();
                let feed = store.feed(FeedFault::None);
                let feed = if is_full { feed.full() } else { feed };
                // It may fail.
                let _ = catalog.follower().follow(&feed).await;
            }
            edit => person(&catalog, edit, &mut edits),
        }
    }
    catalog.fake().state().faults.clear();
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused, []);
    let before = catalog.fake().state().writes;
    catalog.deliver(&store).await.unwrap();
    let writes = catalog.fake().state().writes;
    assert_eq!(writes, before, "nothing is sent twice");
    catalog.fake().assert_no_violation();
    let fresh = new(Generation::New, is_extended);
    fresh.deliver(&again(&store, &described)).await.unwrap();
    compare(&catalog, &fresh, &edits);
}

fn new(generation: Generation, is_extended: bool) -> Openmetadata {
    let mut catalog = Openmetadata::new(generation);
    if is_extended {
        catalog.more.push(("custom_properties", "true"));
    }
    let steward = ("chart".to_owned(), "steward".to_owned());
    catalog.fake().state().defined.insert(steward);
    catalog
}

/// Gives an item of the source owners and a status.
fn describe(store: &MemoryStore, id: u8, (owners, status): (u8, u8)) {
    let all = ["ann", "carl", "dora", "nobody"];
    let own = (0..4).filter(|bit| owners & (1 << bit) != 0);
    let own: Vec<_> = own.map(|bit| format!("{}@example.com", all[bit])).collect();
    let own: Vec<_> = own.iter().map(String::as_str).collect();
    store.change_item(&east(), &format!("i{id}"), |item| {
        owned_by(&own)(item);
        let status = ["", "base", "community"][usize::from(status)];
        let status = PropertyValue::Text(status.to_owned());
        item.properties.put("sheet_status", status);
    });
}

/// A person edits the catalog.
fn person(catalog: &Openmetadata, event: Event, edits: &mut Vec<(String, &str, Value)>) {
    let edit = |of, fqn: &str, edit: &mut dyn FnMut(&mut Value)| catalog.fake().edit(of, fqn, edit);
    match event {
        Event::Add(id) => edit("charts", &item(id), &mut |chart| {
            for (list, entry) in [("tags", curated()), ("owners", user(BOB))] {
                push(chart, list, entry.clone());
                edits.push((item(id), list, entry));
            }
        }),
        Event::Extend(id) => edit("charts", &item(id), &mut |chart| {
            chart["extension"]["steward"] = json!(BY_PERSON);
            edits.push((item(id), "steward", json!(BY_PERSON)));
        }),
        Event::Share => {
            // A chart is in a dashboard once.
            let mut is_possible = false;
            edit("dashboards", DASHBOARD, &mut |dashboard| {
                let has_it = dashboard["charts"].to_string().contains(FOREIGN);
                is_possible = dashboard["deleted"] == false && !has_it;
            });
            if is_possible {
                put_into(&mut catalog.fake().state(), FOREIGN);
                edits.push((DASHBOARD.to_owned(), "charts", json!(FOREIGN)));
            }
        }
        Event::Write(id, is_name) => edit("charts", &item(id), &mut |chart| {
            let field = match is_name {
                true => "displayName",
                false => "description",
            };
            chart[field] = json!(BY_PERSON);
            edits.push((item(id), field, json!(BY_PERSON)));
        }),
        _ => {}
    }
}

/// Compares a catalog with one that was delivered to at once and edited then.
fn compare(catalog: &Openmetadata, fresh: &Openmetadata, edits: &[(String, &str, Value)]) {
    for of in ["charts", "dashboards"] {
        let mut expected = shown(fresh, of);
        for (fqn, field, value) in edits {
            let Some(entity) = expected.get_mut(fqn) else {
                continue;
            };
            match *field {
                "steward" => entity["extension"]["steward"] = value.clone(),
                _ if entity[*field].is_array() => push(entity, field, value.clone()),
                _ => entity[*field] = value.clone(),
            }
        }
        let mut shown = shown(catalog, of);
        if of == "charts" && edits.iter().any(|(fqn, ..)| fqn == DASHBOARD) {
            assert!(
                shown.remove(FOREIGN).is_some(),
                "a chart of others is deleted"
            );
        }
        for entity in shown.values_mut().chain(expected.values_mut()) {
            for list in ["tags", "owners", "charts"] {
                if let Some(entries) = entity.get_mut(list).and_then(Value::as_array_mut) {
                    entries.sort_by_key(Value::to_string);
                }
            }
        }
        assert_eq!(shown, expected);
    }
}

fn item(id: u8) -> String {
    chart(&format!("i{id}"))
}

/// A new store with what exists in this one.
fn again(store: &MemoryStore, described: &Described) -> MemoryStore {
    let existing: Vec<_> = store.existing(&east()).into_iter().collect();
    let items: Vec<_> = existing
        .iter()
        .map(|(key, name)| (key.rsplit('/').next().unwrap(), name.as_str()))
        .collect();
    let again = MemoryStore::default();
    match store.existing_containers(&east()).is_empty() {
        true => again.lose_folder(&east()),
        false => again.scan(&east(), &items, Closing::Complete),
    }
    for (id, described) in described {
        describe(&again, *id, *described);
    }
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
    fn any_history_ends_as_a_fresh_delivery(
        is_old in any::<bool>(),
        is_extended in any::<bool>(),
        events in vec(event(), 1..16),
    ) {
        let generation = if is_old { Generation::Old } else { Generation::New };
        run(play(generation, is_extended, events));
    }
}
