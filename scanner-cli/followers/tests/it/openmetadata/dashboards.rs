//! Which charts a dashboard has, and what becomes of them when it is removed and returns.

use catalog_model::contract::follower::{Closing, FeedFault, FollowerUnderTest, MemoryStore};
use serde_json::{Value, json};

use super::{BOB, Openmetadata, chart, curated, east, push, put_into, user};
use crate::{fake_openmetadata::Generation, faults::Fault};

const GENERATIONS: [Generation; 2] = [Generation::New, Generation::Old];

#[tokio::test]
async fn a_dashboard_has_exactly_the_charts_that_exist() {
    for generation in [Generation::New, Generation::Old] {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.charts(), ["f1_a", "f1_b"]);
        store.scan(&east(), &[("b", "B"), ("c", "C")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.charts(), ["f1_b", "f1_c"]);
        store.exclude(&east(), "c");
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.charts(), ["f1_b"]);
        store.scan(&east(), &[], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.charts(), [""; 0]);
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn a_dashboard_of_people_keeps_their_texts_and_charts_when_its_charts_change() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        edit_dashboard(&catalog);
        store.scan(&east(), &[("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.charts(), ["f1_b", "x"]);
        let dashboard = catalog.fake().entity("dashboards", "east.f1");
        assert_eq!(dashboard["displayName"], "Ours");
        assert_eq!(dashboard["description"], "by a person");
        assert_eq!(dashboard["tags"], json!([curated()]));
        assert_eq!(dashboard["owners"], json!([user(BOB)]));
    }
}

/// A person changes the dashboard, and puts a chart of another service into it.
fn edit_dashboard(catalog: &Openmetadata) {
    let mut state = catalog.fake().state();
    let mut foreign = state.entities[&("charts".to_owned(), chart("a"))].clone();
    foreign["name"] = json!("x");
    foreign["fullyQualifiedName"] = json!("other.x");
    let key = ("charts".to_owned(), "other.x".to_owned());
    state.entities.insert(key, foreign.clone());
    state.edit("dashboards", "east.f1", |dashboard| {
        dashboard["displayName"] = json!("Ours");
        dashboard["description"] = json!("by a person");
        push(dashboard, "charts", foreign);
        push(dashboard, "tags", curated());
        push(dashboard, "owners", user(BOB));
    });
}

fn put_into_dashboard(catalog: &Openmetadata, charts: &[&str]) {
    for fqn in charts {
        put_into(&mut catalog.fake().state(), fqn);
    }
}

fn is_live(catalog: &Openmetadata, of: &str, fqn: &str) -> bool {
    catalog.fake().entity(of, fqn)["deleted"] == false
}

#[tokio::test]
async fn an_app_that_returns_has_only_its_live_charts() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(
            &east(),
            &[("a", "A"), ("b", "B"), ("c", "C")],
            Closing::Complete,
        );
        catalog.deliver(&store).await.unwrap();
        put_into_dashboard(&catalog, &["other.x", "other.y"]);
        // A person deletes a chart, which the dashboard still refers to.
        let is_deleted = |chart: &mut Value| chart["deleted"] = json!(true);
        catalog.fake().edit("charts", "other.y", is_deleted);
        store.lose_folder(&east());
        catalog.deliver(&store).await.unwrap();
        assert!(!is_live(&catalog, "dashboards", "east.f1"));
        assert_eq!(
            catalog.items().await.into_keys().collect::<Vec<_>>(),
            ["other/x"]
        );
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused, []);
        assert!(is_live(&catalog, "dashboards", "east.f1"));
        assert_eq!(
            catalog.items().await.into_keys().collect::<Vec<_>>(),
            ["east/f1/a", "other/x"]
        );
        assert_eq!(catalog.live_charts(), ["f1_a", "x"]);
        let writes = catalog.fake().state().writes;
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.fake().state().writes, writes);
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn charts_of_others_stay_live_when_their_dashboard_is_removed_or_returns_with_faults() {
    for generation in GENERATIONS {
        for at in 0..12 {
            for fault in [Fault::Status(503), Fault::CutAfterStoring] {
                let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
                store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
                catalog.deliver(&store).await.unwrap();
                put_into_dashboard(&catalog, &["other.x"]);
                let fail = |at: usize| {
                    let mut faults = vec![Fault::None; at];
                    faults.push(fault);
                    catalog.fake().state().faults = faults.into();
                };
                fail(at);
                store.lose_folder(&east());
                let _ = catalog.deliver(&store).await;
                if at % 2 == 0 {
                    catalog.fake().state().faults.clear();
                    catalog.deliver(&store).await.unwrap();
                    assert!(is_live(&catalog, "charts", "other.x"), "{fault:?} at {at}");
                }
                fail(at);
                store.scan(&east(), &[("a", "A")], Closing::Complete);
                let _ = catalog.deliver(&store).await;
                catalog.fake().state().faults.clear();
                catalog.deliver(&store).await.unwrap();
                assert_eq!(catalog.live_charts(), ["f1_a", "x"], "{fault:?} at {at}");
                assert!(
                    !is_live(&catalog, "charts", &chart("b")),
                    "{fault:?} at {at}"
                );
                catalog.fake().assert_no_violation();
            }
        }
    }
}

