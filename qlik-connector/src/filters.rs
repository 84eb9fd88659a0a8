//! The criteria of filters, and the apps and sheets that they are applied to. Nothing here sends requests.

pub(crate) mod asked_app;
pub(crate) mod asked_sheet;
pub(crate) mod criteria;
pub(crate) mod filtering;
pub(crate) mod stored_sheet;
