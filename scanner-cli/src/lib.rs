#![doc = include_str!("../README.md")]

mod arguments;
mod catalog_pages;
mod commands;
mod end;
mod environment;
mod exit;
mod listing;
mod local_time;
mod log;
mod printable;
mod process;
mod program;
mod progress_line;
mod report;
mod run;
mod terminal;
#[cfg(test)]
mod tests;
mod verbosity;

use catalog_followers::{csv_cell, export_line, field_names, json_text};
use catalog_store::{self as store, fuse, spool};
use hocon_reader as hocon;
use scan_engine::{
    application_file, changes_since, check, clock, config_schema, connections, delivery,
    destination, encrypt_request, encryption, explanation, exposure, filter_trial, forget,
    formatted_file, home, hooks, installation, item_filter, near_code, next_times, operation_error,
    problem, progress, records, report_file, run_report, scan_report, scanning, service,
    service_state, shown_time, status_record, store_location, store_problem, stored, tally,
};

pub use environment::Environment;
pub use exit::Exit;
pub use process::run_process;
pub use run::run;
pub use terminal::Screen;
