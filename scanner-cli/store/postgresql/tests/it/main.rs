//! The store in PostgreSQL, with a real server.

#![cfg(test)]

mod differential;
mod faults;
mod leases;
mod server;

catalog_store::conformance_suite!(crate::server::new_store);
