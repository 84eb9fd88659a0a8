#![doc = include_str!("../README.md")]

use std::path::Path;

use catalog_model::FollowerRegistry;

pub mod csv;
pub mod csv_cell;
pub mod datahub;
pub mod datahub_file;
pub mod export_folder;
pub mod export_line;
pub mod field_names;
pub mod json_text;
pub mod ndjson;
pub mod openmetadata;
pub mod postgresql;
pub mod product;
pub mod remote;
pub mod sync;
pub mod webhook;
pub mod zeenea_zdf;

mod declared;

pub use declared::REMOTE;
pub use outbound_settings::{TIME_LIMITS, TLS_AND_PROXY};

/// Returns all kinds of followers. Relative paths in their settings start at the folder `home`.
#[must_use]
pub fn registry(home: &Path) -> FollowerRegistry {
    FollowerRegistry::default()
        .with(Box::new(ndjson::NdjsonKind::new(home)))
        .with(Box::new(csv::CsvKind::new(home)))
        .with(Box::new(datahub::DatahubKind))
        .with(Box::new(datahub_file::DatahubFileKind::new(home)))
        .with(Box::new(openmetadata::OpenmetadataKind))
        .with(Box::new(postgresql::PostgresqlKind))
        .with(Box::new(zeenea_zdf::ZeeneaZdfKind::new(home)))
        .with(Box::new(webhook::WebhookKind))
}
