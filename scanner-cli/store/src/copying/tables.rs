//! The tables of a store in the form of a copy.

/// A table, and how its rows are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// By number.
    Connections,
    /// By number.
    Scans,
    /// By number.
    ContainerKinds,
    /// Long texts, by hash.
    Texts,
    /// Items and containers, also those that are gone, by number.
    Items,
    /// The log, by number.
    Changes,
    /// What connections remember of their last complete scans, by connection.
    Checkpoints,
    /// Followers with their positions, by name.
    Followers,
    /// What followers note for themselves, by follower and key.
    Notes,
    /// What catalogs refused, by follower and key.
    Refusals,
}

/// What a column contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Numbers.
    Integer,
    /// Texts.
    Text,
    /// Bytes.
    Bytes,
}

use CellKind::{Bytes, Integer, Text};

/// The name of a column, and what it contains.
pub type Column = (&'static str, CellKind);

impl Table {
    /// All tables. None refers to a later one.
    pub const ALL: [Self; 10] = [
        Self::Connections,
        Self::Scans,
        Self::ContainerKinds,
        Self::Texts,
        Self::Items,
        Self::Changes,
        Self::Checkpoints,
        Self::Followers,
        Self::Notes,
        Self::Refusals,
    ];

    /// The name of its rows, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Scans => "scans",
            Self::ContainerKinds => "kinds of containers",
            Self::Texts => "long texts",
            Self::Items => "items and containers",
            Self::Changes => "changes",
            Self::Checkpoints => "checkpoints of connections",
            Self::Followers => "followers",
            Self::Notes => "notes of followers",
            Self::Refusals => "refusals of catalogs",
        }
    }

    /// Its columns.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Connections => CONNECTIONS,
            Self::Scans => SCANS,
            Self::ContainerKinds => CONTAINER_KINDS,
            Self::Texts => TEXTS,
            Self::Items => ITEMS,
            Self::Changes => CHANGES,
            Self::Checkpoints => CHECKPOINTS,
            Self::Followers => FOLLOWERS,
            Self::Notes => NOTES,
            Self::Refusals => REFUSALS,
        }
    }

    /// How many of its first columns say which row it is.
    pub(super) fn identity(self) -> usize {
        match self {
            Self::Notes | Self::Refusals => 2,
            _ => 1,
        }
    }
}

const CONNECTIONS: &[Column] = &[
    ("id", Integer),
    ("code", Text),
    ("name", Text),
    ("key_parts", Text),
    ("complete_from", Integer),
    ("outcome", Text),
    ("error", Text),
    ("seen_by", Integer),
    ("read_by", Integer),
];

/// No change of the scan has a smaller number than `first_change`.
const SCANS: &[Column] = &[
    ("id", Integer),
    ("connection", Integer),
    ("started", Integer),
    ("ended", Integer),
    ("outcome", Text),
    ("reasons", Text),
    ("site_version", Text),
    ("bytes", Integer),
    ("seen", Integer),
    ("unread", Integer),
    ("added", Integer),
    ("changed", Integer),
    ("removed", Integer),
    ("returned", Integer),
    ("unreadable", Integer),
    ("excluded", Integer),
    ("rewritten", Integer),
    ("first_change", Integer),
];

const CONTAINER_KINDS: &[Column] = &[("id", Integer), ("name", Text), ("label", Text)];

const TEXTS: &[Column] = &[("hash", Text), ("body", Text)];

/// `left_out` is 1 if `connection.seen_by` does not count the item as seen although its state does not say so.
const ITEMS: &[Column] = &[
    ("id", Integer),
    ("connection", Integer),
    ("key", Text),
    ("source_id", Text),
    ("fingerprint", Bytes),
    ("contacts_fingerprint", Integer),
    ("state", Integer),
    ("scan", Integer),
    ("left_out", Integer),
    ("gone_since", Integer),
    ("container_kind", Integer),
    ("digest", Bytes),
    ("first_seen", Integer),
    ("changed_by", Integer),
    ("contacts", Text),
    ("content", Text),
    ("texts", Text),
];

const CHANGES: &[Column] = &[
    ("seq", Integer),
    ("scan", Integer),
    ("item", Integer),
    ("kind", Integer),
    ("time", Integer),
    ("fields", Text),
    ("change_values", Text),
];

const CHECKPOINTS: &[Column] = &[
    ("connection", Integer),
    ("full_read", Integer),
    ("state", Bytes),
];

const FOLLOWERS: &[Column] = &[
    ("name", Text),
    ("cursor", Integer),
    ("basis", Text),
    ("followed", Integer),
    ("succeeded", Integer),
    ("failures", Integer),
    ("failed", Integer),
    ("error", Text),
    ("sent", Integer),
    ("refused", Integer),
];

const NOTES: &[Column] = &[("follower", Text), ("key", Text), ("note", Text)];

const REFUSALS: &[Column] = &[("follower", Text), ("key", Text), ("message", Text)];
