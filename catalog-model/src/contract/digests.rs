//! The contract of digests of records.

use super::{Recorder, Violation, expect};
use crate::{Completeness, Connection, ScanRequest};

/// Checks that equal records have equal digests, and that a scan leaves out no more than the items that are recognized.
pub(super) async fn check(
    connection: &dyn Connection,
    scan: &Recorder,
    again: &Recorder,
) -> Result<(), Violation> {
    expect(again.digests == scan.digests, || {
        "the records of a source that did not change have the same digests".to_owned()
    })?;
    let mut recognizing = Recorder {
        known: scan.digests.iter().copied().collect(),
        ..Recorder::default()
    };
    expect(recognizing.known.len() == scan.digests.len(), || {
        "different records have different digests".to_owned()
    })?;
    let closing = connection.scan(ScanRequest::Full, &mut recognizing).await;
    expect(matches!(closing, Ok(Completeness::Complete)), || {
        "a scan whose sink recognizes records ends like the first".to_owned()
    })?;
    let recognized = recognizing.recognized.len();
    expect(recognized == scan.digests.len(), || {
        "every record with a digest is recognized".to_owned()
    })?;
    let observed = recognizing.items.iter();
    let all_known = observed.clone().all(|item| scan.items.contains(item));
    expect(
        all_known && observed.len() + recognized >= scan.items.len(),
        || "a scan leaves out no items but those that are recognized".to_owned(),
    )?;
    let same = recognizing.excluded == scan.excluded
        && recognizing.containers == scan.containers
        && recognizing.warnings == scan.warnings;
    expect(same, || {
        "a scan whose sink recognizes records says everything else".to_owned()
    })
}
