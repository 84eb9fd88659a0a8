//! What a data catalog holds, and the contract between a connector and its scanner.

mod place;

pub use place::Place;
