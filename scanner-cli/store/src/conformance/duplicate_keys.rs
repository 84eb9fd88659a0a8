//! Records with the same key: which of them is the item does not depend on their order, and the others leave no trace.

use catalog_model::{
    Instant, Origin, Place, Precedence, RecordDigest,
    filter::{FilterRule, RuleId},
};

use super::*;
use crate::Counts;

/// A record with the key `a`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Record {
    /// The source's id, and the item's name.
    id: &'static str,
    standing: u8,
    modified: i64,
    decision: Decision,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decision {
    Keep,
    Exclude,
    Undecided,
}
use Decision::{Exclude, Keep, Undecided};

pub(crate) const APPROVED: Record = Record {
    id: "x",
    standing: 2,
    modified: 1,
    decision: Keep,
};
pub(crate) const PUBLISHED: Record = Record {
    id: "w",
    standing: 1,
    modified: 2,
    decision: Keep,
};
pub(crate) const PRIVATE: Record = Record {
    id: "v",
    standing: 0,
    modified: 3,
    decision: Keep,
};

/// How the records are offered to the store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    WithoutDigests,
    /// The writer gets the records after all were offered.
    AtOnce,
    /// The writer handles each record before the next is offered.
    InTurns,
}

pub(crate) const MODES: [Mode; 3] = [Mode::WithoutDigests, Mode::AtOnce, Mode::InTurns];

impl Record {
    pub(crate) const fn but(self, decision: Decision) -> Self {
        Self { decision, ..self }
    }

    /// A digest of everything about the record.
    pub(crate) fn digest(self) -> RecordDigest {
        let digest = crate::hashes::fingerprint(&[&format!("{self:?}")]);
        RecordDigest(u128::from_be_bytes(digest))
    }

    pub(crate) fn see(self, scan: &mut StoreScan, mode: Mode) {
        let key = ItemKey::new(["c", "a"]).unwrap();
        let precedence = Precedence {
            standing: self.standing,
            modified: Instant::from_unix_millis(self.modified).ok(),
        };
        let id = SourceId(self.id.to_owned());
        let record = (precedence, Some(&id));
        let item = Visualization {
            key: key.clone(),
            container: None,
            label: Vec::new(),
            name: self.id.to_owned(),
            description: None,
            contacts: Contacts::Unknown,
            catalog: None,
            precedence,
            properties: Properties::default(),
        };
        match self.decision {
            Keep if mode == Mode::WithoutDigests => {
                scan.item(&item, &Origin::from(Some(id))).unwrap()
            }
            Keep if scan.recognizes(self.digest()) => {}
            Keep => {
                let digest = Some(self.digest());
                scan.item(
                    &item,
                    &Origin {
                        id: Some(id),
                        digest,
                    },
                )
                .unwrap();
            }
            Exclude => scan.excluded(&key, record, &rule()),
            Undecided => scan.undecided(&key, record),
        }
    }
}

pub(crate) fn rule() -> FilterRule {
    FilterRule {
        id: RuleId(0),
        name: "rule".to_owned(),
        place: Place::new("a.conf", 9, 3),
        text: String::new(),
    }
}

/// Returns all orders of the records.
pub(crate) fn orders(records: &[Record]) -> Vec<Vec<Record>> {
    let [one] = records else {
        return (0..records.len())
            .flat_map(|first| {
                let mut rest = records.to_vec();
                let first = rest.remove(first);
                orders(&rest).into_iter().map(move |mut order| {
                    order.insert(0, first);
                    order
                })
            })
            .collect();
    };
    vec![vec![*one]]
}

/// Scans these records, and one with another key, in one attempt or in several of which all but the last are aborted.
pub(crate) async fn scan(
    (scratch, mode): (&Scratch, Mode),
    day: i64,
    attempts: &[&[Record]],
) -> Counts {
    let mut scan = scratch.begin(day).await;
    for (number, records) in attempts.iter().enumerate() {
        if number > 0 {
            scan.flush().await.unwrap();
            scan.restart().unwrap();
        }
        if mode != Mode::WithoutDigests {
            scan.digest_key().await.unwrap();
        }
        see(&mut scan, "other", "Other", Contacts::Unknown);
        for record in *records {
            record.see(&mut scan, mode);
            if mode == Mode::InTurns {
                scan.flush().await.unwrap();
                scan.digest_key().await.unwrap();
            }
        }
    }
    close(scan, day).await.unwrap().counts
}

/// The state and the name of the item `a`.
pub(crate) fn item(scratch: &Scratch) -> Option<(ItemState, String)> {
    let catalog = scratch.catalog();
    let found = catalog.item("c/a").unwrap()?;
    Some((found.state, found.item.name.to_string()))
}

pub async fn approved_records_outrank_published_and_private_ones_in_any_order() {
    for mode in MODES {
        check_approved_records_outrank_published_and_private_ones_in_any_order(mode).await;
    }
}

