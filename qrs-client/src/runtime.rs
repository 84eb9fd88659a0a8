//! The runtime that the client needs.

use tokio::runtime::Handle;

use crate::error::Error;

/// Checks that the caller is inside a tokio runtime.
///
/// # Errors
///
/// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if not. Without this check, tokio itself would panic.
pub(crate) fn check() -> Result<(), Error> {
    match Handle::try_current() {
        Ok(_handle) => Ok(()),
        Err(_) => Err(
            Error::configuration("the client was used outside of a tokio runtime").with_hint(
                "call it within `#[tokio::main]` or `Runtime::block_on`, or enable the feature `blocking` of qrs-client",
            ),
        ),
    }
}
