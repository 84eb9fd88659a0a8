//! The contract that any [`Connection`] must pass, to be run from the tests of its connector.
//!
//! ```no_run
//! # async fn test(connection: &dyn catalog_model::Connection, code: &catalog_model::ConnectionCode) {
//! catalog_model::contract::check(connection, code).await.expect("the connection keeps the contract");
//! # }
//! ```

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::{
    Completeness, Connection, ConnectionCode, Container, ContainerKind, Diagnostic, DigestKey,
    ExcludedItem, IdLedger, InventoryEntry, ItemKey, MemoryLedger, OBSERVATIONS_AT_ONCE,
    Observation, Progress, RecordDigest, RepeatedRecord, ScanError, ScanRequest, ScanSink,
    ScanState, Schema, SinkError, SourceId, Stage, UnchangedRest, UndecidedItem, Verdict,
    Visualization,
};

mod digests;
mod files;
pub mod follower;
mod subject;

pub use files::{FilesUnderTest, check_files};
pub use subject::check_subject;

/// A violated rule of the contract, as a sentence that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Violation(String);

/// A sink that records what it receives, and can be set to return an error after a number of items.
#[derive(Debug)]
pub struct Recorder<T = Visualization> {
    /// The items, with the source's ids.
    pub items: Vec<(T, Option<SourceId>)>,
    /// Number of records that could not be read.
    pub unreadable: Vec<crate::UnreadableRecord>,
    /// Items that a filter excluded.
    pub excluded: Vec<ExcludedItem>,
    /// Items about which the filter could not decide.
    pub undecided: Vec<UndecidedItem>,
    /// What was not read.
    pub unchanged: Vec<UnchangedRest>,
    /// What the connection remembers of the scan.
    pub state: Option<ScanState>,
    /// Containers of items.
    pub containers: Vec<Container>,
    /// The kinds of containers that may be incomplete.
    pub hidden_containers: Vec<ContainerKind>,
    /// Records other than items that occurred more than once.
    pub repeated: Vec<RepeatedRecord>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// The progress that the scan reported.
    pub progress: Vec<Progress>,
    /// Why the scan was restarted.
    pub restarts: Vec<String>,
    /// The digests of the records of the items, if they have one.
    pub digests: Vec<RecordDigest>,
    /// The digests that it recognizes.
    pub known: BTreeSet<RecordDigest>,
    /// The digests that it has recognized.
    pub recognized: Vec<RecordDigest>,
    refuse_from: usize,
    /// Number of observations for which the scan has waited for room.
    room: usize,
    /// Number of observations that did not wait for room.
    unawaited: u64,
}

impl<T> Default for Recorder<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            unreadable: Vec::new(),
            excluded: Vec::new(),
            undecided: Vec::new(),
            unchanged: Vec::new(),
            state: None,
            containers: Vec::new(),
            hidden_containers: Vec::new(),
            repeated: Vec::new(),
            warnings: Vec::new(),
            progress: Vec::new(),
            restarts: Vec::new(),
            digests: Vec::new(),
            known: BTreeSet::new(),
            recognized: Vec::new(),
            refuse_from: usize::MAX,
            room: 0,
            unawaited: 0,
        }
    }
}

impl<T> Recorder<T> {
    /// Creates a sink that accepts `count` items and refuses the next one.
    #[must_use]
    pub fn refusing_after(count: usize) -> Self {
        Self {
            refuse_from: count,
            ..Self::default()
        }
    }
}

#[async_trait]
impl<T: Send> ScanSink<T> for Recorder<T> {
    async fn ready(&mut self) -> Result<(), SinkError> {
        self.room = OBSERVATIONS_AT_ONCE;
        Ok(())
    }

    async fn digest_key(&mut self) -> Option<DigestKey> {
        Some(DigestKey([7; 16]))
    }

    fn recognizes(&mut self, digest: RecordDigest) -> bool {
        let known = self.known.contains(&digest) && !self.recognized.contains(&digest);
        if known {
            self.recognized.push(digest);
        }
        known
    }

