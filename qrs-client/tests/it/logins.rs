//! Logging in by each kind of credentials.

mod certificates;
mod sessions;
mod tickets;
mod tokens;
