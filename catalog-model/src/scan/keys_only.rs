//! A sink for inventories.

use async_trait::async_trait;

use super::{
    DigestKey, InventoryEntry, Observation, Progress, RecordDigest, RepeatedRecord, ScanSink,
    SinkError,
};
use crate::{Diagnostic, IdLedger, Visualization};

/// A sink that turns a scan into an inventory: it passes on only key, label and catalog of each item.
pub struct KeysOnly<'a>(pub &'a mut dyn ScanSink<InventoryEntry>);

#[async_trait]
impl ScanSink for KeysOnly<'_> {
    async fn ready(&mut self) -> Result<(), SinkError> {
        self.0.ready().await
    }

    async fn digest_key(&mut self) -> Option<DigestKey> {
        self.0.digest_key().await
    }

    fn recognizes(&mut self, digest: RecordDigest) -> bool {
        self.0.recognizes(digest)
    }

    fn observe(&mut self, observation: Observation) -> Result<(), SinkError> {
        self.0.observe(match observation {
            Observation::Item(item, origin) => {
                let Visualization {
                    key,
                    label,
                    catalog,
                    precedence,
                    ..
                } = item;
                let entry = InventoryEntry {
                    key,
                    label,
                    catalog,
                    precedence,
                };
                Observation::Item(entry, origin)
            }
            Observation::Unreadable(record) => Observation::Unreadable(record),
            Observation::Excluded(item) => Observation::Excluded(item),
            Observation::Undecided(item) => Observation::Undecided(item),
            Observation::Unchanged(rest) => Observation::Unchanged(rest),
            Observation::State(state) => Observation::State(state),
            Observation::Container(container) => Observation::Container(container),
            Observation::HiddenContainers(kind) => Observation::HiddenContainers(kind),
        })
    }

    fn restart(&mut self, cause: &str) -> Result<(), SinkError> {
        self.0.restart(cause)
    }

    fn warn(&mut self, warning: Diagnostic) {
        self.0.warn(warning);
    }

    fn progress(&mut self, progress: Progress) {
        self.0.progress(progress);
    }

    fn repeated(&mut self, record: RepeatedRecord) {
        self.0.repeated(record);
    }

    fn ledger(&mut self) -> Box<dyn IdLedger> {
        self.0.ledger()
    }
}
