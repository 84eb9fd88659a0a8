//! A scan: reads the lists in order and turns their records into observations.

pub(crate) mod attempt;
pub(crate) mod attempts;
pub(crate) mod changes;
pub(crate) mod containers;
pub(crate) mod requests;
pub(crate) mod retries;
pub(crate) mod sheets;
pub(crate) mod source;
