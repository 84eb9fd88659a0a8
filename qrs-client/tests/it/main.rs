//! The client against sites that answer, fall silent and break off.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and so may its helpers"
)]

mod failures;
mod lists;
mod requests;
mod scripted;
mod secrets;
mod sessions;
mod time_limits;