#[tokio::test]
async fn a_dashboard_that_people_deleted_returns_with_its_app_without_the_charts_that_are_gone() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        catalog
            .fake()
            .state()
            .delete("dashboards", "east.f1")
            .unwrap();
        store.scan(&east(), &[("a", "A2"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert!(!is_live(&catalog, "dashboards", "east.f1"));
        store.lose_folder(&east());
        catalog.deliver(&store).await.unwrap();
        store.scan(&east(), &[("a", "A3")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert!(is_live(&catalog, "dashboards", "east.f1"));
        assert_eq!(catalog.items().await.len(), 1);
        assert_eq!(catalog.live_charts(), ["f1_a"]);
    }
}

#[tokio::test]
async fn charts_that_people_put_into_a_dashboard_stay_when_others_are_removed() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        let all = [("a", "A"), ("b", "B"), ("c", "C")];
        store.scan(&east(), &all, Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        // Also one of another dashboard of the service.
        put_into_dashboard(&catalog, &["other.x", "east.f2_z"]);
        store.scan(&east(), &all[1..], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.charts(), ["f1_b", "f1_c", "x", "f2_z"]);
        store.exclude(&east(), "b");
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.charts(), ["f1_c", "x", "f2_z"]);
        store.scan(&east(), &[], Closing::Complete);
        let feed = store.feed(FeedFault::None).full();
        catalog.follower().follow(&feed).await.unwrap();
        assert_eq!(catalog.charts(), ["x", "f2_z"]);
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn a_dashboard_that_could_not_be_changed_loses_its_deleted_charts_later() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        store.exclude(&east(), "a");
        catalog.fake().state().faults = [Fault::Status(400)].into();
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused.len(), 1);
        assert_eq!(catalog.charts(), ["f1_a", "f1_b"]);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.charts(), ["f1_b"]);
    }
}

#[tokio::test]
async fn what_was_removed_stays_removed_when_its_service_is_restored() {
    for (generation, is_restored_by_people) in [
        (Generation::New, true),
        (Generation::New, false),
        (Generation::Old, true),
    ] {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert!(!is_live(&catalog, "charts", &chart("b")));
        catalog.fake().state().delete_service("east");
        if is_restored_by_people {
            catalog.fake().state().revive_service("east");
            assert!(is_live(&catalog, "charts", &chart("b")));
        }
        store.scan(&east(), &[("a", "A2")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert!(is_live(&catalog, "services", "east"));
        assert!(is_live(&catalog, "charts", &chart("a")));
        assert!(!is_live(&catalog, "charts", &chart("b")), "{generation:?}");
        // The next delivery reads what it changes, and nothing that was removed.
        catalog.fake().state().requests.clear();
        store.scan(&east(), &[("a", "A3")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        let requests = catalog.fake().state().requests.clone();
        let removed = requests.iter().find(|request| request.contains("f1_b"));
        assert_eq!(removed, None);
        catalog.fake().assert_no_violation();
    }
}
