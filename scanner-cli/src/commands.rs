//! The commands, one per file. Each runs an operation of the engine, prints its result and returns the exit code.

pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod command_pages;
pub(crate) mod config_fmt;
pub(crate) mod config_schema;
pub(crate) mod config_show;
mod delivering;
pub(crate) mod docs;
pub(crate) mod encrypt;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod filter_test;
pub(crate) mod follow;
pub(crate) mod hook_test;
pub(crate) mod init;
pub(crate) mod inventory;
mod print;
pub(crate) mod run;
pub(crate) mod scan;
mod selection;
pub(crate) mod serve;
pub(crate) mod service;
mod signals;
pub(crate) mod status;
pub(crate) mod store;
