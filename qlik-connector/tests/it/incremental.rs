//! Scans that read only changes, into real stores.

mod edits;
mod fallback;
mod random;
mod store;
mod table;
