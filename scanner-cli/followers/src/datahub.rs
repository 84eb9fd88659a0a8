//! DataHub.

pub mod mapping;
pub mod settings;
