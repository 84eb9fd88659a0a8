//! Qlik Sense Enterprise on Windows as a source of a data catalog: each sheet of an app becomes a visualization.
//!
//! This crate alone speaks both languages: QRS, through `qrs-client`, and the catalog's, of `catalog-model`. It reads
//! narrow records, *lowers* them in pure functions, and writes nothing anywhere.

mod apps;
mod connection;
mod connector;
mod counting;
mod dates;
mod failure;
mod link;
mod list;
mod lower;
mod owners;
mod properties;
mod records;
mod sheets;
mod version;

pub use connector::QlikSense;
