//! Integration tests: followers as the scanner uses them.
#![cfg(test)]

mod csv;
mod datahub;
mod datahub_file;
mod datahub_mapping;
mod fake_datahub;
mod fake_http;
mod fake_openmetadata;
mod fake_receiver;
mod faults;
mod file_catalog;
mod histories;
mod kinds;
mod ndjson;
mod openmetadata;
mod openmetadata_mapping;
#[cfg(unix)]
mod postgresql;
mod python;
mod remote_settings;
mod served;
mod support;
mod webhook;
mod zeenea_zdf;
