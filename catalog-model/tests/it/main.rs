//! Integration tests: the crate as its users see it.
#![cfg(test)]

mod contract;
mod filters;
mod follower_contract;
mod follower_settings;
mod settings;
mod subject_contract;
