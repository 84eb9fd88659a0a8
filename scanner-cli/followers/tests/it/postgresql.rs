//! The follower `postgresql`, with a real server.
//!
//! Where PostgreSQL is not installed these tests fail: Debian has it in the package `postgresql`.

#[expect(dead_code, reason = "others use the rest of it")]
pub(crate) mod cluster;
mod content;
mod contract;
mod database;
mod dry_runs;
mod feed;
mod full;
mod interruptions;
mod refused;
mod rights;
mod sharing;
mod stages;
mod way;
