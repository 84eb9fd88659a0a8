#![doc = include_str!("../README.md")]

mod application_file;
mod arguments;
mod automation;
mod commands;
mod connection_file;
mod connections;
mod destination;
mod encryption;
mod environment;
mod exit;
mod export_line;
mod followers;
pub mod hocon;
mod home;
mod hooks;
mod keeping_sink;
mod kept_session;
mod listing;
mod lock;
mod noted_files;
mod odd_texts;
mod problem;
mod progress;
mod report;
mod run;
mod scanning;
mod schedule;
mod secrets;
mod service;
mod spool;
mod store;
mod table;
mod tally;

pub use environment::{Clock, Environment};
pub use exit::Exit;
pub use run::run;
