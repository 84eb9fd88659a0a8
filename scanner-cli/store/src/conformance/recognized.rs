//! Records that a scan recognizes by their digests: their items are seen, and nothing is written.

use catalog_model::{Origin, RecordDigest};

use super::*;
use crate::Counts;

/// A record: the key and the name of its item. The digest is that of both.
pub(crate) type Named = (&'static str, &'static str);

pub(crate) fn digest_of((key, name): Named) -> RecordDigest {
    let digest = crate::hashes::fingerprint(&[key, name]);
    RecordDigest(u128::from_be_bytes(digest))
}

/// Offers a record, and sends its item unless it is recognized. Returns whether it is.
pub(crate) fn offer(scan: &mut StoreScan, record: Named) -> bool {
    let digest = digest_of(record);
    if scan.recognizes(digest) {
        return true;
    }
    let (key, name) = record;
    let origin = Origin {
        id: Some(SourceId(format!("id-{key}"))),
        digest: Some(digest),
    };
    scan.item(&item(key, name, Contacts::Unknown), &origin)
        .unwrap();
    false
}

/// Begins a scan that sees these records. Returns it with the keys of those that it recognized.
pub(crate) async fn see_all(
    scratch: &Scratch,
    day: i64,
    records: &[Named],
) -> (StoreScan, Vec<&'static str>) {
    let mut scan = scratch.begin(day).await;
    scan.digest_key().await.unwrap();
    let records = records.iter().copied();
    let recognized = records.filter(|record| offer(&mut scan, *record));
    let recognized = recognized.map(|(key, _)| key).collect();
    (scan, recognized)
}

pub(crate) async fn complete(
    scratch: &Scratch,
    day: i64,
    records: &[Named],
) -> (Counts, Vec<&'static str>) {
    let (scan, recognized) = see_all(scratch, day, records).await;
    let closed = close(scan, day).await.unwrap();
    assert_eq!(closed.statement, Some(Completeness::Complete));
    (closed.counts, recognized)
}

/// State, name, and the days on which an item was last seen and read.
pub(crate) fn found(scratch: &Scratch, key: &str) -> (ItemState, String, i64, i64) {
    let catalog = scratch.catalog();
    let item = catalog.item(&format!("c/{key}")).unwrap().unwrap();
    let day = |time: i64| (time / 1000 - at(0).as_second()) / DAY;
    let days = (day(item.last_seen), day(item.last_read));
    (item.state, item.item.name.to_string(), days.0, days.1)
}

pub(crate) fn present(name: &str, day: i64) -> (ItemState, String, i64, i64) {
    (ItemState::Present, name.to_owned(), day, day)
}

pub(crate) const ALL: [Named; 4] = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")];

pub async fn only_a_complete_scan_marks_what_it_did_not_see_as_gone() {
    let scratch = Scratch::new();
    complete(&scratch, 0, &ALL).await;
    complete(&scratch, 1, &ALL).await;
    // It fails, and has seen two of four.
    let (scan, _) = see_all(&scratch, 2, &ALL[..2]).await;
    close_as(scan, 2, Err("broken".to_owned())).await.unwrap();
    assert_eq!(found(&scratch, "a"), present("A", 2));
    assert_eq!(found(&scratch, "d"), present("D", 1));
    // It is partial, and has seen three of four.
    let (scan, _) = see_all(&scratch, 3, &ALL[1..]).await;
    let partial = Completeness::Partial(vec!["reason".to_owned()]);
    let closed = close_as(scan, 3, Ok(partial)).await.unwrap();
    assert_eq!((closed.counts.seen, closed.counts.removed), (3, 0));
    assert_eq!(found(&scratch, "a"), present("A", 2));
    assert_eq!(found(&scratch, "d"), present("D", 3));
    // It is interrupted.
    let (scan, _) = see_all(&scratch, 4, &ALL[..1]).await;
    drop(scan);
    assert_eq!(found(&scratch, "d"), present("D", 3));
    let (counts, recognized) = complete(&scratch, 5, &ALL[1..]).await;
    assert_eq!((counts.removed, recognized), (1, vec!["b", "c", "d"]));
    assert_eq!(
        found(&scratch, "a"),
        (ItemState::Gone, "A".to_owned(), 2, 2)
    );
    // It returns, and is recognized from then on.
    let (counts, recognized) = complete(&scratch, 6, &ALL).await;
    assert_eq!((counts.returned, recognized.len()), (1, 3));
    assert_eq!(complete(&scratch, 7, &ALL).await.1.len(), 4);
}

pub async fn a_changed_item_is_written_with_its_new_digest() {
    let scratch = Scratch::new();
    complete(&scratch, 0, &ALL).await;
    let changed = [("a", "New"), ALL[1], ALL[2], ALL[3], ("e", "E")];
    let (counts, recognized) = complete(&scratch, 1, &changed).await;
    assert_eq!((counts.seen, counts.changed, counts.added), (5, 1, 1));
    assert_eq!(recognized, ["b", "c", "d"]);
    assert_eq!(complete(&scratch, 2, &changed).await.1.len(), 5);
    assert_eq!(found(&scratch, "a"), present("New", 2));
    // The former record is not recognized any more.
    let (counts, recognized) = complete(&scratch, 3, &ALL).await;
    assert_eq!(
        (counts.changed, counts.removed, recognized.len()),
        (1, 1, 3)
    );
}

pub async fn a_new_attempt_sees_everything_again() {
    let scratch = Scratch::new();
    complete(&scratch, 0, &ALL).await;
    let (mut scan, _) = see_all(&scratch, 1, &[ALL[0], ("b", "New")]).await;
    scan.flush().await.unwrap();
    scan.restart().unwrap();
    // Before the writer knows of the attempt, nothing is recognized; both ways the result is the same.
    offer(&mut scan, ALL[0]);
    scan.digest_key().await.unwrap();
    assert!(
        !offer(&mut scan, ALL[1]),
        "the first attempt has written it"
    );
    assert!(offer(&mut scan, ALL[2]));
    assert!(!offer(&mut scan, ALL[2]), "once per attempt");
    let closed = close(scan, 1).await.unwrap();
    assert_eq!((closed.counts.seen, closed.counts.removed), (3, 1));
    assert_eq!(closed.counts.changed, 0);
    assert_eq!(found(&scratch, "b"), present("B", 1));
    assert_eq!(found(&scratch, "d").0, ItemState::Gone);
}

pub async fn an_item_that_needs_a_line_is_observed_and_not_written() {
    let scratch = Scratch::new();
    complete(&scratch, 0, &ALL).await;
    let mut scan = scratch.begin(1).await;
    scan.digest_key().await.unwrap();
    for record in ALL {
        let digest = Some(digest_of(record));
        assert!(scan.recognizes(digest_of(record)));
        // Even with another content: it is not compared.
        let origin = Origin { id: None, digest };
        scan.item(&item(record.0, "Other", Contacts::Unknown), &origin)
            .unwrap();
    }
    let closed = close(scan, 1).await.unwrap();
    assert_eq!((closed.counts.seen, closed.counts.changed), (4, 0));
}
