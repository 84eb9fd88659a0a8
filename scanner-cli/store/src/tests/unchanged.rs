//! Unchanged: what only a store on SQLite does.

use std::time::Duration;

use catalog_model::{Checkpoint, ScanState};

use super::*;
use crate::conformance::unchanged::*;

const DAY_LENGTH: Duration = Duration::from_secs(DAY as u64);

#[tokio::test]
async fn a_checkpoint_lasts_until_another_scan_writes_anything() {
    let scratch = Scratch::new();
    assert_eq!(scratch.checkpoint(0).await, None);
    scratch.remembered(0, &[("a", "A")]).await;
    let expected = |days| {
        Some(Checkpoint {
            state: ScanState(vec![7]),
            since_full: DAY_LENGTH * days,
        })
    };
    assert_eq!(scratch.checkpoint(1).await, expected(1));
    // The scans so far have written nothing.
    assert_eq!(scratch.checkpoint(2).await, expected(2));
    let mut scan = scratch.begin(3).await;
    scan.unchanged(rest(&[], 0));
    scan.state(ScanState(vec![7]));
    close(scan, 3).await.unwrap();
    assert_eq!(scratch.checkpoint(4).await, expected(4));
    assert_eq!(
        scratch.checkpoint(-1).await.map(|found| found.since_full),
        Some(Duration::MAX),
        "the clock went back"
    );
    let mut scan = scratch.begin(5).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    scan.flush().await.unwrap();
    drop(scan);
    assert_eq!(scratch.checkpoint(6).await, None);
    scratch.remembered(7, &[("a", "A")]).await;
    scratch.scan(8, &[("a", "A")]).await;
    assert_eq!(scratch.checkpoint(9).await, None);
}
