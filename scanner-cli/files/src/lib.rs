#![doc = include_str!("../README.md")]

#[cfg(any(windows, test))]
pub mod access_list;
pub mod account;
pub mod file_rights;
pub mod input_file;
pub mod lock;
pub mod path_text;
pub mod renaming;
pub mod temporary_file;
