//! The properties of items, and the kinds of containers that hold them.

pub(crate) mod kinds;
pub(crate) mod properties;
