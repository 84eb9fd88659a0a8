//! The words of the store: states of items, kinds of changes, outcomes of scans.

/// What the store knows of an item's existence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The last complete scan saw it, or a later one.
    Present,
    /// Its record is there, but could not be read; what the store holds is what it was before.
    Unreadable,
    /// A filter excludes it now
    Excluded,
    /// A complete scan did not see it any more.
    Gone,
}

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Fields of it have other values.
    Changed,
    /// A complete scan did not see it any more.
    Removed,
    /// It had been removed or excluded, and is there again.
    Returned,
    /// A filter excludes it now and did not before.
    Excluded,
    /// It is the same on the source, and this version of the program writes it in another way. Followers take it; nobody
    /// else is told.
    Rewritten,
}

const STATES: [(State, &str); 4] = [
    (State::Present, "present"),
    (State::Unreadable, "unreadable"),
    (State::Excluded, "excluded"),
    (State::Gone, "gone"),
];

const KINDS: [(ChangeKind, &str); 6] = [
    (ChangeKind::Added, "added"),
    (ChangeKind::Changed, "changed"),
    (ChangeKind::Removed, "removed"),
    (ChangeKind::Returned, "returned"),
    (ChangeKind::Excluded, "excluded"),
    (ChangeKind::Rewritten, "rewritten"),
];

impl State {
    /// The number that the database has for it.
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The state with this number.
    pub fn of(code: i64) -> Option<Self> {
        let (state, _) = STATES.get(usize::try_from(code).ok()?)?;
        Some(*state)
    }

    /// The word for it in lists and exports.
    pub fn word(self) -> &'static str {
        STATES[self as usize].1
    }
}

impl ChangeKind {
    /// The number that the database has for it.
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The kind with this number.
    pub fn of(code: i64) -> Option<Self> {
        let (kind, _) = KINDS.get(usize::try_from(code).ok()?)?;
        Some(*kind)
    }

    /// The word for it in lists and exports.
    pub fn word(self) -> &'static str {
        KINDS[self as usize].1
    }
}
