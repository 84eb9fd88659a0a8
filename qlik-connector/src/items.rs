//! Converts apps and sheets of QRS to items of a catalog. Nothing here sends requests.

pub(crate) mod apps;
pub(crate) mod dates;
pub(crate) mod link;
pub(crate) mod lower;
pub(crate) mod status;
