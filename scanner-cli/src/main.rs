//! The scanner.
fn main() {}
