//! Facts without a field, as custom properties.

use catalog_model::{
    PropertyValue, Visualization,
    contract::follower::{Closing, FeedFault, FollowerUnderTest, MemoryStore, check},
    follower::Delivery,
};
use serde_json::{Value, json};

use super::{Openmetadata, chart, east};
use crate::{fake_openmetadata::Generation, faults::Fault};

const GENERATIONS: [Generation; 2] = [Generation::New, Generation::Old];

fn catalog(generation: Generation) -> Openmetadata {
    let mut catalog = Openmetadata::new(generation);
    catalog.more.push(("custom_properties", "true"));
    catalog
}

/// Gives an item a status.
fn status(status: &str) -> impl FnOnce(&mut Visualization) {
    let status = PropertyValue::Text(status.to_owned());
    move |item| item.properties.put("sheet_status", status)
}

async fn full(catalog: &Openmetadata, store: &MemoryStore) -> Delivery {
    let feed = store.feed(FeedFault::None).full();
    catalog.follower().follow(&feed).await.unwrap()
}

#[tokio::test]
async fn a_server_is_delivered_to_with_custom_properties_by_the_contract() {
    check(&catalog(Generation::New)).await.unwrap();
}

#[tokio::test]
async fn custom_properties_are_defined_once_and_sent() {
    for generation in GENERATIONS {
        let (catalog, store) = (catalog(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        store.change_item(&east(), "a", status("base"));
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!((delivery.refused, delivery.notices), (vec![], vec![]));
        let expected = json!({ "qlikKey": "east/f1/a", "qlikSheetStatus": "base" });
        assert_eq!(catalog.chart("a")["extension"], expected);
        assert_eq!(
            catalog.chart("b")["extension"],
            json!({ "qlikKey": "east/f1/b" })
        );
        let dashboard = catalog.fake().entity("dashboards", "east.f1");
        assert_eq!(
            dashboard["extension"],
            json!({ "qlikKey": "east/folder:f1" })
        );
        let requests = catalog.fake().state().requests.clone();
        let defined = requests
            .iter()
            .filter(|request| request.starts_with("PUT /api/v1/metadata"));
        assert_eq!(defined.count(), 3);
        let before = catalog.fake().state().writes;
        catalog.deliver(&store).await.unwrap();
        full(&catalog, &store).await;
        assert_eq!(
            catalog.fake().state().writes,
            before,
            "nothing is sent twice"
        );
        // One request changes one value, and one removes it.
        store.change_item(&east(), "a", status("community"));
        catalog.deliver(&store).await.unwrap();
        assert_eq!(
            catalog.chart("a")["extension"]["qlikSheetStatus"],
            "community"
        );
        assert_eq!(catalog.fake().state().writes, before + 1);
        store.change_item(&east(), "a", status(""));
        catalog.deliver(&store).await.unwrap();
        assert_eq!(
            catalog.chart("a")["extension"],
            json!({ "qlikKey": "east/f1/a" })
        );
        assert_eq!(catalog.fake().state().writes, before + 2);
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn custom_properties_of_others_stay_and_unknown_ones_too() {
    for generation in GENERATIONS {
        let (catalog, store) = (catalog(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        store.change_item(&east(), "a", status("base"));
        catalog.deliver(&store).await.unwrap();
        for name in ["steward", "qlikOfOthers"] {
            let defined = ("chart".to_owned(), name.to_owned());
            catalog.fake().state().defined.insert(defined);
        }
        catalog.fake().edit("charts", &chart("a"), |chart| {
            chart["extension"]["steward"] = json!("Bob");
            chart["extension"]["qlikOfOthers"] = json!("x");
        });
        store.change_item(&east(), "a", |item| {
            item.properties.put_unknown("sheet_status")
        });
        catalog.deliver(&store).await.unwrap();
        full(&catalog, &store).await;
        store.change_item(&east(), "a", status(""));
        let expected = |status: Value| {
            let mut expected =
                json!({ "qlikKey": "east/f1/a", "steward": "Bob", "qlikOfOthers": "x" });
            if status != Value::Null {
                expected["qlikSheetStatus"] = status;
            }
            expected
        };
        assert_eq!(catalog.chart("a")["extension"], expected(json!("base")));
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.chart("a")["extension"], expected(Value::Null));
        // A new store knows nothing of them.
        let store = MemoryStore::default();
        store.scan(&east(), &[("a", "A2")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.chart("a")["extension"], expected(Value::Null));
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn without_the_right_to_define_them_everything_else_is_delivered() {
    for generation in GENERATIONS {
        let (catalog, store) = (catalog(generation), MemoryStore::default());
        catalog.fake().state().may_not_define = true;
        let defined = ("chart".to_owned(), "qlikSheetStatus".to_owned());
        catalog.fake().state().defined.insert(defined);
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        store.change_item(&east(), "a", status("base"));
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused, []);
        let [notice] = &delivery.notices[..] else {
            panic!("{:?}", delivery.notices);
        };
        assert!(
            notice.starts_with("2 custom properties are missing"),
            "{notice}"
        );
        assert!(notice.contains("is not admin"), "{notice}");
        assert_eq!(catalog.items().await.len(), 2);
        // What an administrator has defined is sent.
        assert_eq!(
            catalog.chart("a")["extension"],
            json!({ "qlikSheetStatus": "base" })
        );
        assert!(catalog.chart("b")["extension"].is_null());
        // It is told again, and nothing else is sent, until it may.
        let writes = catalog.fake().state().writes;
        assert_eq!(catalog.deliver(&store).await.unwrap().notices.len(), 1);
        assert_eq!(catalog.fake().state().writes, writes);
        catalog.fake().state().may_not_define = false;
        assert_eq!(catalog.deliver(&store).await.unwrap().notices, [""; 0]);
        assert_eq!(
            catalog.chart("b")["extension"],
            json!({ "qlikKey": "east/f1/b" })
        );
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn a_server_that_no_longer_knows_a_custom_property_gets_everything_else() {
    for generation in GENERATIONS {
        let (catalog, store) = (catalog(generation), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        catalog.fake().state().defined.clear();
        for id in ["a", "b"] {
            catalog.fake().edit("charts", &chart(id), |chart| {
                chart.as_object_mut().unwrap().remove("extension");
            });
        }
        store.scan(
            &east(),
            &[("a", "A2"), ("b", "B2"), ("c", "C")],
            Closing::Complete,
        );
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused, []);
        let [notice] = &delivery.notices[..] else {
            panic!("{:?}", delivery.notices);
        };
        assert!(notice.contains("Unknown custom field qlikKey"), "{notice}");
        assert_eq!(catalog.items().await.len(), 3);
        assert_eq!(catalog.charts().len(), 3);
        assert_eq!(catalog.tags("a"), ["QlikSense.A2"]);
        // The next delivery that compares them defines it again.
        store.forget_changes();
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.notices, [""; 0]);
        for id in ["a", "b", "c"] {
            let key = format!("east/f1/{id}");
            assert_eq!(catalog.chart(id)["extension"], json!({ "qlikKey": key }));
        }
    }
}

#[tokio::test]
async fn a_server_that_denies_or_lacks_custom_properties_gets_everything_else() {
    for is_denied in [true, false] {
        let (catalog, store) = (catalog(Generation::New), MemoryStore::default());
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.fake().state().denies_extension = is_denied;
        catalog.fake().state().has_no_extension = !is_denied;
        for items in [[("a", "A"), ("b", "B")], [("a", "A2"), ("b", "B2")]] {
            store.scan(&east(), &items, Closing::Complete);
            let delivery = catalog.deliver(&store).await.unwrap();
            assert_eq!(delivery.refused, []);
            assert_eq!(delivery.notices.len(), 1, "{:?}", delivery.notices);
            assert_eq!(catalog.items().await["east/f1/a"], items[0].1);
            assert!(catalog.chart("a")["extension"].is_null());
        }
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn custom_properties_arrive_although_requests_fail() {
    for generation in GENERATIONS {
        for at in 0..12 {
            for fault in [
                Fault::Status(503),
                Fault::CutAfterStoring,
                Fault::SilentAnswer,
            ] {
                let (catalog, store) = (catalog(generation), MemoryStore::default());
                store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
                let mut faults = vec![Fault::None; at];
                faults.push(fault);
                catalog.fake().state().faults = faults.into();
                let _ = catalog.deliver(&store).await;
                catalog.fake().state().faults.clear();
                catalog.deliver(&store).await.unwrap();
                for id in ["a", "b"] {
                    let key = format!("east/f1/{id}");
                    let extension = &catalog.chart(id)["extension"];
                    assert_eq!(*extension, json!({ "qlikKey": key }), "{fault:?} at {at}");
                }
            }
        }
    }
}
