//! Integration tests: followers as the scanner uses them.
#![cfg(test)]

mod datahub;
mod datahub_file;
mod datahub_mapping;
mod fake_datahub;
mod fake_http;
mod ndjson;
#[cfg(unix)]
mod postgresql;
mod remote_settings;
mod support;
