//! Placeholder.
#[cfg(feature = "fake-site")]
pub mod fake_site;
