//! Logging in by each kind of credentials.

mod certificates;
mod sessions;
mod signed_tokens;
mod tickets;
pub(crate) mod tokens;
#[cfg(feature = "windows-login")]
pub(crate) mod windows;
