//! Integration tests: followers as the scanner uses them.
#![cfg(test)]

mod csv;
mod datahub;
mod datahub_file;
mod datahub_mapping;
mod fake_datahub;
mod fake_http;
mod file_catalog;
mod fake_openmetadata;
mod faults;
mod ndjson;
#[cfg(unix)]
mod postgresql;
mod python;
mod remote_settings;
mod openmetadata;
mod openmetadata_mapping;
#[cfg(unix)]
mod postgresql;
mod remote_settings;
mod support;
mod zeenea_zdf;
