#![doc = include_str!("../README.md")]

use std::path::Path;

use catalog_model::FollowerRegistry;

pub mod export_line;
pub mod json_text;
pub mod ndjson;

/// All kinds of followers. Relative paths of their settings start at the folder `home`.
#[must_use]
pub fn registry(home: &Path) -> FollowerRegistry {
    FollowerRegistry::default().with(Box::new(ndjson::NdjsonKind::new(home)))
}
