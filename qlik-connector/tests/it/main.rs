//! Integration tests: whole scans of a fake site.

mod failures;
mod invented;
mod settings;
mod site;
