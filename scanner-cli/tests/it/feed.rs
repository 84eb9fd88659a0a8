//! What the feed of a follower contains after scans of a site: apps and streams besides sheets.

use std::collections::BTreeSet;

use catalog_model::{
    ConnectionCode, Container, Feed, FollowerName, ItemState,
    follower::{
        Acknowledgement, Batches, ChangeDetail, ConnectionScope, Entity, EntityKind, FeedChange,
        FeedEntry, Start,
    },
};
use catalog_store::{FeedFollower, StoreFeed};
use qrs_client::fake_site::FakeSite;
use tokio::runtime::Runtime;

use crate::scanner::Home;

fn open(home: &Home) -> StoreFeed {
    let follower = FeedFollower {
        name: FollowerName::new("f").unwrap(),
        scope: ConnectionScope::All,
        revision: 1,
    };
    let clock = || jiff::Timestamp::UNIX_EPOCH;
    let path = home.path("data/catalog.db");
    let feed = StoreFeed::open(&path, follower, clock, &Default::default());
    feed.unwrap().unwrap()
}

async fn all<T>(mut batches: Box<dyn Batches<T>>) -> Vec<T> {
    let mut found = Vec::new();
    while let Some(batch) = batches.next().await.unwrap() {
        found.extend(batch);
    }
    found
}

async fn containers(feed: &StoreFeed, states: &[ItemState]) -> Vec<FeedEntry<Container>> {
    let code = ConnectionCode::new("qlik").unwrap();
    all(feed.containers(&code, states).await.unwrap()).await
}

/// `changed app Renamed`, `removed app Empty app`: the changes of containers.
async fn changes(feed: &StoreFeed) -> Vec<String> {
    let changes = all(feed.changes(ChangeDetail::Entity).await.unwrap()).await;
    let changes = changes
        .into_iter()
        .filter(|change| change.entity_kind == EntityKind::Container);
    let text = |change: FeedChange| {
        let Some(Entity::Container(container)) = change.entry.map(|entry| entry.entity) else {
            panic!("a change without its container");
        };
        assert_eq!(change.key, container.key);
        format!(
            "{} {} {}",
            change.kind.word(),
            container.kind.id,
            container.name
        )
    };
    changes.map(text).collect()
}

#[test]
fn a_follower_receives_apps_and_streams_of_a_site_and_their_changes() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let feed = open(&home);
        assert_eq!(feed.start(), Start::Reset);
        let entries = containers(&feed, ItemState::EXISTING).await;
        let of_kind = |kind| entries.iter().filter(move |one| one.entity.kind.id == kind);
        assert_eq!((of_kind("stream").count(), of_kind("app").count()), (3, 13));
        let mut seen = BTreeSet::new();
        for entry in &entries {
            let parent = entry.entity.parent.as_ref();
            assert!(
                parent.is_none_or(|parent| seen.contains(parent)),
                "a container comes after the one that holds it"
            );
            seen.insert(entry.entity.key.clone());
        }
        let code = ConnectionCode::new("qlik").unwrap();
        let items = feed.items(&code, ItemState::EXISTING).await.unwrap();
        for item in all(items).await {
            let container = item.entity.container.unwrap();
            assert!(seen.contains(&container), "each sheet is in an app");
        }
        let delivered = Acknowledgement::up_to(feed.end());
        feed.acknowledge(delivered).await.unwrap();
    });
    site.edit(|content| {
        let traffic = content.app_named("Website traffic").unwrap().to_owned();
        content.rename(&traffic, "Traffic");
        let empty = content.app_named("Empty app").unwrap().to_owned();
        content.remove(&empty);
    });
    home.run(&["scan"]).check(0, &[]);
    runtime.block_on(async {
        let feed = open(&home);
        assert!(matches!(feed.start(), Start::After(_)));
        let mut changes = changes(&feed).await;
        changes.sort();
        assert_eq!(changes, ["changed app Traffic", "removed app Empty app"]);
        let gone = containers(&feed, &[ItemState::Gone]).await;
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].entity.name, "Empty app");
        assert!(gone[0].gone_since.is_some());
    });
}
