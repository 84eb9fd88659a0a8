#![doc = include_str!("../README.md")]

mod application_file;
mod arguments;
mod commands;
mod destination;
mod end;
mod endpoints;
mod environment;
mod exit;
mod followers;
mod hooks;
mod keeping_sink;
mod listing;
mod log;
mod printable;
mod process;
mod program;
mod progress_line;
mod report;
mod run;
mod scan_report;
mod scanning;
mod service;
mod store_problem;
mod terminal;
mod verbosity;

use catalog_followers::{export_line, json_text};
use catalog_store::{self as store, fuse, spool};
use file_access::{file_rights, input_file, lock, temporary_file};
use hocon_reader as hocon;
use scan_engine::{
    automation, clock, connection_file, connections, encryption, home, kept_session, near_code,
    noted_files, odd_texts, problem, progress, restrictions, scan_limit, schedule, secrets,
    service_state, settings_files, settings_tree, stop, tally, writable,
};

pub use environment::Environment;
pub use exit::Exit;
pub use process::run_process;
pub use run::run;
pub use terminal::Screen;
