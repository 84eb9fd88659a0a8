//! Feed: what only a store on SQLite does.

use catalog_model::follower::{Acknowledgement, Feed, Position, Start};

use super::*;
use crate::conformance::feed::*;

#[tokio::test]
async fn a_scan_is_not_reported_before_its_changes_can_be_delivered() {
    let scratch = Scratch::new();
    for (day, name) in [(1, "A"), (2, "B"), (3, "B")] {
        scratch.scan(day, &[("a", name), ("b", name)]).await;
    }
    let count = || {
        let feed = open(&scratch);
        let scans = now(feed.scans(&ConnectionCode::new("c").unwrap(), 0));
        scans.unwrap().len()
    };
    assert_eq!(count(), 3);
    // As if a scan of another connection, which has not ended, had made the first change of the second scan.
    let db = rusqlite::Connection::open(scratch.path()).unwrap();
    db.execute_batch(
        "INSERT INTO connection (code, name, key_parts) VALUES ('d', 'D', '[]'); \
         INSERT INTO scan (connection, started) SELECT max(id), 0 FROM connection; \
         UPDATE change SET scan = (SELECT max(id) FROM scan) \
         WHERE seq = (SELECT min(seq) FROM change WHERE scan = (SELECT min(id) + 1 FROM scan)); \
         UPDATE scan SET first_change = (SELECT min(seq) FROM change WHERE change.scan = scan.id) WHERE outcome IS NULL",
    )
    .unwrap();
    assert_eq!(count(), 1);
    db.execute_batch("UPDATE scan SET outcome = 'complete' WHERE outcome IS NULL")
        .unwrap();
    assert_eq!(count(), 3);
}

#[tokio::test]
async fn notes_are_recorded_together_with_the_position() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let feed = open(&scratch);
    let keys = ["c/a".to_owned(), "c/b".to_owned()];
    assert_eq!(now(feed.notes(&keys)).unwrap(), [None, None]);
    let first = Acknowledgement::default().with_note("c/a", "hash 1".to_owned());
    now(feed.acknowledge(first)).unwrap();
    assert_eq!(
        open(&scratch).start(),
        Start::Reset,
        "the position did not move"
    );
    let noted = [Some("hash 1".to_owned()), None];
    assert_eq!(now(open(&scratch).notes(&keys)).unwrap(), noted);
    let second = Acknowledgement::up_to(feed.end())
        .with_note("c/a", None)
        .with_note("c/b", "hash 2".to_owned());
    now(feed.acknowledge(second)).unwrap();
    let feed = open(&scratch);
    assert_eq!(feed.start(), Start::After(feed.end()));
    let noted = [None, Some("hash 2".to_owned())];
    assert_eq!(now(feed.notes(&keys)).unwrap(), noted);
    // As if this store were restored from a backup of another one.
    let db = rusqlite::Connection::open(scratch.path()).unwrap();
    db.execute("UPDATE store SET id = 'another'", []).unwrap();
    let feed = open(&scratch);
    assert_eq!(feed.start(), Start::Reset);
    assert_eq!(now(feed.notes(&keys)).unwrap(), [None, None]);
    now(feed.acknowledge(Acknowledgement::up_to(Position::new(1)))).unwrap();
    assert_eq!(now(feed.notes(&keys)).unwrap(), [None, None]);
}
