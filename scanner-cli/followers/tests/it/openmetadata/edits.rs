//! What people do in the catalog stays.

use catalog_model::{
    ConnectionCode,
    contract::follower::{Closing, FeedFault, FollowerUnderTest, MemoryStore},
};
use serde_json::json;

use super::{ANN, BOB, Openmetadata, chart, curated, east, push, user};
use crate::fake_openmetadata::Generation;

const GENERATIONS: [Generation; 2] = [Generation::New, Generation::Old];

#[tokio::test]
async fn what_people_add_stays_and_what_they_remove_does_not_return() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.owners("a"), [ANN]);
        catalog.fake().edit("charts", &chart("a"), |chart| {
            push(chart, "tags", curated());
            push(chart, "owners", user(BOB));
        });
        catalog
            .fake()
            .edit("charts", &chart("b"), |chart| chart["owners"] = json!([]));
        store.scan(&east(), &[("a", "A2"), ("b", "B2")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        store.scan(&east(), &[], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        store.scan(&east(), &[("a", "A3"), ("b", "B3")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.tags("a"), ["PII.Sensitive", "QlikSense.A3"]);
        assert_eq!(catalog.owners("a"), [ANN, BOB]);
        assert_eq!(catalog.owners("b"), [""; 0]);
        assert_eq!(catalog.chart("a")["displayName"], "A3");
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn a_description_and_a_name_of_people_stay_and_others_change() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(
            &east(),
            &[("a", "A"), ("b", "B"), ("c", "C")],
            Closing::Complete,
        );
        catalog.deliver(&store).await.unwrap();
        let edit = |fqn: &str, field: &'static str, text: &'static str| {
            catalog
                .fake()
                .edit("charts", fqn, |chart| chart[field] = json!(text));
        };
        edit(&chart("a"), "description", "by a person");
        edit(&chart("b"), "displayName", "by a person");
        store.scan(
            &east(),
            &[("a", "A2"), ("b", "B2"), ("c", "C2")],
            Closing::Complete,
        );
        catalog.deliver(&store).await.unwrap();
        let shown = |id: &str| {
            let chart = catalog.chart(id);
            ["displayName", "description"].map(|field| chart[field].as_str().unwrap().to_owned())
        };
        assert_eq!(shown("a"), ["A2", "by a person"]);
        assert_eq!(shown("b"), ["by a person", "About B2"]);
        assert_eq!(shown("c"), ["C2", "About C2"]);
    }
}

#[tokio::test]
async fn a_catalog_from_an_earlier_installation_is_not_wiped() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        catalog.fake().edit("charts", &chart("a"), |chart| {
            push(chart, "tags", curated());
            chart["owners"] = json!([user(BOB)]);
            chart["description"] = json!("by a person");
        });
        catalog.fake().edit("tags", "QlikSense.A", |tag| {
            tag["description"] = json!("by a person")
        });
        // A new store knows nothing of what was delivered.
        let store = MemoryStore::default();
        store.scan(
            &east(),
            &[("a", "A"), ("b", "B"), ("z", "Z")],
            Closing::Complete,
        );
        store.scan(&east(), &[("a", "A"), ("b", "B2")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.tags("a"), ["QlikSense.A", "PII.Sensitive"]);
        assert_eq!(catalog.owners("a"), [BOB, ANN]);
        assert_eq!(catalog.chart("a")["description"], "by a person");
        // Deleted before, and back.
        assert_eq!(catalog.items().await["east/f1/b"], "B2");
        assert_eq!(catalog.chart("b")["description"], "About B2");
        let tag = catalog.fake().entity("tags", "QlikSense.A");
        assert_eq!(tag["description"], "by a person");
        assert!(catalog.chart("z").is_null());
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn a_full_delivery_sends_the_difference_and_keeps_what_people_did() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        let all = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")];
        store.scan(&east(), &all, Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        store.scan(&east(), &all[..3], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        let full = async || {
            let before = catalog.fake().state().bodies.len();
            let feed = store.feed(FeedFault::None).full();
            let delivery = catalog.follower().follow(&feed).await.unwrap();
            assert_eq!(delivery.refused, []);
            catalog.fake().state().bodies.len() - before
        };
        assert_eq!(full().await, 0, "the catalog has everything");
        catalog.fake().edit("charts", &chart("a"), |chart| {
            push(chart, "tags", curated());
            chart["owners"] = json!([]);
            chart["sourceUrl"] = json!("https://wrong.example.com");
        });
        let deleted = |is_deleted: bool| {
            move |chart: &mut serde_json::Value| chart["deleted"] = json!(is_deleted)
        };
        catalog.fake().edit("charts", &chart("c"), deleted(true));
        catalog.fake().edit("charts", &chart("d"), deleted(false));
        // The link, the dashboard without the deleted chart, and the removal.
        assert_eq!(full().await, 3);
        assert!(catalog.chart("a")["sourceUrl"].is_null());
        assert_eq!(catalog.tags("a"), ["QlikSense.A", "PII.Sensitive"]);
        assert_eq!(catalog.owners("a"), [""; 0], "people may remove an owner");
        assert_eq!(
            catalog.chart("c")["deleted"],
            true,
            "people may delete an item"
        );
        assert_eq!(catalog.chart("d")["deleted"], true, "it is gone");
        assert_eq!(full().await, 0);
    }
}

#[tokio::test]
async fn a_change_of_a_person_meanwhile_is_read_again() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    catalog.fake().state().meanwhile = vec![(chart("a"), curated())];
    store.scan(&east(), &[("a", "A2")], Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    assert_eq!(catalog.tags("a"), ["PII.Sensitive", "QlikSense.A2"]);
    assert_eq!(catalog.chart("a")["displayName"], "A2");
}

#[tokio::test]
async fn a_server_without_versions_of_entities_gets_whole_lists() {
    let (catalog, store) = (Openmetadata::new(Generation::Old), MemoryStore::default());
    catalog.fake().state().has_no_etags = true;
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    catalog.fake().edit("charts", &chart("a"), |chart| {
        push(chart, "tags", curated())
    });
    store.scan(&east(), &[("a", "A2")], Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    assert_eq!(catalog.tags("a"), ["PII.Sensitive", "QlikSense.A2"]);
    catalog.fake().assert_no_violation();
}

#[tokio::test]
async fn what_people_delete_stays_deleted_and_is_in_no_dashboard() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        catalog.fake().edit("charts", &chart("a"), |chart| {
            chart["deleted"] = json!(true)
        });
        store.scan(
            &east(),
            &[("a", "A2"), ("b", "B"), ("c", "C")],
            Closing::Complete,
        );
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused, []);
        assert_eq!(catalog.charts(), ["f1_b", "f1_c"]);
        assert_eq!(catalog.items().await.len(), 2);
        // It was gone, and returns.
        store.scan(&east(), &[("b", "B"), ("c", "C")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        store.scan(
            &east(),
            &[("a", "A3"), ("b", "B"), ("c", "C")],
            Closing::Complete,
        );
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.charts().len(), 3);
        assert_eq!(catalog.items().await["east/f1/a"], "A3");
    }
}

#[tokio::test]
async fn a_connection_whose_code_has_a_dot_is_quoted_everywhere() {
    for generation in GENERATIONS {
        let (mut catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        catalog.more.push(("custom_properties", "true"));
        let code = ConnectionCode::new("qlik.prod").unwrap();
        for items in [&[("a", "A"), ("b", "B")][..], &[("a", "A.2")]] {
            store.scan(&code, items, Closing::Complete);
            let delivery = catalog.deliver(&store).await.unwrap();
            assert_eq!((delivery.refused, delivery.notices), (vec![], vec![]));
        }
        let charts = catalog.fake().shown("charts");
        let [(fqn, chart)] = &charts[..] else {
            panic!("{charts:#?}");
        };
        assert_eq!(fqn, "\"qlik.prod\".f1_a");
        assert_eq!(chart["displayName"], "A.2");
        assert_eq!(chart["tags"][0]["tagFQN"], "QlikSense.\"A.2\"");
        assert_eq!(chart["extension"]["qlikKey"], "qlik.prod/f1/a");
        let dashboard = catalog.fake().entity("dashboards", "\"qlik.prod\".f1");
        assert_eq!(dashboard["charts"][0]["fullyQualifiedName"], **fqn);
        store.lose_folder(&code);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.fake().shown("charts"), []);
        assert_eq!(catalog.fake().shown("dashboards"), []);
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn a_description_that_the_source_loses_goes_only_if_it_is_the_scanners() {
    for generation in GENERATIONS {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        catalog.fake().edit("charts", &chart("b"), |chart| {
            chart["description"] = json!("by a person")
        });
        for id in ["a", "b"] {
            store.change_item(&east(), id, |item| item.description = None);
        }
        catalog.deliver(&store).await.unwrap();
        assert!(catalog.chart("a")["description"].is_null());
        assert_eq!(catalog.chart("b")["description"], "by a person");
        // One that a person writes where the source has none stays, too.
        catalog.fake().edit("charts", &chart("a"), |chart| {
            chart["description"] = json!("by a person")
        });
        store.change_item(&east(), "a", |item| {
            item.description = Some("New in the source".to_owned());
        });
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.chart("a")["description"], "by a person");
        catalog.fake().assert_no_violation();
    }
}
