//! The store in PostgreSQL, with a real server.

// The tests start a server of their own, which works on Unix only.
#![cfg(unix)]
#![cfg(test)]

mod browsing;
mod differential;
mod faults;
mod group;
mod leases;
mod pages;
mod random;
mod readers;
mod server;
mod site;

catalog_store::conformance_suite!(crate::server::new_store);
