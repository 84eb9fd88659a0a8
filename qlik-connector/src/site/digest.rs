//! Digests of what a site sent, to recognize later that it did not change.
//!
//! They are only compared with digests of the same version of the program. If another build of it computed others, a scan
//! would read everything.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A digest of 64 bits.
pub(crate) fn short_digest(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A digest of 128 bits.
pub(crate) fn digest(value: impl Hash) -> u128 {
    let high = short_digest((1_u8, &value));
    u128::from(high) << 64 | u128::from(short_digest((2_u8, value)))
}
