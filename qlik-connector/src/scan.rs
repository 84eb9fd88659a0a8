//! A scan: which lists are read, in which order, and what becomes of their records.

pub(crate) mod attempt;
pub(crate) mod attempts;
pub(crate) mod containers;
pub(crate) mod retries;
pub(crate) mod sheets;
pub(crate) mod source;
