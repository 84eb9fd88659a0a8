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
use hocon_reader as hocon;
use scan_engine::{
    application_file, check, clock, connections, destination, encryption, filter_trial, forget,
    home, hooks, installation, next_times, operation_error, problem, progress, report_file,
    run_report, scan_report, scanning, schedule, secrets, service, service_state, status,
    store_problem, stored, subject, tally,
};

pub use environment::Environment;
pub use exit::Exit;
pub use process::run_process;
pub use run::run;
pub use terminal::Screen;
