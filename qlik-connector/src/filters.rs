//! What filters may ask of apps and sheets, and who answers. Nothing here sends requests.

pub(crate) mod asked_app;
pub(crate) mod asked_sheet;
pub(crate) mod criteria;
pub(crate) mod filtering;
pub(crate) mod stored_sheet;
