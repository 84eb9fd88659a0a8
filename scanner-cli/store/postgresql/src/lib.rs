#![doc = include_str!("../README.md")]

mod browse;
mod check;
mod connecting;
mod copying;
mod error;
mod followers;
mod forget;
mod group;
mod index;
mod lease;
mod pruning;
mod reader;
mod runtime;
mod schema;
mod server;
mod texts;
mod values;
mod writer;

pub use lease::{Lease, LeaseError, Leases};
pub use server::PostgresqlStore;
