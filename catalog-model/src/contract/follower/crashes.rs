//! Deliveries that are interrupted, and catalogs that fail.

use std::{future::poll_fn, pin::pin, task::Poll};

use super::{
    CatalogFault, Closing, FeedFault, FollowerUnderTest, MemoryStore, check_secrets, deliver,
    deliver_all,
    scenarios::{codes, compare_both, store},
};
use crate::{
    contract::{Violation, expect},
    with_causes,
};

/// Maximum number of calls and writes after which deliveries are interrupted.
const MAX_POINTS: usize = 200;

/// Interrupts the first delivery and a delivery of changes at each call of the feed, in each way.
pub(super) async fn at_every_point(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    let faults: [fn(usize) -> FeedFault; 3] = [
        FeedFault::HangsAt,
        FeedFault::HangsAfter,
        FeedFault::FailsAt,
    ];
    for fault in faults {
        for is_first in [true, false] {
            for point in 0..MAX_POINTS {
                if !cut_at(subject, fault(point), is_first).await? {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Returns whether the delivery was interrupted.
async fn cut_at(
    subject: &dyn FollowerUnderTest,
    fault: FeedFault,
    is_first: bool,
) -> Result<bool, Violation> {
    subject.clear().await;
    let store = store();
    if !is_first {
        deliver_all(subject, &store).await?;
        change(&store);
    }
    let outcome = deliver(subject, &store.feed(fault)).await?;
    let is_cut = !matches!(outcome, Some(Ok(_)));
    deliver_all(subject, &store).await?;
    compare_both(subject, &store, &format!("after a crash ({fault:?})")).await?;
    Ok(is_cut)
}

/// Runs a scan that adds, changes and removes items.
fn change(store: &MemoryStore) {
    let [east, _] = codes();
    store.scan(
        &east,
        &[("a", "A2"), ("c", "C"), ("d", "D")],
        Closing::Complete,
    );
}

/// Makes the catalog fail after each number of writes.
pub(super) async fn of_the_catalog(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    for is_first in [true, false] {
        for writes in 0..MAX_POINTS as u64 {
            if !refused_after(subject, writes, is_first).await? {
                break;
            }
        }
    }
    Ok(())
}

/// Returns whether the catalog has refused something.
async fn refused_after(
    subject: &dyn FollowerUnderTest,
    writes: u64,
    is_first: bool,
) -> Result<bool, Violation> {
    subject.clear().await;
    let store = store();
    if !is_first {
        deliver_all(subject, &store).await?;
        change(&store);
    }
    if !subject.fail(CatalogFault::RefusesAfter(writes)).await {
        return Ok(false);
    }
    let outcome = deliver(subject, &store.feed(FeedFault::None)).await?;
    let is_refused = match &outcome {
        Some(Ok(delivery)) => !delivery.refused.is_empty(),
        _ => true,
    };
    expect(is_refused || writes > 0, || {
        "a delivery to a catalog that refuses everything does not succeed".to_owned()
    })?;
    expect(
        !matches!(outcome, Some(Err(_))) || !store.is_delivered(),
        || "a delivery that failed does not acknowledge everything".to_owned(),
    )?;
    subject.fail(CatalogFault::None).await;
    deliver_all(subject, &store).await?;
    compare_both(
        subject,
        &store,
        &format!("after the catalog failed (after {writes} writes)"),
    )
    .await?;
    Ok(is_refused)
}

/// A catalog that does not respond: the delivery is dropped, or ends by itself, and nothing is lost.
pub(super) async fn hanging_catalog(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    let store = store();
    if !subject.fail(CatalogFault::Hangs).await {
        return Ok(());
    }
    let follower = subject.open().await;
    let feed = store.feed(FeedFault::None);
    let ended = {
        let (mut following, mut hanging) = (pin!(follower.follow(&feed)), pin!(subject.hangs()));
        poll_fn(|context| {
            if let Poll::Ready(outcome) = following.as_mut().poll(context) {
                return Poll::Ready(Some(outcome));
            }
            hanging.as_mut().poll(context).map(|()| None)
        })
        .await
    };
    if let Some(Err(error)) = &ended {
        check_secrets(subject, &with_causes(error))?;
    }
    expect(!matches!(ended, Some(Ok(_))), || {
        "a delivery to a catalog that does not respond does not succeed".to_owned()
    })?;
    subject.fail(CatalogFault::None).await;
    deliver_all(subject, &store).await?;
    compare_both(subject, &store, "after the catalog did not respond").await
}
