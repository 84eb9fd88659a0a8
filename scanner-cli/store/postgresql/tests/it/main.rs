//! The store in PostgreSQL, with a real server.

#![cfg(test)]

mod leases;
mod server;

catalog_store::conformance_suite!(crate::server::new_store);