    fn observe(&mut self, observation: Observation<T>) -> Result<(), SinkError> {
        self.unawaited += u64::from(self.room == 0);
        self.room = self.room.saturating_sub(1);
        match observation {
            Observation::Item(..) if self.items.len() >= self.refuse_from => {
                return Err(SinkError {
                    message: "the recorder was set to refuse".to_owned(),
                    source: None,
                });
            }
            Observation::Item(item, origin) => {
                self.digests.extend(origin.digest);
                self.items.push((item, origin.id));
            }
            Observation::Unreadable(record) => self.unreadable.push(record),
            Observation::Excluded(item) => self.excluded.push(item),
            Observation::Undecided(item) => self.undecided.push(item),
            Observation::Unchanged(rest) => self.unchanged.push(rest),
            Observation::State(state) => self.state = Some(state),
            Observation::Container(container) => self.containers.push(*container),
            Observation::HiddenContainers(kind) => self.hidden_containers.push(kind),
        }
        Ok(())
    }

    fn restart(&mut self, cause: &str) -> Result<(), SinkError> {
        self.items.clear();
        self.digests.clear();
        self.recognized.clear();
        self.unreadable.clear();
        self.excluded.clear();
        self.undecided.clear();
        self.unchanged.clear();
        self.state = None;
        self.containers.clear();
        self.hidden_containers.clear();
        self.repeated.clear();
        self.warnings.clear();
        self.restarts.push(cause.to_owned());
        Ok(())
    }

    fn warn(&mut self, warning: Diagnostic) {
        self.warnings.push(warning);
    }

    fn progress(&mut self, progress: Progress) {
        self.progress.push(progress);
    }

    fn ledger(&mut self) -> Box<dyn IdLedger> {
        Box::<MemoryLedger>::default()
    }

    fn repeated(&mut self, record: RepeatedRecord) {
        self.repeated.push(record);
    }
}

/// Scans a source that can be read, does not change, and has at least two items, and checks every rule of the contract.
///
/// # Errors
/// The first rule that is violated.
pub async fn check(connection: &dyn Connection, code: &ConnectionCode) -> Result<(), Violation> {
    let mut scan = Recorder::default();
    let closing = connection.scan(ScanRequest::Full, &mut scan).await;
    let closing = closing
        .map_err(|error| Violation(format!("a source that can be read is scanned: {error}")))?;
    expect(closing == Completeness::Complete, || {
        format!("a source that can be read is scanned completely, not {closing:?}")
    })?;
    expect(scan.items.len() >= 2, || {
        "the contract needs a source with at least two items".to_owned()
    })?;
    expect(scan.unawaited == 0, || {
        "a scan waits until its sink has room for its observations".to_owned()
    })?;
    for (item, _) in &scan.items {
        check_item(connection, code, item)?;
    }
    let keys: BTreeSet<_> = scan.items.iter().map(|(item, _)| &item.key).collect();
    expect(keys.len() == scan.items.len(), || {
        "no key comes twice".to_owned()
    })?;
    check_excluded(connection, code, &scan.excluded, &keys)?;
    check_containers(connection, code, &scan)?;
    check_again(connection, &scan).await?;
    check_stages(connection).await?;
    check_refusal(connection).await
}

fn check_item(
    connection: &dyn Connection,
    code: &ConnectionCode,
    item: &Visualization,
) -> Result<(), Violation> {
    let key = &item.key;
    check_key(connection, code, key)?;
    expect(!item.label.is_empty(), || format!("`{key}` has a label"))?;
    expect(item.description.as_deref() != Some(""), || {
        format!("`{key}` has no empty description")
    })?;
    for (name, value) in item.properties.iter() {
        let declared = connection
            .schema()
            .properties
            .iter()
            .find(|declared| declared.name == name);
        expect(
            declared.map(|declared| declared.kind) == Some(value.kind()),
            || format!("the property `{name}` of `{key}` is declared with the kind of its value"),
        )?;
    }
    let declared = connection.schema().properties;
    let known = |name: &&str| declared.iter().any(|declared| declared.name == *name);
    let mut unknown = item.properties.unknown().iter();
    expect(unknown.all(known), || {
        format!("the unknown properties of `{key}` are declared")
    })
}

fn check_key(
    connection: &dyn Connection,
    code: &ConnectionCode,
    key: &ItemKey,
) -> Result<(), Violation> {
    expect(key.belongs_to(code), || {
        format!("`{key}` begins with the connection's code `{code}`")
    })?;
    expect(
        key.parts().count() == connection.schema().key_parts.len() + 1,
        || {
            format!(
                "`{key}` has the parts code, {}",
                connection.schema().key_parts.join(", ")
            )
        },
    )
}

