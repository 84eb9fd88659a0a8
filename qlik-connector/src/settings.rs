//! Settings of a connection that need more than one line to read.

pub(crate) mod accepted;
pub(crate) mod trust;
