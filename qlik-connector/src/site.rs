//! Requests to the site: lists, counts, and error messages.

pub(crate) mod attempt_error;
pub(crate) mod counts;
pub(crate) mod describe;
pub(crate) mod digest;
pub(crate) mod failure;
pub(crate) mod hint;
pub(crate) mod list;
pub(crate) mod session;
pub(crate) mod version;
