//! The fuse: how many items may be marked as gone at once without confirmation by a person.

/// Maximum number of removals that need no confirmation, unless they are all items.
const MAX_REMOVALS: u64 = 10;

/// More than one item in this many is too many.
const MIN_ITEMS_PER_REMOVAL: u64 = 5;

/// Whether a person confirmed that many items may be marked as gone at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removals {
    /// No more than the fuse allows.
    Limited,
    /// As many as there are.
    Accepted,
}

/// Whether `removed` of `total` items are so many that an error is more likely, such as missing rights.
pub fn blows(removed: u64, total: u64) -> bool {
    let all = removed > 0 && removed >= total;
    all || (removed > MAX_REMOVALS && removed.saturating_mul(MIN_ITEMS_PER_REMOVAL) > total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuse_blows_at_more_than_a_fifth_and_ten_or_at_all() {
        for (removed, total, expected) in [
            (0, 0, false),
            (0, 100, false),
            (1, 1, true),
            (3, 3, true),
            (2, 3, false),
            (10, 11, false),
            (11, 54, true),
            (11, 55, false),
            (20, 100, false),
            (21, 100, true),
            (u64::MAX, u64::MAX, true),
        ] {
            assert_eq!(blows(removed, total), expected, "{removed} of {total}");
        }
    }
}
