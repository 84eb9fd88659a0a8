//! Integration tests.

mod fake_site;
