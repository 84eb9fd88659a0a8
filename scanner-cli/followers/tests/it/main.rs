//! Integration tests: followers as the scanner uses them.
#![cfg(test)]

mod datahub_file;
mod datahub_mapping;
mod ndjson;
mod support;
