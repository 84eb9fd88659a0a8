//! Integration tests: settings as files have them.
#![cfg(test)]

mod follower;
mod settings;
