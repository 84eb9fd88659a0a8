//! Integration tests: the crate as its users see it.

mod settings;
