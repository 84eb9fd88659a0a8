//! States of items and containers, and kinds of changes.

/// Whether an item or container exists, as far as a catalog knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ItemState {
    /// The last complete scan saw it, or a later one.
    Present,
    /// Its record exists but could not be read. Its content is from an earlier scan.
    Unreadable,
    /// A filter excludes it.
    Excluded,
    /// A complete scan no longer saw it.
    Gone,
}

impl ItemState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Present, Self::Unreadable, Self::Excluded, Self::Gone];

    /// The states of items that exist as far as is known. An item that could not be read is unknown, not gone.
    pub const EXISTING: &[Self] = &[Self::Present, Self::Unreadable];

    /// The word for it in files and exports: `present`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Unreadable => "unreadable",
            Self::Excluded => "excluded",
            Self::Gone => "gone",
        }
    }
}

/// What happened to an item or container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A scan saw it for the first time.
    Added,
    /// Its content differs from that of the scan before.
    Changed,
    /// A complete scan no longer saw it.
    Removed,
    /// It had been removed or excluded, and exists again.
    Returned,
    /// A filter excludes it, and did not before.
    Excluded,
    /// It is the same on the source, but this version of the program describes it in another way. Only followers
    /// receive such changes.
    Rewritten,
}

impl ChangeKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Added,
        Self::Changed,
        Self::Removed,
        Self::Returned,
        Self::Excluded,
        Self::Rewritten,
    ];

    /// The word for it in files and exports: `added`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Returned => "returned",
            Self::Excluded => "excluded",
            Self::Rewritten => "rewritten",
        }
    }
}
