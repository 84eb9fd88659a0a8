//! The texts of the pages, in one place, so that other languages can be added.

pub(crate) const PRODUCT: &str = "Catalog";

pub(crate) const NOT_FOUND: &str = "Not found";
pub(crate) const NOT_FOUND_TEXT: &str =
    "There is no page at this address. It may have been mistyped, or what it showed is gone.";
pub(crate) const UNREADABLE: &str = "The catalog cannot be read";
pub(crate) const BAD_REQUEST: &str = "Invalid address";

pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const SIGN_IN_TOKEN: &str = "Token";
pub(crate) const SIGN_IN_WRONG: &str = "The token is wrong.";

pub(crate) fn sign_in_throttled(seconds: u64) -> String {
    format!("Too many attempts from this address failed. Try again in {seconds} seconds.")
}
