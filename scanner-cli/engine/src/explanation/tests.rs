use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, FollowError, Follower, FollowerName, ItemKey, Stage,
    follower::{Acknowledgement, ConfiguredFollower, ConnectionScope, Delivery, Example, Refusal},
};
use catalog_store::scratch::Scratch;

use super::*;
use crate::{delivery::Deliverer, home::Home};

/// A catalog that refuses the item `b`. If its name is `linked`, it has links.
struct Linked(FollowerName);

#[async_trait]
impl Follower for Linked {
    fn name(&self) -> &FollowerName {
        &self.0
    }

    async fn check(&self, _example: Option<&Example>) -> Vec<Stage> {
        Vec::new()
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        feed.acknowledge(Acknowledgement::up_to(feed.end())).await?;
        let mut delivery = Delivery::default();
        delivery.refused.push(Refusal {
            key: ItemKey::new(["c", "b"]).unwrap(),
            message: "no owner".to_owned(),
        });
        Ok(delivery)
    }

    fn delivers(&self, of: EntityKind) -> bool {
        of == EntityKind::Item && self.0.as_str() != "scans"
    }

    fn target(&self) -> Option<String> {
        Some("db://catalog.example".to_owned())
    }

    fn identifier(&self, _of: EntityKind, key: &ItemKey) -> Option<String> {
        (self.0.as_str() == "urns").then(|| format!("urn:{key}"))
    }

    fn link(&self, _of: EntityKind, key: &ItemKey) -> Option<String> {
        (self.0.as_str() == "linked").then(|| format!("https://catalog.example/{key}"))
    }
}

fn follower(name: &str, scope: ConnectionScope) -> Arc<ConfiguredFollower> {
    let name = FollowerName::new(name).unwrap();
    Arc::new(ConfiguredFollower {
        follower: Box::new(Linked(name)),
        kind: "test".to_owned(),
        scope,
    })
}

#[tokio::test]
async fn each_catalog_has_a_state_of_an_item() {
    let scratch = Scratch::new();
    let other = BTreeSet::from([ConnectionCode::new("other").unwrap()]);
    let followers = vec![
        follower("linked", ConnectionScope::All),
        follower("new", ConnectionScope::All),
        follower("other", ConnectionScope::Only(other)),
    ];
    let home = Home::new(scratch.folder.path().to_path_buf());
    let deliverer = Deliverer::new(home, || jiff::Timestamp::UNIX_EPOCH);
    let deliver = async || drop(deliverer.deliver(&followers[..1].to_vec()).await);
    let states = |key: &str| {
        let found = Explanation::find(&scratch.catalog(), &followers, key).unwrap();
        let states = found.entries[0].catalogs.iter();
        let states = states.map(|one| format!("{}: {}{}", one.follower, one.state, one.detail));
        let states: Vec<_> = states.collect();
        assert_eq!(states[1], "new: nothing delivered yet");
        let out_of_scope = "other: not sent, its `connections` excludes the connection";
        assert_eq!(states[2], out_of_scope);
        states[0].clone()
    };
    scratch.scan(0, &[("a", "A"), ("b", "B"), ("d", "D")]).await;
    deliver().await;
    assert_eq!(
        states("c/a"),
        "linked: delivered, https://catalog.example/c/a"
    );
    assert_eq!(states("c/b"), "linked: refused: no owner");
    scratch.scan(1, &[("a", "A2"), ("b", "B")]).await;
    let pending = "linked: its last change is not delivered yet";
    assert_eq!([states("c/a"), states("c/d")], [pending; 2]);
    deliver().await;
    assert_eq!(
        states("c/a"),
        "linked: delivered, https://catalog.example/c/a"
    );
    assert_eq!(states("c/d"), "linked: removed");
}

#[tokio::test]
async fn a_catalog_says_where_it_has_an_item() {
    let scratch = Scratch::new();
    let names = ["linked", "plain", "urns", "scans"];
    let followers = Vec::from(names.map(|name| follower(name, ConnectionScope::All)));
    let home = Home::new(scratch.folder.path().to_path_buf());
    scratch.scan(0, &[("a", "A")]).await;
    let deliverer = Deliverer::new(home, || jiff::Timestamp::UNIX_EPOCH);
    drop(deliverer.deliver(&followers).await);
    let found = Explanation::find(&scratch.catalog(), &followers, "c/a").unwrap();
    let states = found.entries[0].catalogs.iter();
    let states = states.map(|one| format!("{}: {}{}", one.follower, one.state, one.detail));
    assert_eq!(
        states.collect::<Vec<_>>(),
        [
            "linked: delivered, https://catalog.example/c/a",
            "plain: delivered to db://catalog.example",
            "urns: delivered to db://catalog.example, urn:c/a",
            "scans: not sent, its settings exclude items",
        ]
    );
}
