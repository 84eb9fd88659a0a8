//! Tests of the client against a real server on a local port.
#![cfg(test)]

mod connector;
mod diagnosis;
mod failures;
mod requests;
mod retries;
mod secrets;
mod server;
