//! Deliveries that a person requests: dry runs, and full ones.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    Closing, FeedFault, FollowerUnderTest, MemoryStore, check_secrets, deliver, deliver_all,
    scenarios::{codes, compare_both, store},
};
use crate::{
    contract::{Violation, expect},
    follower::{Plan, Planned},
    with_causes,
};

/// Dry runs before the first delivery, after it, and after a change.
pub(super) async fn dry_runs(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    let store = store();
    let planned = dry_run(subject, &store).await?;
    expect(!planned.is_empty(), || {
        "a dry run before the first delivery plans something".to_owned()
    })?;
    expect(subject.items().await.is_empty(), || {
        "a dry run writes nothing to the catalog".to_owned()
    })?;
    deliver_all(subject, &store).await?;
    let planned = dry_run(subject, &store).await?;
    expect(planned.is_empty(), || {
        format!("a dry run after a delivery plans nothing, not {planned:?}")
    })?;
    let [east, _] = codes();
    store.scan(&east, &[("a", "A"), ("b", "B2")], Closing::Complete);
    let planned = dry_run(subject, &store).await?;
    expect(!planned.is_empty(), || {
        "a dry run after a change plans something".to_owned()
    })?;
    deliver_all(subject, &store).await?;
    compare_both(subject, &store, "after dry runs").await
}

/// Returns what a dry run plans, and checks that it leaves no trace.
async fn dry_run(
    subject: &dyn FollowerUnderTest,
    store: &MemoryStore,
) -> Result<Vec<Planned>, Violation> {
    let planned = Arc::new(Mutex::new(Vec::new()));
    let plan = {
        let planned = Arc::clone(&planned);
        Plan::new(move |one| {
            (planned.lock().unwrap_or_else(PoisonError::into_inner)).push(one);
        })
    };
    let before = (subject.items().await, subject.writes().await);
    let (position, notes) = kept(store);
    let follower = subject.open().await;
    let ended = (follower.dry_run(&store.feed(FeedFault::None), &plan)).await;
    ended.map_err(|error| {
        Violation(format!(
            "a dry run succeeds if the catalog works, not `{}`",
            with_causes(&error)
        ))
    })?;
    let planned = std::mem::take(&mut *planned.lock().unwrap_or_else(PoisonError::into_inner));
    for one in &planned {
        check_secrets(subject, &format!("{one:?}"))?;
    }
    expect(kept(store) == (position, notes), || {
        "a dry run acknowledges nothing".to_owned()
    })?;
    let after = (subject.items().await, subject.writes().await);
    expect(before == after, || {
        "a dry run writes nothing to the catalog".to_owned()
    })?;
    Ok(planned)
}

fn kept(store: &MemoryStore) -> (Option<i64>, Vec<(String, String)>) {
    let state = store.state();
    let notes = state.notes.iter();
    let notes = notes.map(|(key, note)| (key.clone(), note.clone()));
    (
        state.position.map(|position| position.get()),
        notes.collect(),
    )
}

/// Full deliveries to a catalog that is as it should be, and to one that somebody has emptied.
pub(super) async fn full_deliveries(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    let store = store();
    let [east, _] = codes();
    deliver_all(subject, &store).await?;
    store.scan(&east, &[("a", "A"), ("b", "B")], Closing::Complete);
    full_delivery(subject, &store).await?;
    compare_both(subject, &store, "after a full delivery").await?;
    subject.clear().await;
    full_delivery(subject, &store).await?;
    compare_both(
        subject,
        &store,
        "after a full delivery to an emptied catalog",
    )
    .await?;
    store.scan(&east, &[("a", "A2"), ("d", "D")], Closing::Complete);
    deliver_all(subject, &store).await?;
    compare_both(subject, &store, "after changes since a full delivery").await
}

async fn full_delivery(
    subject: &dyn FollowerUnderTest,
    store: &MemoryStore,
) -> Result<(), Violation> {
    let feed = store.feed(FeedFault::None).full();
    match deliver(subject, &feed).await? {
        Some(Ok(delivery)) if delivery.refused.is_empty() => {}
        ended => {
            return Err(Violation(format!(
                "a full delivery to a catalog that works succeeds, not {ended:?}"
            )));
        }
    }
    expect(store.is_delivered(), || {
        "a full delivery acknowledges everything".to_owned()
    })
}
