#![doc = include_str!("../README.md")]

mod change;
mod characters;
mod check;
mod connector;
mod container;
#[cfg(feature = "contract")]
pub mod contract;
mod counted;
mod diagnostic;
mod documentation;
pub mod encoding;
pub mod filter;
mod finding;
pub mod follower;
mod instant;
mod item;
mod key;
mod ledger;
mod link;
mod names;
mod near;
mod place;
mod property;
mod scan;
pub mod settings;

pub use change::{ChangeKind, ItemState};
pub use characters::{InvisibleCharacter, is_unprintable, printable, printable_line, replacement};
pub use check::{Stage, Verdict};
pub use connector::{
    Checkpoint, Connection, Connector, ConnectorRegistry, Filtering, Lookup, ScanRequest, Schema,
    SessionHold, Sessions,
};
pub use container::{Container, ContainerField, ContainerKind, CustomProperty, Inclusion};
pub use counted::{counted, grouped};
pub use diagnostic::{Diagnostic, Severity};
pub use finding::Finding;
pub use follower::{Feed, FollowError, Follower, FollowerKind, FollowerRegistry};
pub use instant::{Instant, InvalidInstant};
pub use item::{AccountStatus, Contact, Contacts, Precedence, Visualization};
pub use key::{InvalidKey, ItemKey};
pub use ledger::{DistinctIds, FingerprintHasher, FingerprintSet, IdLedger, MemoryLedger};
pub use link::Link;
pub use names::{ConnectionCode, ConnectorId, FollowerName, InvalidName};
pub use near::nearest;
pub use place::Place;
pub use property::{FieldRevision, Properties, PropertyDefinition, PropertyKind, PropertyValue};
pub use scan::{
    Completeness, DigestKey, ExcludedItem, Extent, InventoryEntry, KeysOnly, OBSERVATIONS_AT_ONCE,
    Observation, Origin, Progress, RecordDigest, RepeatedRecord, ScanError, ScanOutcome, ScanSink,
    ScanState, SinkError, SourceId, UnchangedRest, UndecidedItem, UnreadableRecord, with_causes,
};
pub use settings::Settings;
