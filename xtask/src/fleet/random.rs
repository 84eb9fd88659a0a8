//! Random numbers that can be repeated.

use std::time::Duration;

/// A generator: xorshift64*, by Sebastiano Vigna.
pub(super) struct Random(u64);

impl Random {
    /// The numbers of a seed.
    pub(super) fn new(seed: u64) -> Self {
        // Zero would stay zero.
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }

    /// A period up to a maximum.
    pub(super) fn period(&mut self, most: Duration) -> Duration {
        most * self.below(1_000) as u32 / 1_000
    }
}
