//! The contract between a kind of source and the scanner.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{
    Completeness, ConnectionCode, ConnectorId, ContainerKind, Diagnostic, FieldRevision, Finding,
    InventoryEntry, KeysOnly, PropertyDefinition, ScanError, ScanSink, ScanState, Settings, Stage,
    Visualization,
    filter::{Evaluation, ItemFilter},
    settings::{DeclarationGroup, Invalid},
};

/// A kind of source, such as Qlik Sense. Creates connections from their settings.
pub trait Connector: Send + Sync {
    /// The id that connection files name in `connector_id`.
    fn id(&self) -> &ConnectorId;

    /// The names of the stages of [`Connection::check`], in their order.
    fn stages(&self) -> &[&'static str];

    /// The properties that items of every connection may have. Empty if connections differ.
    fn properties(&self) -> &[PropertyDefinition];

    /// The settings that [`open`](Self::open) may read. It must read no others.
    fn settings(&self) -> &'static [DeclarationGroup];

    /// Reads all settings and creates a connection from them, without sending a request.
    ///
    /// # Errors
    /// If a setting is missing or invalid; [`Settings::problems`] then lists every problem.
    fn open(
        &self,
        code: ConnectionCode,
        settings: &mut Settings,
    ) -> Result<Box<dyn Connection>, Invalid>;
}

/// One configured source.
///
/// Every method is required. A feature that not every source has is a capability: a separate trait behind an accessor,
/// such as [`sessions`](Self::sessions). A type that wraps another connection must therefore delegate every method, and
/// the compiler finds missing ones.
#[async_trait]
pub trait Connection: Send + Sync {
    /// Describes its items.
    fn schema(&self) -> Schema;

    /// Reads what `request` asks for and sends it to `sink` piece by piece, without remembering items.
    ///
    /// The observations count only after the closing statement. If a source fails in the middle of a list, the
    /// connection may call [`ScanSink::restart`], which discards the attempt, and begin again. It awaits
    /// [`ScanSink::ready`] as that says.
    ///
    /// # Errors
    /// If a list was not read to its end after all retries, or the sink returned an error: the scan has *failed*.
    async fn scan(
        &self,
        request: ScanRequest,
        sink: &mut dyn ScanSink,
    ) -> Result<Completeness, ScanError>;

    /// Tests each stage on the way to the data of the source. Reads no list.
    ///
    /// All stages are returned, in their order, including those that were not reached.
    async fn check(&self) -> Vec<Stage>;

    /// Tests the stages that need no source, such as the filter. Sends no request.
    fn check_offline(&self) -> Vec<Stage>;

    /// Looks up single items. `None` if the source cannot be queried for them.
    fn lookup(&self) -> Option<Box<dyn Lookup + '_>>;

    /// The filter that the connection's file sets, if it sets one.
    fn filtering(&self) -> Option<Box<dyn Filtering + '_>>;

    /// Sessions with the source that outlive a process. `None` if the source has none.
    fn sessions(&self) -> Option<Box<dyn Sessions + '_>>;
}

impl dyn Connection + '_ {
    /// Lists the items of the source, as keys with labels.
    ///
    /// # Errors
    /// As for [`scan`](Connection::scan).
    pub async fn inventory(
        &self,
        sink: &mut dyn ScanSink<InventoryEntry>,
    ) -> Result<Completeness, ScanError> {
        self.scan(ScanRequest::Full, &mut KeysOnly(sink)).await
    }

    /// Marks the connection's session as used until the hold is dropped.
    pub fn hold_session(&self) -> SessionHold {
        let sessions = self.sessions();
        sessions.map_or_else(SessionHold::default, |sessions| sessions.hold())
    }

    /// Ends the connection's session, see [`Sessions::end`].
    pub async fn end_session(&self) -> Option<Diagnostic> {
        self.sessions()?.end().await
    }
}

/// Looks up single items on a source.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Finds what the source has now for `subject`: the key or link of an item, an id of the source, or a name. Records
    /// that are not visible to the account are not found.
    ///
    /// # Errors
    /// If the source cannot be read.
    async fn find(&self, subject: &str) -> Result<Vec<Finding>, ScanError>;
}

