//! Servers that refuse, fail or answer badly.

use std::path::Path;

use catalog_model::{
    contract::follower::{Closing, FeedFault, FollowerUnderTest, MemoryStore},
    with_causes,
};

use super::{Datahub, dashboard, east};
use crate::{
    fake_datahub::{Doors, Fault},
    served::{self, Served, scan_many},
    support::open,
};

#[tokio::test]
async fn a_bad_item_is_named_and_all_others_are_delivered() {
    for status in [400, 422, 500] {
        let (datahub, store) = (Datahub::new(), MemoryStore::default());
        scan_many(&store, 60);
        datahub.fake().state().poison = vec![(dashboard("i7"), status)];
        let delivery = datahub.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused.len(), 1);
        assert_eq!(delivery.refused[0].key.to_string(), "east/f1/i7");
        assert!(delivery.refused[0].message.contains(&status.to_string()));
        assert_eq!(datahub.items().await.len(), 59);
        assert_eq!(delivery.delivered[0].items, 59);
        // It is tried again, alone, until it is accepted.
        let writes = datahub.fake().state().writes;
        let delivery = datahub.deliver(&store).await.unwrap();
        assert_eq!(
            (delivery.refused.len(), datahub.fake().state().writes),
            (1, writes)
        );
        datahub.fake().state().poison.clear();
        let delivery = datahub.deliver(&store).await.unwrap();
        assert_eq!(
            (delivery.refused.len(), delivery.delivered[0].items),
            (0, 1)
        );
        assert_eq!(datahub.items().await.len(), 60);
    }
}

#[tokio::test]
async fn many_bad_items_hold_back_no_others() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    scan_many(&store, 300);
    let poison = (0..150).map(|number| (dashboard(&format!("i{number}")), 400));
    datahub.fake().state().poison = poison.collect();
    // The second delivery tries those again that were refused, and nothing else.
    for _ in 0..2 {
        let delivery = datahub.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused.len(), 150);
        assert_eq!(datahub.items().await.len(), 150);
    }
}

#[tokio::test]
async fn a_catalog_that_refuses_everything_ends_the_delivery() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    scan_many(&store, 150);
    datahub.fake().state().later = Some((0, Fault::Status(400)));
    let error = datahub.deliver(&store).await.unwrap_err();
    assert!(error.contains("more than 100"), "{error}");
}

#[tokio::test]
async fn a_request_has_at_most_a_megabyte() {
    let name = "\"".repeat(60_000);
    let ids: Vec<_> = (0..20).map(|number| format!("i{number}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), name.as_str())).collect();
    for doors in [Doors::All, Doors::RestLi(404)] {
        let (datahub, store) = (Datahub::new(), MemoryStore::default());
        datahub.fake().state().doors = doors;
        store.scan(&east(), &items, Closing::Complete);
        datahub.deliver(&store).await.unwrap();
        assert_eq!(datahub.items().await.len(), 20);
        let largest = datahub.server.largest_request();
        assert!((400_000..1_000_000).contains(&largest), "{largest}");
    }
}

#[tokio::test]
async fn a_wrong_token_ends_the_delivery_at_once() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    let url = datahub.server.url();
    let settings = [
        ("kind", "datahub"),
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
    assert_eq!(datahub.fake().state().requests.len(), 2);
    datahub.fake().state().is_readonly = true;
    let error = datahub.deliver(&store).await.unwrap_err();
    assert!(
        error.contains("403") && error.contains("unauthorized"),
        "{error}"
    );
}

#[tokio::test]
async fn an_aspect_that_is_not_stored_is_reported() {
    let (datahub, store) = (Datahub::new(), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    datahub.fake().state().unknown_aspect = Some("dashboardInfo");
    let delivery = datahub.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused.len(), 1);
    assert!(
        delivery.refused[0].message.contains("has not stored"),
        "{:?}",
        delivery.refused
    );
    datahub.fake().state().unknown_aspect = None;
    assert_eq!(datahub.deliver(&store).await.unwrap().refused, []);
}

#[tokio::test]
async fn requests_are_halved_if_they_are_too_large() {
    served::requests_are_halved_if_they_are_too_large::<Datahub>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_is_acknowledged_if_the_feed_fails() {
    served::what_was_stored_is_acknowledged_if_the_feed_fails::<Datahub>("dashboard").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_delivery_of_several_requests_is_completed() {
    served::a_killed_delivery_of_several_requests_is_completed::<Datahub>().await;
}

#[tokio::test]
async fn a_page_with_success_is_no_success() {
    served::a_page_with_success_is_no_success::<Datahub>().await;
}

#[tokio::test]
async fn bad_answers_do_no_harm() {
    served::bad_answers_do_no_harm::<Datahub>().await;
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    served::a_busy_server_is_asked_again::<Datahub>().await;
}

#[tokio::test]
async fn connections_are_used_again_and_requests_are_limited() {
    served::connections_are_used_again_and_requests_are_limited::<Datahub>().await;
}
