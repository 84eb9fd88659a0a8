#![doc = include_str!("../README.md")]

mod arguments;
mod commands;
mod end;
mod environment;
mod exit;
mod listing;
mod log;
mod printable;
mod process;
mod program;
mod progress_line;
mod report;
mod run;
mod terminal;
mod verbosity;

use catalog_followers::{export_line, json_text};
use catalog_store::{self as store, fuse, spool};
use file_access::{file_rights, input_file, lock, temporary_file};
use hocon_reader as hocon;
use scan_engine::{
    application_file, automation, clock, connection_file, connections, destination, encryption,
    followers, home, hooks, kept_session, near_code, noted_files, operation_error, problem,
    progress, restrictions, scan_report, scanning, schedule, secrets, service, service_state,
    store_problem, tally,
};

pub use environment::Environment;
pub use exit::Exit;
pub use process::run_process;
pub use run::run;
pub use terminal::Screen;
