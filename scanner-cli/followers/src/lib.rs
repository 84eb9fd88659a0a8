#![doc = include_str!("../README.md")]

use std::path::Path;

use catalog_model::FollowerRegistry;

pub mod export_line;
pub mod json_text;
pub mod ndjson;

/// Returns all kinds of followers. Relative paths in their settings start at the folder `home`.
#[must_use]
pub fn registry(home: &Path) -> FollowerRegistry {
    FollowerRegistry::default().with(Box::new(ndjson::NdjsonKind::new(home)))
}
