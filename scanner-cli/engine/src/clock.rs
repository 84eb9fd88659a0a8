//! The clock, which tests replace.

/// Returns the time of day.
pub type Clock = fn() -> jiff::Timestamp;