pub(crate) async fn check_approved_records_outrank_published_and_private_ones_in_any_order(
    mode: Mode,
) {
    for order in orders(&[APPROVED, PUBLISHED, PRIVATE]) {
        let scratch = Scratch::new();
        for day in 0..3 {
            let counts = scan((&scratch, mode), day, &[&order]).await;
            assert_eq!(counts.seen, 2, "{order:?}");
            assert_eq!(counts.changed, 0, "{order:?}");
            assert_eq!(item(&scratch), Some((ItemState::Present, "x".to_owned())));
        }
        // A different order in the next scan changes nothing.
        for (day, other) in orders(&order).into_iter().enumerate() {
            scan((&scratch, mode), 3 + day as i64, &[&other]).await;
        }
        assert_eq!(scratch.changes(), ["added other", "added a"], "{order:?}");
    }
}

pub async fn of_equal_standing_the_newer_record_and_then_the_smaller_id_counts() {
    for mode in MODES {
        check_of_equal_standing_the_newer_record_and_then_the_smaller_id_counts(mode).await;
    }
}

pub(crate) async fn check_of_equal_standing_the_newer_record_and_then_the_smaller_id_counts(
    mode: Mode,
) {
    let newer = Record {
        id: "z",
        modified: 9,
        ..APPROVED
    };
    let smaller = Record {
        id: "a",
        ..APPROVED
    };
    for (records, winner) in [([APPROVED, newer], "z"), ([APPROVED, smaller], "a")] {
        for order in orders(&records) {
            let scratch = Scratch::new();
            scan((&scratch, mode), 0, &[&order]).await;
            assert_eq!(item(&scratch).unwrap().1, winner, "{order:?}");
        }
    }
}

pub async fn a_higher_ranked_excluded_or_undecided_record_hides_the_others() {
    for mode in MODES {
        check_a_higher_ranked_excluded_or_undecided_record_hides_the_others(mode).await;
    }
}

pub(crate) async fn check_a_higher_ranked_excluded_or_undecided_record_hides_the_others(
    mode: Mode,
) {
    for decision in [Exclude, Undecided] {
        for order in orders(&[APPROVED.but(decision), PUBLISHED, PRIVATE]) {
            let scratch = Scratch::new();
            let counts = scan((&scratch, mode), 0, &[&order]).await;
            assert_eq!(item(&scratch), None, "{order:?}");
            assert_eq!((counts.seen, counts.added), (1, 1), "{order:?}");
            // The stored content of the approved record is kept in every state.
            scan((&scratch, mode), 1, &[&[APPROVED]]).await;
            scan((&scratch, mode), 2, &[&order]).await;
            let state = match decision {
                Exclude => ItemState::Excluded,
                _ => ItemState::Unreadable,
            };
            assert_eq!(item(&scratch), Some((state, "x".to_owned())), "{order:?}");
        }
    }
}

pub async fn a_lower_ranked_excluded_or_undecided_record_changes_nothing() {
    for mode in MODES {
        check_a_lower_ranked_excluded_or_undecided_record_changes_nothing(mode).await;
    }
}

pub(crate) async fn check_a_lower_ranked_excluded_or_undecided_record_changes_nothing(mode: Mode) {
    for decision in [Exclude, Undecided] {
        for order in orders(&[APPROVED, PRIVATE.but(decision)]) {
            let scratch = Scratch::new();
            for day in 0..2 {
                scan((&scratch, mode), day, &[&order]).await;
                assert_eq!(item(&scratch), Some((ItemState::Present, "x".to_owned())));
            }
            assert_eq!(scratch.changes(), ["added other", "added a"], "{order:?}");
        }
    }
}

pub async fn an_aborted_attempt_leaves_no_changes() {
    for mode in MODES {
        check_an_aborted_attempt_leaves_no_changes(mode).await;
    }
}

pub(crate) async fn check_an_aborted_attempt_leaves_no_changes(mode: Mode) {
    let scratch = Scratch::new();
    scan((&scratch, mode), 0, &[&[APPROVED]]).await;
    // The first attempt saw only the draft, and the second only an excluded record.
    let broken: [&[Record]; 3] = [&[PRIVATE], &[APPROVED.but(Exclude)], &[APPROVED, PRIVATE]];
    let counts = scan((&scratch, mode), 1, &broken).await;
    assert_eq!((counts.changed, counts.newly_excluded), (0, 0));
    assert_eq!(item(&scratch), Some((ItemState::Present, "x".to_owned())));
    assert_eq!(scratch.changes(), ["added other", "added a"]);
    // A real change is logged once, compared with the content before the scan.
    let renamed = Record {
        id: "new",
        modified: 9,
        ..APPROVED
    };
    let counts = scan(
        (&scratch, mode),
        2,
        &[&[PRIVATE, APPROVED], &[PRIVATE, renamed]],
    )
    .await;
    assert_eq!(counts.changed, 1);
    assert_eq!(scratch.changes()[2..], ["changed a name"]);
}

pub async fn a_gone_item_returns_once_in_any_order() {
    for mode in MODES {
        check_a_gone_item_returns_once_in_any_order(mode).await;
    }
}

pub(crate) async fn check_a_gone_item_returns_once_in_any_order(mode: Mode) {
    for order in orders(&[APPROVED, PUBLISHED, PRIVATE]) {
        let scratch = Scratch::new();
        scan((&scratch, mode), 0, &[&[APPROVED]]).await;
        scan((&scratch, mode), 1, &[&[]]).await;
        scan((&scratch, mode), 2, &[&order]).await;
        let expected = ["added other", "added a", "removed a", "returned a"];
        assert_eq!(scratch.changes(), expected, "{order:?}");
    }
}
