//! The store in PostgreSQL, with a real server.

mod leases;
mod server;

catalog_store::conformance_suite!(crate::server::new_store);