/// The filter of a connection.
pub trait Filtering: Send + Sync {
    /// The filter as the connection's file sets it.
    fn filter(&self) -> &ItemFilter;

    /// Decides about an item that a catalog holds, without a request to the source. Values that such an item does not
    /// contain are unknown.
    fn decide(&self, item: &Visualization) -> Evaluation;
}

/// Sessions with a source. A session that outlives a process saves the next one a login.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The current session, to be kept for the next process: an opaque secret.
    fn current(&self) -> Option<SecretString>;

    /// Continues a session that an earlier process kept. An invalid session is ignored.
    fn resume(&self, session: &SecretString);

    /// A name for the session in files. Connections that share a session have the same name. Without the salt, the name
    /// does not reveal whose session it is.
    fn key(&self, salt: &str) -> String;

    /// Marks the session as used until the hold is dropped.
    fn hold(&self) -> SessionHold;

    /// Ends the session on the source if the connection's file says so and no connection holds it any longer. A failure
    /// is a warning, because sessions also expire by themselves.
    async fn end(&self) -> Option<Diagnostic>;
}

/// Describes the items of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The properties that its items may have, in display order.
    pub properties: &'static [PropertyDefinition],
    /// The fields of its items that were added, or changed their meaning, after the first version of the connector.
    pub revisions: &'static [FieldRevision],
    /// The names of the parts of an item's key, after the connection's code: `["app", "sheet"]`.
    pub key_parts: &'static [&'static str],
    /// The kinds of containers that hold its items, from the outermost to the innermost. Empty if it delivers none.
    pub container_kinds: &'static [ContainerKind],
}

/// What a scan should read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanRequest {
    /// Everything that the source shows.
    #[default]
    Full,
    /// At least what changed since the last complete scan of the connection, if it is known. The result must be that of a
    /// scan of everything. A connection that cannot find the changes, or does not look for them, reads everything.
    Changes(Option<Checkpoint>),
}

/// The last complete scan of a connection, if the catalog has not changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What the connection remembers of it.
    pub state: ScanState,
    /// How long ago the last scan that read everything began.
    pub since_full: Duration,
}

/// A use of a session, until it is dropped.
#[derive(Default)]
#[must_use = "the session is held until this is dropped"]
pub struct SessionHold(
    #[expect(dead_code, reason = "holds until it is dropped")] Option<Box<dyn Send>>,
);

impl SessionHold {
    /// Creates a hold that keeps the source's own hold until it is dropped.
    pub fn new(hold: impl Send + 'static) -> Self {
        Self(Some(Box::new(hold)))
    }
}

/// The connectors of a scanner, by id.
#[derive(Default)]
pub struct ConnectorRegistry {
    connectors: Vec<Box<dyn Connector>>,
}

impl ConnectorRegistry {
    /// Adds a connector, and replaces an earlier one with the same id.
    #[must_use]
    pub fn with(mut self, connector: Box<dyn Connector>) -> Self {
        self.connectors.retain(|known| known.id() != connector.id());
        self.connectors.push(connector);
        self
    }

    /// Finds the connector with the id `id`.
    #[must_use]
    pub fn get(&self, id: &ConnectorId) -> Option<&dyn Connector> {
        self.connectors
            .iter()
            .find(|connector| connector.id() == id)
            .map(AsRef::as_ref)
    }

    /// Lists the stages of the checks of all connectors, each once.
    pub fn stages(&self) -> impl Iterator<Item = &'static str> {
        let mut stages = Vec::new();
        for stage in self
            .connectors
            .iter()
            .flat_map(|connector| connector.stages())
        {
            if !stages.contains(stage) {
                stages.push(*stage);
            }
        }
        stages.into_iter()
    }

    /// The ids of all connectors.
    pub fn ids(&self) -> impl Iterator<Item = &ConnectorId> {
        self.connectors.iter().map(|connector| connector.id())
    }
}
