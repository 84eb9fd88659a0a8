//! Compares scans into a store on SQLite with those into one in PostgreSQL.

#[cfg(unix)]
#[path = "scans/on_unix.rs"]
mod on_unix;

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    on_unix::run()
}

#[cfg(not(unix))]
fn main() -> Result<(), &'static str> {
    Err("the benchmark starts a PostgreSQL server of its own, which works on Unix only")
}
