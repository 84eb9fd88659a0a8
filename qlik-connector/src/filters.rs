//! The criteria of filters, and the apps and sheets that they are applied to. Nothing here sends requests.

pub(crate) mod app_subject;
pub(crate) mod criteria;
pub(crate) mod filtering;
pub(crate) mod sheet_subject;
pub(crate) mod stored_sheet;
