//! A follower that takes changes one by one, as a remote catalog will, and what it is given.

use std::sync::Mutex;

use super::*;
use crate::store::{ChangeKind, scratch::Scratch};

/// Writes down what it is given, and refuses from some point on.
struct OneByOne {
    taken: Arc<Mutex<Vec<String>>>,
    refuse_after: usize,
}

impl OneByOne {
    fn note(&self, text: String) -> Result<(), FollowError> {
        let mut taken = self.taken.lock().unwrap();
        if taken.len() >= self.refuse_after {
            return Err(FollowError::Target {
                message: "the catalog refuses".to_owned(),
                source: "429".into(),
            });
        }
        taken.push(text);
        Ok(())
    }
}

impl Follower for OneByOne {
    fn name(&self) -> &str {
        "one-by-one"
    }

    fn take(&mut self, delivery: &Delivery<'_>) -> Result<Vec<Delivered>, FollowError> {
        if delivery.start() == Start::Reset {
            self.note("reset".to_owned())?;
            for connection in delivery.connections() {
                delivery.each_item(connection, |found| self.note(format!("item {}", found.key)))?;
            }
            self.note("end".to_owned())?;
        }
        delivery.each_change(|change| {
            let verb = match change.kind {
                ChangeKind::Removed | ChangeKind::Excluded => "remove",
                _ => "upsert",
            };
            self.note(format!("{verb} {}", change.key))?;
            delivery.took(change.seq);
            Ok(())
        })?;
        delivery.took_all();
        Ok(Vec::new())
    }
}

/// Delivers once, and tells what was taken.
fn deliver(scratch: &Scratch, refuse_after: usize) -> (Vec<String>, bool) {
    let taken = Arc::default();
    let follower = OneByOne {
        taken: Arc::clone(&taken),
        refuse_after,
    };
    let mut followers: Vec<Box<dyn Follower>> = vec![Box::new(follower)];
    let delivering = Delivering {
        home: &Home::new(scratch.folder.path().to_path_buf()),
        clock: || jiff::Timestamp::UNIX_EPOCH,
        stop: &Arc::default(),
    };
    let followed = delivering.deliver(&mut followers).unwrap();
    let taken = taken.lock().unwrap().clone();
    (taken, followed[0].outcome.is_ok())
}

#[tokio::test]
async fn a_new_follower_gets_all_items_and_then_changes() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("b", "B"), ("a", "A")]).await;
    let all = ["reset", "item c/a", "item c/b", "end"];
    assert_eq!(deliver(&scratch, 99).0, all);
    assert!(deliver(&scratch, 99).0.is_empty());
    scratch.scan(1, &[("a", "A2")]).await;
    assert_eq!(deliver(&scratch, 99).0, ["upsert c/a", "remove c/b"]);
}

#[tokio::test]
async fn a_follower_that_failed_goes_on_after_what_it_took() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    deliver(&scratch, 99);
    scratch.scan(1, &[("a", "A2"), ("b", "B2")]).await;
    let (taken, well) = deliver(&scratch, 1);
    assert_eq!((taken.len(), well), (1, false));
    assert_eq!(deliver(&scratch, 99).0, ["upsert c/b"]);
    // One that failed in the middle of a reset begins it again.
    let fresh = Scratch::new();
    fresh.scan(0, &[("a", "A"), ("b", "B")]).await;
    assert!(!deliver(&fresh, 2).1);
    assert_eq!(deliver(&fresh, 99).0.first().unwrap(), "reset");
}

#[tokio::test]
async fn a_follower_that_is_too_far_behind_begins_anew() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    deliver(&scratch, 99);
    scratch.scan(10, &[("a", "A2")]).await;
    scratch.scan(100, &[("a", "A3")]).await;
    // So large a step of the clock is believed a week later.
    scratch.scan(108, &[("a", "A3")]).await;
    assert_eq!(deliver(&scratch, 99).0, ["reset", "item c/a", "end"]);
}

#[tokio::test]
async fn a_follower_gets_the_items_that_a_new_version_of_the_program_rewrote() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    deliver(&scratch, 99);
    scratch
        .scan_by_newer("name", 1, &[("a", "A2"), ("b", "B")])
        .await;
    assert_eq!(
        deliver(&scratch, 99).0,
        ["upsert c/a", "upsert c/b"],
        "an item that only the program made otherwise"
    );
    assert!(deliver(&scratch, 99).0.is_empty());
}
