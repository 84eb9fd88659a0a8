//! Apps and sheets of QRS on their way to items of a catalog. Nothing here sends requests.

pub(crate) mod apps;
pub(crate) mod dates;
pub(crate) mod link;
pub(crate) mod lower;
pub(crate) mod status;
