//! The fuse: limits how many items a scan may mark as gone without confirmation.

/// Maximum number of removals that never need a confirmation, unless all items would be removed.
const MAX_REMOVALS: u64 = 10;

/// The removal of more than one in this many items needs a confirmation.
const MIN_ITEMS_PER_REMOVAL: u64 = 5;

/// Whether a scan may mark any number of items as gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removals {
    /// At most as many as the fuse allows.
    Limited,
    /// All of them, because an administrator confirmed it.
    Accepted,
}

/// Whether the removal of `removed` of `total` items is more likely to be an error, such as missing permissions.
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
