//! The contract between a kind of source and the scanner.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{
    Completeness, ConnectionCode, ConnectorId, ContainerKind, Diagnostic, FieldRevision, Finding,
    InventoryEntry, KeysOnly, PropertyDefinition, ScanError, ScanSink, Settings, Stage,
    Visualization,
    filter::{Decision, ItemFilter},
    settings::Invalid,
};

/// A kind of source, such as Qlik Sense: makes connections of what their files say.
pub trait Connector: Send + Sync {
    /// The id that connection files name in `connector_id`.
    fn id(&self) -> &ConnectorId;

    /// The names of the stages of [`Connection::check`], in their order.
    fn stages(&self) -> &[&'static str];

    /// The properties that items of its connections may carry, as far as all connections have the same.
    fn properties(&self) -> &[PropertyDefinition] {
        &[]
    }

    /// Reads all its settings and makes a connection of them, without talking to anybody.
    ///
    /// # Errors
    /// When a setting is missing or wrong; [`Settings::problems`] then lists every fault.
    fn open(
        &self,
        code: ConnectionCode,
        settings: &mut Settings,
    ) -> Result<Box<dyn Connection>, Invalid>;
}

/// One configured source.
#[async_trait]
pub trait Connection: Send + Sync {
    /// The properties that its items may carry, in the order in which people want to see them.
    fn properties(&self) -> &[PropertyDefinition];

    /// The fields of its items that came, or got another meaning, after the first version of the connector.
    fn revisions(&self) -> &[FieldRevision] {
        &[]
    }

    /// What the parts of an item's key are, after the connection's code: `["app", "sheet"]`.
    fn key_parts(&self) -> &[&'static str];

    /// The kinds of containers that hold its items, from the outside in. Empty if it delivers none.
    fn container_kinds(&self) -> &[ContainerKind];

    /// Reads everything and hands it to `sink` piece by piece, remembering no item.
    ///
    /// What the sink took counts only once the closing statement is there. Where a source breaks in the middle, the
    /// connection may tell the sink to forget the attempt ([`ScanSink::restart`]) and begin again.
    ///
    /// # Errors
    /// When a list was not read to its end after all tries, or the sink refused: the scan has *failed*.
    async fn scan(&self, sink: &mut dyn ScanSink) -> Result<Completeness, ScanError>;

    /// Lists what the source has, as keys with labels.
    ///
    /// # Errors
    /// As for [`scan`](Self::scan).
    async fn inventory(
        &self,
        sink: &mut dyn ScanSink<InventoryEntry>,
    ) -> Result<Completeness, ScanError> {
        self.scan(&mut KeysOnly(sink)).await
    }

    /// Looks at each stage on the way to what the source shows, and says where it ends; reads no list.
    ///
    /// All stages come back, in their order, those that were not reached among them.
    async fn check(&self) -> Vec<Stage>;

    /// The stages that need no source: what the connection made of its settings. Asks nobody.
    fn check_offline(&self) -> Vec<Stage> {
        Vec::new()
    }

    /// Asks the source what it has now under `subject`: an item's key or link, an id of its own, or a name. What the
    /// account may not see is not among the findings. Nothing comes back of a source that cannot be asked.
    ///
    /// # Errors
    /// When the source cannot be read.
    async fn find(&self, subject: &str) -> Result<Option<Vec<Finding>>, ScanError> {
        let _ = subject;
        Ok(None)
    }

    /// The filter that its file sets, if it sets one.
    fn filter(&self) -> Option<&ItemFilter> {
        None
    }

    /// Decides what the filter makes of an item that a catalog holds, without asking the source: what such an item does not
    /// tell is unknown. Nothing comes back where there is no filter.
    fn decide(&self, item: &Visualization) -> Option<Decision> {
        let _ = item;
        None
    }

    /// The session with the source, to be kept for the next process: an opaque secret.
    fn session(&self) -> Option<SecretString> {
        None
    }

    /// Continues a session that an earlier process kept; one that does not fit is ignored.
    fn resume(&self, session: &SecretString) {
        let _ = session;
    }

    /// A name for the session in files. Connections that share a session have the same one. Without the salt it does not
    /// give away whose session it is. None if there is nothing to keep.
    fn session_key(&self, salt: &str) -> Option<String> {
        let _ = salt;
        None
    }

    /// Marks the session as used until the hold is dropped.
    fn hold_session(&self) -> SessionHold {
        SessionHold::default()
    }

    /// Ends the session on the source if its file says so, and no connection holds it any more. A failure is a warning:
    /// sessions also end by themselves.
    async fn end_session(&self) -> Option<Diagnostic> {
        None
    }
}

/// A use of a session, until it is dropped.
#[derive(Default)]
#[must_use = "the session is held until this is dropped"]
pub struct SessionHold(
    #[expect(dead_code, reason = "holds until it is dropped")] Option<Box<dyn Send>>,
);

impl SessionHold {
    /// A hold that ends when the source's own one is dropped.
    pub fn new(hold: impl Send + 'static) -> Self {
        Self(Some(Box::new(hold)))
    }
}

/// The connectors that a scanner has, by id.
#[derive(Default)]
pub struct ConnectorRegistry {
    connectors: Vec<Box<dyn Connector>>,
}

impl ConnectorRegistry {
    /// Adds a connector; a former one with the same id is replaced.
    #[must_use]
    pub fn with(mut self, connector: Box<dyn Connector>) -> Self {
        self.connectors.retain(|known| known.id() != connector.id());
        self.connectors.push(connector);
        self
    }

    /// The connector that connection files name `id`.
    #[must_use]
    pub fn get(&self, id: &ConnectorId) -> Option<&dyn Connector> {
        self.connectors
            .iter()
            .find(|connector| connector.id() == id)
            .map(AsRef::as_ref)
    }

    /// The stages of checks that connectors have, each once.
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
