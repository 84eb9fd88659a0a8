//! Servers that refuse and fail.

use std::path::Path;

use catalog_model::{
    contract::follower::{Closing, FeedFault, FollowerUnderTest, MemoryStore},
    with_causes,
};
use serde_json::json;

use super::{Openmetadata, chart, east};
use crate::{
    fake_openmetadata::Generation,
    served::{self, scan_many},
    support::open,
};

#[tokio::test]
async fn a_bad_item_is_named_and_all_others_are_delivered() {
    for (generation, status) in [
        (Generation::New, 400),
        (Generation::New, 404),
        (Generation::New, 500),
        (Generation::Old, 400),
        (Generation::Old, 500),
    ] {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        scan_many(&store, 120);
        catalog.fake().state().poison = vec![("f1_i7".to_owned(), status)];
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused.len(), 1, "{:?}", delivery.refused);
        assert_eq!(delivery.refused[0].key.to_string(), "east/f1/i7");
        let message = &delivery.refused[0].message;
        assert!(
            message.contains(&format!("f1_i7 is poison (status {status})")),
            "{message}"
        );
        assert_eq!(catalog.items().await.len(), 119);
        assert_eq!(catalog.charts().len(), 119);
        assert_eq!(delivery.delivered[0].items, 119);
        // It is tried again, alone, until it is accepted.
        let writes = catalog.fake().state().writes;
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused.len(), 1);
        assert!(catalog.fake().state().writes <= writes + 1);
        catalog.fake().state().poison.clear();
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(
            (delivery.refused.len(), delivery.delivered[0].items),
            (0, 1)
        );
        assert_eq!(catalog.charts().len(), 120);
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn a_change_that_is_refused_leaves_the_chart_in_its_dashboard() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    catalog.fake().state().poison = vec![("f1_a".to_owned(), 400)];
    store.scan(&east(), &[("a", "A2"), ("c", "C")], Closing::Complete);
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused.len(), 1);
    assert_eq!(catalog.charts(), ["f1_a", "f1_c"]);
}

#[tokio::test]
async fn a_tag_that_is_refused_is_named_and_its_item_is_delivered_without_it() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    catalog.fake().state().poison = vec![("A".to_owned(), 400)];
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused.len(), 1);
    assert!(delivery.refused[0].message.contains("the tag `A`"));
    assert_eq!(catalog.items().await.len(), 2);
    catalog.fake().state().poison.clear();
    assert_eq!(catalog.deliver(&store).await.unwrap().refused, []);
    assert_eq!(catalog.tags("a"), ["QlikSense.A"]);
}

#[tokio::test]
async fn many_bad_items_hold_back_no_others() {
    let (openmetadata, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    scan_many(&store, 300);
    let poison = (0..150).map(|number| (format!("f1_i{number}"), 400));
    openmetadata.fake().state().poison = poison.collect();
    // The second delivery tries those again that were refused, and nothing else.
    for _ in 0..2 {
        let delivery = openmetadata.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused.len(), 150);
        assert_eq!(openmetadata.items().await.len(), 150);
    }
}

#[tokio::test]
async fn a_catalog_that_refuses_everything_ends_the_delivery() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    scan_many(&store, 150);
    let poison = (0..150).map(|number| (format!("f1_i{number}"), 400));
    catalog.fake().state().poison = poison.collect();
    let error = catalog.deliver(&store).await.unwrap_err();
    assert!(error.contains("more than 100"), "{error}");
}

