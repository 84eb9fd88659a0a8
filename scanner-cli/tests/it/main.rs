//! Integration tests: run the program against a fake site.
#![cfg(test)]

mod bad_files;
mod bad_sites;
mod bound_values;
mod catalog;
#[cfg(unix)]
mod catalog_page;
mod causes;
mod check;
mod colors;
mod command_pages;
mod completeness;
mod config_fmt;
mod config_schema;
mod config_show;
mod contacts;
mod deliveries;
mod encrypted_values;
mod encryption;
mod ended_sessions;
mod endless;
mod feed;
mod file_followers;
mod file_systems;
mod filters;
mod first_scan;
mod follow;
mod follower_faults;
mod follower_secrets;
mod forget;
mod held_clock;
mod histories;
mod homes;
mod hook_files;
mod hooks;
mod hostile_files;
mod hostile_names;
mod html_export;
mod incremental;
mod init;
mod limited_secrets;
mod local_times;
mod log_levels;
mod logins;
mod memory;
mod odd_paths;
mod odd_texts;
mod offline;
mod output;
mod output_lost;
#[cfg(unix)]
mod output_unix;
/// Snapshots show paths and errors of Unix.
#[cfg(unix)]
mod printed;
mod quoted_files;
mod receiver;
mod replacing;
#[cfg(unix)]
mod rights;
mod scanner;
mod schedules;
mod secret_files;
mod secret_manager;
mod secrets;
mod secure;
mod selection;
/// A server of PostgreSQL runs on Unix only.
#[cfg(unix)]
mod server_store;
mod service;
mod shared_sessions;
mod store_backup;
mod store_backup_files;
mod store_faults;
mod store_size;
mod tables;
mod terminal;
mod twins;
mod upgrades;
