//! Logging in by each kind of credentials.

mod tokens;
