//! The contract between the scanner and a catalog that receives its changes.
//!
//! A [`FollowerKind`] creates a [`Follower`] from settings, as a [`Connector`](crate::Connector) creates a connection.
//! A follower reads a [`Feed`], writes to its catalog, and acknowledges what it has written.

use std::{error::Error, path::PathBuf};

use async_trait::async_trait;

use crate::{
    ConnectionCode, FollowerName, ItemKey, Settings, Stage,
    settings::{DeclarationGroup, Invalid},
};

mod declared;
mod example;
mod feed;
mod plan;
mod registry;

pub use declared::SETTINGS;
pub use example::Example;
pub use feed::{
    Acknowledgement, Batches, ChangeDetail, Entity, EntityKind, Feed, FeedChange, FeedConnection,
    FeedEntry, FeedError, FeedScan, Position, ScanCounts, Start,
};
pub use plan::{Plan, Planned};
pub use registry::{ConfiguredFollower, ConnectionScope, FollowerRegistry};

/// A kind of catalog, such as a folder of NDJSON files. Creates followers from their settings.
pub trait FollowerKind: Send + Sync {
    /// The id that settings name in `kind`.
    fn id(&self) -> &str;

    /// The names of the stages of [`Follower::check`], in their order.
    fn stages(&self) -> &[&'static str];

    /// The name of a follower whose settings have no `name`. The position of the follower is kept under this name, so
    /// it must stay the same in later versions.
    fn default_name(&self, settings: &mut Settings) -> String {
        let _ = settings;
        self.id().to_owned()
    }

    /// The settings of this kind that may contain a secret although their names do not say so, such as a URL with a key in
    /// its path. They are not shown; of a URL, the scheme and the host are.
    fn secret_settings(&self) -> &[&'static str] {
        &[]
    }

    /// The settings of this kind, without those that all kinds have. [`open`](Self::open) must read no others.
    fn settings(&self) -> &'static [DeclarationGroup];

    /// Reads all settings of this kind and creates a follower from them, without contacting the catalog.
    ///
    /// # Errors
    /// If a setting is missing or invalid; [`Settings::problems`] then lists every problem.
    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid>;
}

/// One configured catalog.
#[async_trait]
pub trait Follower: Send + Sync {
    /// The name under which its position is kept.
    fn name(&self) -> &FollowerName;

    /// The version of the format in which it describes items in its catalog. When this number changes, the feed starts
    /// with [`Start::Reset`], so that everything is delivered again.
    fn revision(&self) -> u32 {
        1
    }

    /// Checks each stage on the way to the catalog, without visible changes in the catalog.
    ///
    /// All stages are returned, in their order, also those that were not reached. A kind that describes items for its
    /// catalog shows how it would describe `example`, or a made-up item if the store has none.
    async fn check(&self, example: Option<&Example>) -> Vec<Stage>;

    /// Delivers the content of the feed, and acknowledges what the catalog has stored. The next delivery repeats
    /// everything that was not acknowledged, and may repeat more.
    ///
    /// The future may be dropped at any await, and may block: each delivery runs in a separate thread. It must end by
    /// itself when its catalog does not respond.
    ///
    /// # Errors
    /// If nothing more can be delivered now. The next delivery starts after the last acknowledgement.
    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError>;

    /// Adds to `plan` what [`follow`](Self::follow) would write now, and writes nothing: not to the catalog, not to a file,
    /// and not to the feed. The catalog may be read, because what is to be written may depend on it.
    ///
    /// The result says what would be delivered, and which items the follower itself refuses.
    ///
    /// # Errors
    /// As [`follow`](Self::follow). By default, the kind has no dry run.
    async fn dry_run(&self, feed: &dyn Feed, plan: &Plan) -> Result<Delivery, FollowError> {
        let _ = (feed, plan);
        Err(FollowError::Target {
            message: "followers of this kind have no dry run".to_owned(),
            hint: None,
            source: None,
        })
    }

    /// Whether it delivers items, or containers. By default, it delivers both.
    fn delivers(&self, of: EntityKind) -> bool {
        let _ = of;
        true
    }

    /// Where it delivers, for people: a folder, or the URL of a server without secrets. `None` if that cannot be shown.
    fn target(&self) -> Option<String> {
        None
    }

    /// What the catalog identifies an item or container by, for people: its URN. `None` if that is its key, or if the link
    /// contains it.
    fn identifier(&self, of: EntityKind, key: &ItemKey) -> Option<String> {
        let _ = (of, key);
        None
    }

    /// A link to an item or container in the catalog, for people. `None` if the follower cannot tell.
    fn link(&self, of: EntityKind, key: &ItemKey) -> Option<String> {
        let _ = (of, key);
        None
    }

    /// The files on this machine that contain items of a connection. A path may contain a secret of the settings.
    fn files_of(&self, code: &ConnectionCode) -> Vec<PathBuf> {
        let _ = code;
        Vec::new()
    }

    /// The text without the secrets of the follower's settings. By default, it has none.
    fn redact(&self, text: String) -> String {
        text
    }
}

/// What a follower has delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// What was written, by connection.
    pub delivered: Vec<Delivered>,
    /// Items and containers that the catalog refuses. All others were delivered.
    pub refused: Vec<Refusal>,
    /// What people should know besides, one line each: `12 owners have no user in the catalog`. It does not make the
    /// delivery partial. Never contains a secret.
    pub notices: Vec<String>,
    /// In a dry run: why the catalog could not be reached. It was then assumed to be empty. Never contains a secret.
    pub assumed_empty: Option<String>,
}

/// What a follower has written for one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The connection.
    pub connection: ConnectionCode,
    /// Number of items that were written.
    pub items: u64,
    /// Where they were written, for messages.
    pub target: String,
}

/// An item or container that the catalog refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its key.
    pub key: ItemKey,
    /// The reason that the catalog reported.
    pub message: String,
}

/// Why a delivery ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The feed could not be read, or the delivery is to end.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The catalog could not be written.
    #[error("{message}")]
    Target {
        /// What could not be done: `export/a.ndjson cannot be written`. Never contains a secret.
        message: String,
        /// What to do.
        hint: Option<String>,
        /// Why.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The catalog cannot be reached, although the follower has retried for as long as its settings allow.
    #[error("{message}")]
    Unreached {
        /// What failed, and how often it was tried. Never contains a secret.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The catalog rejects the credentials of the follower, or its account may not write. Another try would fail in the
    /// same way, so none follows before the next delivery.
    #[error("{message}")]
    Rejected {
        /// What the catalog responded. Never contains a secret.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl Delivery {
    /// Creates the result of a delivery without refusals.
    #[must_use]
    pub fn new(delivered: Vec<Delivered>) -> Self {
        Self {
            delivered,
            refused: Vec::new(),
            notices: Vec::new(),
            assumed_empty: None,
        }
    }
}

impl FollowError {
    /// Creates an error of the catalog.
    pub fn target(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Target {
            message: message.into(),
            hint: None,
            source: Some(source.into()),
        }
    }

    /// What to do, if the follower knows.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Target { hint, .. }
            | Self::Unreached { hint, .. }
            | Self::Rejected { hint, .. } => hint.as_deref(),
            Self::Feed(_) => None,
        }
    }

    /// Whether another try may succeed within seconds.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Unreached { .. } | Self::Rejected { .. })
    }

    /// Whether the delivery ended because it was asked to.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(self, Self::Feed(FeedError::Stopped))
    }
}