/// Checks that an excluded item has a valid key, is not among the items, and occurs once.
fn check_excluded(
    connection: &dyn Connection,
    code: &ConnectionCode,
    excluded: &[ExcludedItem],
    items: &BTreeSet<&ItemKey>,
) -> Result<(), Violation> {
    let mut keys = BTreeSet::new();
    for ExcludedItem { key, .. } in excluded {
        check_key(connection, code, key)?;
        expect(!items.contains(key), || {
            format!("`{key}`, which a filter excludes, is not an item, too")
        })?;
        expect(keys.insert(key), || {
            format!("`{key}`, which a filter excludes, comes once")
        })?;
    }
    Ok(())
}

/// Checks that the containers have declared kinds and occur once, and that referenced containers are delivered.
fn check_containers(
    connection: &dyn Connection,
    code: &ConnectionCode,
    scan: &Recorder,
) -> Result<(), Violation> {
    let Schema {
        container_kinds,
        key_parts,
        ..
    } = connection.schema();
    expect(container_kinds.is_empty() || key_parts.len() > 1, || {
        "items of a connection with containers have keys of at least three parts".to_owned()
    })?;
    let mut keys = BTreeSet::new();
    for container in &scan.containers {
        let Container { key, kind, id, .. } = container;
        expect(container_kinds.contains(kind), || {
            format!("the kind `{}` of `{key}` is declared", kind.id)
        })?;
        expect(
            Container::key_of(code, *kind, &id.0).as_ref() == Ok(key),
            || format!("the key of `{key}` is made of code, kind and id"),
        )?;
        expect(keys.insert(key), || {
            format!("the container `{key}` comes once")
        })?;
    }
    let parents = scan.containers.iter().map(|one| (&one.key, &one.parent));
    let items = scan
        .items
        .iter()
        .map(|(item, _)| (&item.key, &item.container));
    for (key, container) in parents.chain(items) {
        let comes = container
            .as_ref()
            .is_none_or(|container| keys.contains(container));
        expect(comes, || {
            format!("the container of `{key}` comes in the same scan")
        })?;
    }
    Ok(())
}

async fn check_again(connection: &dyn Connection, scan: &Recorder) -> Result<(), Violation> {
    let mut again = Recorder::default();
    let closing = connection.scan(ScanRequest::Full, &mut again).await;
    expect(matches!(closing, Ok(Completeness::Complete)), || {
        "a second scan ends like the first".to_owned()
    })?;
    let same = again.items == scan.items
        && again.excluded == scan.excluded
        && again.containers == scan.containers;
    expect(same, || {
        "a second scan of a source that did not change sees the same".to_owned()
    })?;
    digests::check(connection, scan, &again).await?;
    let mut inventory = Recorder::<InventoryEntry>::default();
    let closing = connection.inventory(&mut inventory).await;
    expect(matches!(closing, Ok(Completeness::Complete)), || {
        "an inventory ends like a scan".to_owned()
    })?;
    let listed: BTreeSet<&ItemKey> = inventory
        .items
        .iter()
        .map(|(entry, _)| &entry.key)
        .collect();
    let scanned: BTreeSet<&ItemKey> = scan.items.iter().map(|(item, _)| &item.key).collect();
    expect(listed == scanned, || {
        "an inventory lists the keys of a scan".to_owned()
    })?;
    expect(inventory.excluded == scan.excluded, || {
        "an inventory leaves out what a scan does".to_owned()
    })
}

async fn check_stages(connection: &dyn Connection) -> Result<(), Violation> {
    let stages = connection.check().await;
    expect(!stages.is_empty(), || "a check has stages".to_owned())?;
    let well = |stage: &Stage| matches!(stage.verdict, Verdict::Ok | Verdict::Warning);
    expect(stages.iter().all(well), || {
        "a source that can be scanned passes every stage of a check".to_owned()
    })
}

async fn check_refusal(connection: &dyn Connection) -> Result<(), Violation> {
    let mut refusing = Recorder::refusing_after(1);
    let closing = connection.scan(ScanRequest::Full, &mut refusing).await;
    expect(matches!(closing, Err(ScanError::Sink(_))), || {
        format!("a scan whose sink refuses fails with the sink's error, not {closing:?}")
    })?;
    expect(
        refusing.items.len() == 1 && refusing.restarts.is_empty(),
        || "a scan whose sink refuses ends at once".to_owned(),
    )
}

fn expect(holds: bool, sentence: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds {
        Ok(())
    } else {
        Err(Violation(sentence()))
    }
}
