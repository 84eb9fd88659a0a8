//! The contract suite of followers: one that keeps the contract passes, and each way to break it is found.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use catalog_model::{
    Container, Feed, FollowError, Follower, FollowerName, ItemState, Stage, Verdict, Visualization,
    contract::follower::{CatalogFault, FollowerUnderTest, check},
    follower::{
        Acknowledgement, ChangeDetail, Delivery, Entity, Example, FeedEntry, Plan, Planned, Start,
    },
};

/// A catalog in memory.
struct MemoryCatalog {
    items: BTreeMap<String, String>,
    containers: BTreeMap<String, String>,
    writes: u64,
    fault: CatalogFault,
    allowed: u64,
}

/// How a follower breaks the contract.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    AcknowledgesFirst,
    NeverAcknowledges,
    ForgetsRemovals,
    RemovesUnseenItems,
    IgnoresResets,
    WritesEachTime,
    SwallowsErrors,
    SkipsContainers,
    RevealsSecrets,
    HasNoDryRun,
    WritesInDryRuns,
    AcknowledgesDryRuns,
    DeliversLessInFull,
}

#[derive(Clone)]
struct InMemory {
    name: FollowerName,
    catalog: Arc<Mutex<MemoryCatalog>>,
    mistake: Mistake,
}

const SECRET: &str = "hunter2";

impl InMemory {
    fn new(mistake: Mistake) -> Self {
        Self {
            name: FollowerName::new("memory").unwrap(),
            catalog: Arc::new(Mutex::new(MemoryCatalog {
                items: BTreeMap::new(),
                containers: BTreeMap::new(),
                writes: 0,
                fault: CatalogFault::None,
                allowed: u64::MAX,
            })),
            mistake,
        }
    }

    async fn write(&self, change: impl FnOnce(&mut MemoryCatalog)) -> Result<(), FollowError> {
        if self.catalog.lock().unwrap().fault == CatalogFault::Hangs {
            pending::<()>().await;
        }
        let mut catalog = self.catalog.lock().unwrap();
        if catalog.allowed == 0 {
            let message = match self.mistake {
                Mistake::RevealsSecrets => format!("the catalog refuses {SECRET}"),
                _ => "the catalog refuses".to_owned(),
            };
            return match self.mistake {
                Mistake::SwallowsErrors => Ok(()),
                _ => Err(FollowError::target(message, "429")),
            };
        }
        catalog.allowed -= 1;
        catalog.writes += 1;
        change(&mut catalog);
        Ok(())
    }

    async fn put(&self, entry: FeedEntry<Entity>) -> Result<(), FollowError> {
        let exists = ItemState::EXISTING.contains(&entry.state);
        if !exists && self.mistake == Mistake::ForgetsRemovals {
            return Ok(());
        }
        self.write(|catalog| {
            let (map, key, name) = match entry.entity {
                Entity::Item(item) => (&mut catalog.items, item.key, item.name),
                Entity::Container(one) => (&mut catalog.containers, one.key, one.name),
                _ => return,
            };
            match exists {
                true => drop(map.insert(key.to_string(), name)),
                false => drop(map.remove(key.as_str())),
            }
        })
        .await
    }

