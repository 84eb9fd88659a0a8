#![doc = include_str!("../README.md")]

mod arguments;
mod commands;
mod connection_file;
mod connections;
mod destination;
mod environment;
mod exit;
mod export_line;
pub mod hocon;
mod home;
mod kept_session;
mod lock;
mod odd_texts;
mod problem;
mod progress;
mod report;
mod run;
mod scanning;
mod spool;
mod spool_sink;
mod table;
mod tally;

pub use environment::{Clock, Environment};
pub use exit::Exit;
pub use run::run;
