//! Placeholder.

pub mod hocon;
