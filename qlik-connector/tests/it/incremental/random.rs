//! A site changes at random. Scans that read only changes, and scans that leave out the records that the store recognizes, must
//! say what scans say that compare each record.

use catalog_model::Extent;
use catalog_store::Counts;
use qrs_client::fake_site::FakeSite;

use super::{
    edits::{Dice, SiteClock, edit, site_content},
    store::{Reads, TestStore},
};
use crate::site::connect;

/// Settings that decide what items look like.
const SETTINGS: [&[(&str, &str)]; 3] = [
    &[],
    &[
        (
            "filter",
            "not (sheet contains 'raft') and not any t in app_tag match t starts with 'Q3'",
        ),
        ("connection.contacts.app_owner", "true"),
    ],
    &[
        (
            "filters",
            "drafts REJECT sheet=Draft*;plans REJECT app=Plan*",
        ),
        ("connection.contacts.email_template", "{userId}@example.com"),
    ],
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_for_changes_says_what_a_scan_of_everything_says() {
    compare(1_000, 15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute"]
async fn hundreds_of_scans_for_changes_say_what_scans_of_everything_say() {
    compare(2_000, 200).await;
}

/// Runs this many rounds with each of the settings.
async fn compare(seed: u64, rounds: usize) {
    let mut incremental = 0;
    for (number, settings) in SETTINGS.iter().enumerate() {
        incremental += run(settings, seed + number as u64, rounds).await;
    }
    let all = rounds * SETTINGS.len();
    assert!(
        incremental * 3 > all,
        "only {incremental} of {all} scans read only changes"
    );
}

/// Returns how many scans read only changes.
async fn run(settings: &[(&str, &str)], seed: u64, rounds: usize) -> usize {
    let mut dice = Dice(seed);
    let site = FakeSite::builder()
        .content(site_content(&mut dice))
        .start()
        .await;
    let mut lines = settings.to_vec();
    lines.push(("connection.incremental", "true"));
    let connection = connect(&site, &lines);
    let (changes, recognizing) = (TestStore::new(), TestStore::new());
    let everything = TestStore::new();
    let mut recognized = 0;
    let mut clock = SiteClock::new();
    let mut incremental = 0;
    let mut log = Vec::new();
    for round in 0..rounds {
        clock.passes(20 + dice.below(100) as i64);
        for _ in 0..dice.below(4) {
            log.push(format!("{round}: {}", edit(&site, &mut dice, &clock)));
        }
        let hour = round as i64;
        let one = changes.scan(&*connection, hour, Reads::Changes).await;
        let quick = recognizing.scan(&*connection, hour, Reads::Everything);
        let quick = quick.await;
        recognized += quick.recognized;
        let other = everything.scan(&*connection, hour, Reads::EachRecord).await;
        log.push(format!("{round}: {:?} {:?}", one.extent, one.closing));
        incremental += usize::from(matches!(one.extent, Some(Extent::Changes { .. })));
        let context = || format!("seed {seed}, round {round}:\n{}", log.join("\n"));
        assert_eq!(one.closing, other.closing, "{}", context());
        assert_eq!(quick.closing, other.closing, "{}", context());
        assert_eq!(quick.counts, other.counts, "{}", context());
        assert_eq!(quick.said, other.said, "{}", context());
        assert_eq!(recognizing.content(), everything.content(), "{}", context());
        // Of excluded sheets that were not read, records are counted. One sheet may have two.
        let excluded = other.counts.excluded;
        assert!(one.counts.excluded >= excluded, "{}", context());
        let counts = Counts {
            excluded,
            unread: 0,
            ..one.counts
        };
        assert_eq!(counts, other.counts, "{}", context());
        let (found, expected) = (changes.content(), everything.content());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{}", context());
        }
        assert_eq!(found.len(), expected.len(), "{}", context());
    }
    assert!(recognized > rounds as u64, "{recognized} recognized");
    incremental
}
