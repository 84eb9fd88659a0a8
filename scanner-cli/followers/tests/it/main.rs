//! Integration tests: followers as the scanner uses them.
#![cfg(test)]

mod ndjson;
