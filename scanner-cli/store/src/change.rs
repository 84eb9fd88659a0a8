//! The numbers that the database uses for states and kinds of changes. A released number never changes.

use catalog_model::{ChangeKind, ItemState};

/// An enum that the database stores as a number.
pub trait NumericCode: Sized {
    /// The number that the database stores.
    fn code(self) -> i64;

    /// The value that is stored as this number.
    fn from_code(code: i64) -> Option<Self>;
}

const STATES: [ItemState; 4] = [
    ItemState::Present,
    ItemState::Unreadable,
    ItemState::Excluded,
    ItemState::Gone,
];

const KINDS: [ChangeKind; 6] = [
    ChangeKind::Added,
    ChangeKind::Changed,
    ChangeKind::Removed,
    ChangeKind::Returned,
    ChangeKind::Excluded,
    ChangeKind::Rewritten,
];

impl NumericCode for ItemState {
    fn code(self) -> i64 {
        position(&STATES, self)
    }

    fn from_code(code: i64) -> Option<Self> {
        STATES.get(usize::try_from(code).ok()?).copied()
    }
}

impl NumericCode for ChangeKind {
    fn code(self) -> i64 {
        position(&KINDS, self)
    }

    fn from_code(code: i64) -> Option<Self> {
        KINDS.get(usize::try_from(code).ok()?).copied()
    }
}

/// The index in a list of all values. A test checks that the list is complete.
fn position<T: PartialEq>(all: &[T], one: T) -> i64 {
    let position = all.iter().position(|known| *known == one);
    position
        .and_then(|number| i64::try_from(number).ok())
        .unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_kinds_are_read_as_they_are_written() {
        for state in ItemState::ALL {
            assert_eq!(ItemState::from_code(state.code()), Some(state));
        }
        for kind in ChangeKind::ALL {
            assert_eq!(ChangeKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(ItemState::from_code(4), None);
        assert_eq!(ChangeKind::from_code(-1), None);
    }
}
