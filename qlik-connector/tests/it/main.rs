//! Integration tests: whole scans of a fake site.
#![cfg(test)]

mod completeness;
mod contacts;
mod failures;
mod filters;
mod find;
mod invented;
mod settings;
mod site;
