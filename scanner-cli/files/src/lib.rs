#![doc = include_str!("../README.md")]

pub mod account;
pub mod file_rights;
pub mod input_file;
pub mod lock;
pub mod path_text;
pub mod temporary_file;