#[tokio::test]
async fn a_request_has_at_most_a_megabyte() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    let name = "a".repeat(60_000);
    let ids: Vec<_> = (0..20).map(|number| format!("i{number}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), name.as_str())).collect();
    store.scan(&east(), &items, Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    assert_eq!(catalog.items().await.len(), 20);
    let largest = catalog.server.largest_request();
    assert!((400_000..1_000_000).contains(&largest), "{largest}");
}

#[tokio::test]
async fn a_wrong_token_and_a_missing_permission_end_the_delivery_at_once() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    let url = catalog.server.url();
    let settings = [
        ("kind", "openmetadata"),
        ("url", url.as_str()),
        ("token", "wrong-token-of-someone"),
    ];
    let follower = open(Path::new("."), &settings);
    let error = follower
        .follow(&store.feed(FeedFault::None))
        .await
        .unwrap_err();
    let text = with_causes(&error);
    assert!(text.contains("401"), "{text}");
    assert!(!text.contains("wrong-token"), "{text}");
    assert!(error.hint().unwrap().contains("`token`"));
    // The version, which needs no token, and one request.
    assert_eq!(catalog.fake().state().requests.len(), 2);
    catalog.fake().state().is_readonly = true;
    let error = catalog.deliver(&store).await.unwrap_err();
    assert!(
        error.contains("403") && error.contains("not allowed"),
        "{error}"
    );
}

#[tokio::test]
async fn requests_are_halved_if_they_are_too_large() {
    served::requests_are_halved_if_they_are_too_large::<Openmetadata>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_is_acknowledged_if_the_feed_fails() {
    served::what_was_stored_is_acknowledged_if_the_feed_fails::<Openmetadata>("chart").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_delivery_of_several_requests_is_completed() {
    served::a_killed_delivery_of_several_requests_is_completed::<Openmetadata>().await;
}

#[tokio::test]
async fn a_page_with_success_is_no_success() {
    served::a_page_with_success_is_no_success::<Openmetadata>().await;
}

#[tokio::test]
async fn bad_answers_do_no_harm() {
    served::bad_answers_do_no_harm::<Openmetadata>().await;
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    served::a_busy_server_is_asked_again::<Openmetadata>().await;
}

#[tokio::test]
async fn connections_are_used_again_and_requests_are_limited() {
    let catalogs =
        served::connections_are_used_again_and_requests_are_limited::<Openmetadata>().await;
    let state = catalogs[0].fake().state();
    let bulk = state
        .requests
        .iter()
        .filter(|request| *request == "PUT /api/v1/charts/bulk");
    assert_eq!(bulk.count(), 5);
    assert!(
        state
            .entities
            .contains_key(&("charts".to_owned(), chart("i249")))
    );
}

#[tokio::test]
async fn a_bot_that_may_not_rename_delivers_everything_else() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    let all = [("a", "A"), ("b", "B"), ("c", "C")];
    store.scan(&east(), &all, Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    catalog.fake().state().denies_names = true;
    store.scan(
        &east(),
        &[("a", "A2"), ("b", "B2"), ("d", "D")],
        Closing::Complete,
    );
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused, []);
    let [notice] = &delivery.notices[..] else {
        panic!("{:?}", delivery.notices);
    };
    assert!(
        notice.starts_with("2 new display names not delivered"),
        "{notice}"
    );
    assert!(notice.contains("rule DisplayName-Deny"), "{notice}");
    for (id, name, other) in [("a", "A", "A2"), ("b", "B", "B2")] {
        assert_eq!(catalog.chart(id)["displayName"], name);
        assert_eq!(catalog.chart(id)["description"], format!("About {other}"));
        assert_eq!(catalog.tags(id), [format!("QlikSense.{other}")]);
    }
    assert_eq!(catalog.charts(), ["f1_a", "f1_b", "f1_d"]);
    // Once it may, the names arrive; that of a person stays.
    catalog.fake().state().denies_names = false;
    catalog.fake().edit("charts", &chart("b"), |chart| {
        chart["displayName"] = json!("by a person")
    });
    let feed = store.feed(FeedFault::None).full();
    let delivery = catalog.follower().follow(&feed).await.unwrap();
    assert_eq!(delivery.notices, [""; 0]);
    assert_eq!(catalog.chart("a")["displayName"], "A2");
    assert_eq!(catalog.chart("b")["displayName"], "by a person");
    catalog.fake().assert_no_violation();
}