    async fn reset(&self, feed: &dyn Feed) -> Result<(), FollowError> {
        if self.mistake == Mistake::RemovesUnseenItems {
            self.write(|catalog| catalog.items.clear()).await?;
        }
        for connection in feed.connections() {
            let mut containers = feed.containers(&connection.code, &ItemState::ALL).await?;
            while let Some(batch) = containers.next().await? {
                for entry in batch {
                    if self.mistake != Mistake::SkipsContainers {
                        let entry = entry.map(|one: Container| Entity::Container(Box::new(one)));
                        self.put(entry).await?;
                    }
                }
            }
            let mut items = feed.items(&connection.code, &ItemState::ALL).await?;
            while let Some(batch) = items.next().await? {
                for entry in batch {
                    let entry = entry.map(|one: Visualization| Entity::Item(Box::new(one)));
                    self.put(entry).await?;
                }
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Follower for InMemory {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    async fn check(&self, _example: Option<&Example>) -> Vec<Stage> {
        let stage = Stage::ok("catalog", "in memory", std::time::Duration::ZERO);
        match self.catalog.lock().unwrap().allowed {
            0 => vec![stage.but(Verdict::Failed, None)],
            _ => vec![stage],
        }
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        let all = Acknowledgement::up_to(feed.end());
        if self.mistake == Mistake::AcknowledgesFirst {
            feed.acknowledge(all.clone()).await?;
        }
        let is_trusted = feed.is_full() && self.mistake == Mistake::DeliversLessInFull;
        if feed.start() == Start::Reset && self.mistake != Mistake::IgnoresResets && !is_trusted {
            self.reset(feed).await?;
        }
        if self.mistake == Mistake::WritesEachTime {
            self.write(|_| {}).await?;
        }
        let mut changes = feed.changes(ChangeDetail::Entity).await?;
        while let Some(batch) = changes.next().await? {
            for change in batch {
                if let Some(entry) = change.entry {
                    self.put(entry).await?;
                }
                if self.mistake != Mistake::NeverAcknowledges {
                    let reached = Acknowledgement::up_to(change.position);
                    feed.acknowledge(reached).await?;
                }
            }
        }
        if feed.start() == Start::Reset && self.mistake != Mistake::NeverAcknowledges {
            feed.acknowledge(all).await?;
        }
        Ok(Delivery::default())
    }

    async fn dry_run(&self, feed: &dyn Feed, plan: &Plan) -> Result<Delivery, FollowError> {
        match self.mistake {
            Mistake::HasNoDryRun => return Err(FollowError::target("no dry run", "")),
            Mistake::WritesInDryRuns => self.reset(feed).await?,
            Mistake::AcknowledgesDryRuns => {
                feed.acknowledge(Acknowledgement::up_to(feed.end())).await?;
            }
            _ => {}
        }
        if feed.start() != Start::After(feed.end()) {
            plan.add(Planned::File {
                path: "memory".to_owned(),
                items: 1,
            });
        }
        Ok(Delivery::default())
    }
}

#[async_trait]
impl FollowerUnderTest for InMemory {
    async fn open(&self) -> Box<dyn Follower> {
        Box::new(self.clone())
    }

    async fn clear(&self) {
        let mut catalog = self.catalog.lock().unwrap();
        catalog.items.clear();
        catalog.containers.clear();
        (catalog.fault, catalog.allowed) = (CatalogFault::None, u64::MAX);
    }

    async fn items(&self) -> BTreeMap<String, String> {
        self.catalog.lock().unwrap().items.clone()
    }

    async fn containers(&self) -> Option<BTreeMap<String, String>> {
        Some(self.catalog.lock().unwrap().containers.clone())
    }

    async fn writes(&self) -> Option<u64> {
        Some(self.catalog.lock().unwrap().writes)
    }

    async fn fail(&self, fault: CatalogFault) -> bool {
        let mut catalog = self.catalog.lock().unwrap();
        catalog.fault = fault;
        catalog.allowed = match fault {
            CatalogFault::RefusesAfter(writes) => writes,
            _ => u64::MAX,
        };
        true
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

#[tokio::test]
async fn a_follower_that_keeps_the_contract_passes() {
    check(&InMemory::new(Mistake::None)).await.unwrap();
}

#[tokio::test]
async fn each_way_to_break_the_contract_is_found() {
    for (mistake, sentence) in [
        (Mistake::AcknowledgesFirst, "after a crash"),
        (Mistake::NeverAcknowledges, "acknowledges everything"),
        (Mistake::ForgetsRemovals, "which does not exist"),
        (Mistake::RemovesUnseenItems, "incomplete first scan"),
        (Mistake::IgnoresResets, "the catalog has `"),
        (Mistake::WritesEachTime, "nothing is written"),
        (
            Mistake::SwallowsErrors,
            "refuses everything does not succeed",
        ),
        (Mistake::SkipsContainers, "has the containers"),
        (Mistake::RevealsSecrets, "contains a secret"),
        (Mistake::HasNoDryRun, "a dry run succeeds"),
        (Mistake::WritesInDryRuns, "writes nothing to the catalog"),
        (Mistake::AcknowledgesDryRuns, "acknowledges nothing"),
        (Mistake::DeliversLessInFull, "after a full delivery"),
    ] {
        let violation = check(&InMemory::new(mistake))
            .await
            .unwrap_err()
            .to_string();
        assert!(violation.contains(sentence), "{sentence}: {violation}");
    }
}
