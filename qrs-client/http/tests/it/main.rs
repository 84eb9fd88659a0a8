//! Tests of the client against a real server on a local port.
#![cfg(test)]

mod connections;
mod connector;
mod diagnosis;
mod failures;
#[cfg(target_os = "linux")]
mod identity;
mod requests;
mod retries;
mod secrets;
mod server;
#[cfg(feature = "windows-login")]
mod windows_login;
