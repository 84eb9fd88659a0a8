//! The texts of the pages, in one place, so that other languages can be added.

pub(crate) const PRODUCT: &str = "Catalog";

pub(crate) const NOT_FOUND: &str = "Not found";
pub(crate) const NOT_FOUND_TEXT: &str =
    "There is no page at this address. It may have been mistyped, or what it showed is gone.";
pub(crate) const UNREADABLE: &str = "The catalog cannot be read";
pub(crate) const BAD_REQUEST: &str = "Invalid address";
