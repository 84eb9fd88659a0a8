//! The contract that any [`Follower`] must pass, to be run from the tests of its kind.
//!
//! A test provides a [`FollowerUnderTest`]: how the follower is opened, what its catalog shows, and how the catalog is
//! made to fail. [`check`] then drives the follower through feeds of a [`MemoryStore`] and compares.

use std::{collections::BTreeMap, future::poll_fn, pin::pin, task::Poll};

use async_trait::async_trait;

use super::{Violation, expect};
use crate::{
    ConnectionCode, Follower, Verdict, follower::Delivery, follower::FollowError, with_causes,
};

mod crashes;
mod kind;
mod memory_feed;
mod memory_store;
mod requested;
mod scenarios;

pub use kind::check_kind;
pub use memory_feed::{FeedFault, MemoryFeed};
pub use memory_store::{Closing, MemoryStore};

/// A follower under test, and its catalog.
#[async_trait]
pub trait FollowerUnderTest: Send + Sync {
    /// Opens the follower, as after a start of the program. Its catalog keeps its content.
    async fn open(&self) -> Box<dyn Follower>;

    /// Empties the catalog and lets it work.
    async fn clear(&self);

    /// Does what an administrator must do before another store may deliver the same connections: nothing by default.
    async fn replace_store(&self) {}

    /// Returns the existing items of the catalog: keys and names. An item without a name may have any name.
    async fn items(&self) -> BTreeMap<String, String>;

    /// Returns the existing containers of the catalog: keys and names. `None` if it has no containers.
    async fn containers(&self) -> Option<BTreeMap<String, String>> {
        None
    }

    /// Returns the number of writes to the catalog, if it can be counted.
    async fn writes(&self) -> Option<u64> {
        None
    }

    /// Makes the catalog fail from now on. Returns whether it can fail in this way.
    async fn fail(&self, fault: CatalogFault) -> bool;

    /// Waits until the catalog has received a request and does not respond to it. Called only after
    /// [`fail`](Self::fail) agreed to [`CatalogFault::Hangs`].
    async fn hangs(&self) {}

    /// Returns texts that no message may contain.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// How a catalog fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CatalogFault {
    /// Not at all.
    None,
    /// It refuses all writes after this number of successful ones.
    RefusesAfter(u64),
    /// It accepts a request and never responds.
    Hangs,
}

/// Delivers histories of scans to the follower's catalog and checks every rule of the contract.
///
/// # Errors
/// The first rule that is violated.
pub async fn check(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    scenarios::name_is_stable(subject).await?;
    scenarios::stages(subject).await?;
    scenarios::empty_store(subject).await?;
    scenarios::first_delivery(subject).await?;
    scenarios::changes(subject).await?;
    scenarios::incomplete_scans(subject).await?;
    scenarios::forgotten_changes(subject).await?;
    scenarios::another_store(subject).await?;
    crashes::at_every_point(subject).await?;
    crashes::of_the_catalog(subject).await?;
    crashes::hanging_catalog(subject).await?;
    requested::dry_runs(subject).await?;
    requested::full_deliveries(subject).await
}

/// Delivers once, and returns how that ended; `None` if the feed hung and the delivery was dropped.
async fn deliver(
    subject: &dyn FollowerUnderTest,
    feed: &MemoryFeed<'_>,
) -> Result<Option<Result<Delivery, FollowError>>, Violation> {
    let follower = subject.open().await;
    let outcome = {
        let mut following = pin!(follower.follow(feed));
        poll_fn(|context| match following.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if feed.is_hanging() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    };
    if let Some(Err(error)) = &outcome {
        check_secrets(subject, &with_causes(error))?;
    }
    Ok(outcome)
}

/// Delivers once with a feed and a catalog that work.
async fn deliver_all(
    subject: &dyn FollowerUnderTest,
    store: &MemoryStore,
) -> Result<(), Violation> {
    let feed = store.feed(FeedFault::None);
    match deliver(subject, &feed).await? {
        Some(Ok(delivery)) => expect(delivery.refused.is_empty(), || {
            format!(
                "a catalog that works refuses nothing, not {:?}",
                delivery.refused
            )
        })?,
        Some(Err(error)) => {
            let error = with_causes(&error);
            return Err(Violation(format!(
                "a delivery to a catalog that works succeeds, not `{error}`"
            )));
        }
        None => return Err(Violation("a delivery ends".to_owned())),
    }
    expect(store.is_delivered(), || {
        "a delivery that succeeds acknowledges everything".to_owned()
    })
}

/// Compares the catalog with the store for a connection that had a complete scan.
async fn compare(
    subject: &dyn FollowerUnderTest,
    store: &MemoryStore,
    code: &ConnectionCode,
    when: &str,
) -> Result<(), Violation> {
    let shown = subject.items().await;
    let of_connection = |key: &&String| key.starts_with(&format!("{code}/"));
    let expected = store.existing(code);
    for (key, name) in &expected {
        let found = shown.get(key);
        expect(found.is_some(), || {
            format!("{when}: the catalog has `{key}`")
        })?;
        expect(name.is_empty() || found == Some(name), || {
            format!("{when}: `{key}` has the name {name:?}, not {found:?}")
        })?;
    }
    let extra = shown
        .keys()
        .filter(of_connection)
        .find(|key| !expected.contains_key(*key));
    expect(extra.is_none(), || {
        format!("{when}: the catalog does not have {extra:?}, which does not exist")
    })?;
    let (Some(shown), expected) = (subject.containers().await, store.existing_containers(code))
    else {
        return Ok(());
    };
    let shown: BTreeMap<_, _> = shown
        .into_iter()
        .filter(|(key, _)| of_connection(&key))
        .collect();
    expect(shown == expected, || {
        format!("{when}: the catalog has the containers {expected:?}, not {shown:?}")
    })
}

fn check_secrets(subject: &dyn FollowerUnderTest, text: &str) -> Result<(), Violation> {
    let secrets = subject.secrets();
    let leaked = secrets.iter().any(|secret| text.contains(secret.as_str()));
    expect(!leaked, || "no message contains a secret".to_owned())
}

/// Returns the names of the failed stages of a check.
async fn failed_stages(subject: &dyn FollowerUnderTest) -> Result<Vec<&'static str>, Violation> {
    let follower = subject.open().await;
    let stages = follower.check(None).await;
    expect(!stages.is_empty(), || "a check has stages".to_owned())?;
    for stage in &stages {
        check_secrets(subject, &stage.seen)?;
        check_secrets(subject, stage.hint.as_deref().unwrap_or_default())?;
    }
    let failed = stages
        .iter()
        .filter(|stage| stage.verdict == Verdict::Failed);
    Ok(failed.map(|stage| stage.name).collect())
}
