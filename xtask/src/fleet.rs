//! Several scanners with one store in PostgreSQL, as processes: the demonstration `cargo xtask demo --fleet`, and the faults
//! `cargo xtask fleet-faults`.
//!
//! Both use the same group of processes, and check the same invariants.

mod clock;
mod database;
mod demo;
mod faults;
mod group;
mod invariants;
mod proxy;
mod random;
mod receiver;
mod scanner;
mod site;

pub(crate) use self::{
    database::{Database, ROLE, SCHEMA},
    demo::run as demonstrate,
    faults::run as run_faults,
};

/// An error of a tool.
type Failed = Box<dyn std::error::Error>;

/// The connections of each scanner, each with the number of its site.
const CONNECTIONS: [(&str, usize); 6] = [
    ("berlin-1", 0),
    ("berlin-2", 0),
    ("berlin-3", 0),
    ("madrid-1", 1),
    ("madrid-2", 1),
    ("madrid-3", 1),
];
