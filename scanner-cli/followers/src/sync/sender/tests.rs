//! Tests of sending in batches.

use std::sync::Mutex;

use super::*;

/// A catalog that refuses some numbers and requests of more than some bytes, which are the numbers themselves.
#[derive(Default)]
struct Numbers {
    refused: Vec<usize>,
    max_bytes: Option<usize>,
    ends_at: Option<usize>,
    requests: Mutex<Vec<Vec<usize>>>,
}

#[async_trait]
impl Target for Numbers {
    type Entry = usize;

    fn size(&self, entry: &usize) -> usize {
        *entry
    }

    async fn send(&self, entries: &[usize], _part: Part) -> Result<Vec<Outcome>, CallError> {
        self.requests.lock().unwrap().push(entries.to_vec());
        if entries.iter().any(|entry| Some(*entry) == self.ends_at) {
            let error = FollowError::target("no", "the token is wrong");
            return Err(CallError::Ended(error));
        }
        if self
            .max_bytes
            .is_some_and(|max| entries.iter().sum::<usize>() > max)
        {
            return Err(CallError::TooLarge);
        }
        match entries.iter().any(|entry| self.refused.contains(entry)) {
            true => Err(CallError::Refused {
                status: 400,
                message: "bad".to_owned(),
            }),
            false => Ok(vec![Outcome::Stored; entries.len()]),
        }
    }
}

const LIMITS: Limits = Limits {
    entries: 4,
    bytes: 1000,
};

#[tokio::test]
async fn a_bad_entry_is_found_and_all_others_are_stored() {
    let target = Numbers {
        refused: vec![5],
        ..Numbers::default()
    };
    let entries: Vec<_> = (1..=8).collect();
    let (outcomes, ended) = Sender::new(LIMITS, 2).send(&target, &entries).await;
    ended.unwrap();
    for (entry, outcome) in entries.iter().zip(outcomes) {
        let expected = match entry {
            5 => Outcome::Refused("bad (status 400)".to_owned()),
            _ => Outcome::Stored,
        };
        assert_eq!(outcome, Some(expected), "{entry}");
    }
    // 1..=4, 5..=8, 5..=6, 5, 6, 7..=8.
    assert_eq!(target.requests.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn requests_become_smaller_after_one_was_too_large() {
    let target = Numbers {
        max_bytes: Some(100),
        ..Numbers::default()
    };
    let sender = Sender::new(LIMITS, 1);
    for _ in 0..2 {
        let (outcomes, ended) = sender.send(&target, &[50, 50, 50, 50]).await;
        ended.unwrap();
        assert!(
            outcomes
                .iter()
                .all(|outcome| *outcome == Some(Outcome::Stored))
        );
    }
    // 4, 2, 2, and the second time 2, 2.
    assert_eq!(target.requests.lock().unwrap().len(), 5);
    let (outcomes, _) = sender.send(&target, &[101]).await;
    assert!(matches!(&outcomes[0], Some(Outcome::Refused(_))));
}

#[tokio::test]
async fn the_end_of_a_delivery_keeps_what_was_stored() {
    let target = Numbers {
        ends_at: Some(5),
        ..Numbers::default()
    };
    let entries: Vec<_> = (1..=12).collect();
    let (outcomes, ended) = Sender::new(LIMITS, 1).send(&target, &entries).await;
    assert!(ended.is_err());
    assert_eq!(outcomes[..4], vec![Some(Outcome::Stored); 4]);
    assert_eq!(outcomes[4..], vec![None; 8]);
}
