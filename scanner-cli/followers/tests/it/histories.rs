//! Any history of scans, faults and edits by people ends in what a fresh full delivery would give, with the edits of
//! people kept: what the tests of servers that keep entities share.

use std::collections::BTreeMap;

use catalog_model::contract::follower::{Closing, MemoryStore};
use proptest::{collection::vec, prelude::*};

use crate::{
    faults::Fault,
    served::{Served, east},
};

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A scan sees these items: a number for the id, and one for the name.
    Scan(Vec<(u8, u8)>, bool),
    Exclude(u8),
    /// A delivery, whose first writes fail like this.
    Deliver(Vec<Fault>),
    /// A person edits the item with this number, in one of several ways.
    Edit(u8, u8),
}

/// How the writes of a delivery fail.
pub(crate) const FAULTS: [Fault; 11] = [
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

/// A history in which people edit in so many ways.
pub(crate) fn history(ways: u8) -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => (vec((0..6_u8, 0..4_u8), 0..6), any::<bool>()).prop_map(|(seen, all)| Event::Scan(seen, all)),
        1 => (0..6_u8).prop_map(Event::Exclude),
        4 => vec(prop::sample::select(FAULTS.to_vec()), 0..6).prop_map(Event::Deliver),
        3 => (0..6_u8, 0..ways).prop_map(|(id, way)| Event::Edit(id, way)),
    ];
    vec(event, 1..12)
}

/// Plays a history and delivers once more without faults. Returns a new store with the items that exist in the end.
pub(crate) async fn play(
    catalog: &impl Served,
    events: Vec<Event>,
    mut edit: impl FnMut(&str, u8),
) -> MemoryStore {
    let store = MemoryStore::default();
    store.scan(&east(), &[("i0", "n0")], Closing::Complete);
    for event in events {
        match event {
            Event::Scan(seen, is_complete) => scan(&store, seen, is_complete),
            Event::Exclude(id) => store.exclude(&east(), &format!("i{id}")),
            Event::Deliver(faults) => {
                catalog.fail_next(faults);
                // It may fail.
                let _ = catalog.deliver(&store).await;
            }
            Event::Edit(id, way) => edit(&format!("i{id}"), way),
        }
    }
    catalog.fail_next(Vec::new());
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused, []);
    let before = catalog.writes().await;
    catalog.deliver(&store).await.unwrap();
    assert_eq!(catalog.writes().await, before, "nothing is sent twice");
    // It also looks for violations of the protocol.
    catalog.items().await;
    again(&store)
}

/// Runs a future to its end.
pub(crate) fn run(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future);
}

/// Scans items: a number for the id, and one for the name.
pub(crate) fn scan(store: &MemoryStore, seen: Vec<(u8, u8)>, is_complete: bool) {
    let seen: BTreeMap<_, _> = seen.into_iter().collect();
    let texts: Vec<_> = seen
        .into_iter()
        .map(|(id, name)| (format!("i{id}"), format!("n{name}")))
        .collect();
    let items: Vec<_> = texts
        .iter()
        .map(|(id, name)| (id.as_str(), name.as_str()))
        .collect();
    let closing = match is_complete {
        true => Closing::Complete,
        false => Closing::Partial,
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
