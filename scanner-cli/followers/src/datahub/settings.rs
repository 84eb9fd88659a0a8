//! The settings of the mapping.

use catalog_model::Settings;

use super::mapping::{Mapping, OwnerId};

/// How items and containers are described.
pub fn mapping(settings: &mut Settings) -> Mapping {
    let owner_id = settings.choice("owner_id", &OwnerId::CHOICES);
    let tag_prefix = settings.text("tag_prefix");
    Mapping {
        owner_id: owner_id.map(|choice| choice.value).unwrap_or_default(),
        tag_prefix: tag_prefix.map(|prefix| prefix.value).unwrap_or_default(),
    }
}
