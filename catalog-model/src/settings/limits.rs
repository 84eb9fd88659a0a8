//! How much of a settings file is read and reported. A file that was written to be too much must not stop the others.

use std::{ops::RangeInclusive, time::Duration};

/// Maximum number of problems, and of warnings, that are reported for a file.
pub(super) const MAX_PROBLEMS: usize = 100;

/// Maximum number of unknown settings that are reported one by one, and that are compared with all known ones.
pub(super) const MAX_UNKNOWN: usize = 50;

/// Maximum number of bytes of a text.
pub(super) const MAX_TEXT_BYTES: usize = 10_000;

/// Maximum number of texts in a list.
pub(super) const MAX_TEXTS: usize = 1_000;

/// Maximum number of blocks in a list.
pub(super) const MAX_BLOCKS: usize = 10_000;

/// The durations that a setting may have, unless its reader knows better: 1 ms to 366 days.
pub(super) const DURATIONS: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(366 * 24 * 60 * 60);
