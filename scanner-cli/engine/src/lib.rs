#![doc = include_str!("../README.md")]

pub mod automation;
pub mod clock;
pub mod connection_file;
pub mod connections;
pub mod encryption;
pub mod entries;
pub mod home;
pub mod kept_session;
pub mod near_code;
pub mod noted_files;
pub mod odd_texts;
pub mod problem;
pub mod progress;
pub mod restrictions;
pub mod scan_limit;
pub mod schedule;
pub mod secret_places;
pub mod secrets;
pub mod service_state;
pub mod settings_files;
pub mod settings_tree;
pub mod stop;
pub mod tally;
pub mod writable;

use file_access::{file_rights, input_file, temporary_file};
use hocon_reader as hocon;
use quartz_schedule as quartz;
