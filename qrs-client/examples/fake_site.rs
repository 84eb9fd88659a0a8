//! Starts the fake site by hand: `cargo run --example fake_site --features fake-site [-- --seconds 60]`.
//!
//! The first three lines on standard output say how to reach it, and come at once:
//!
//! ```text
//! url=http://127.0.0.1:40123/header
//! header=X-Qlik-Header-Auth
//! value=ACME\scanner
//! ```
//!
//! It runs until its standard input is closed or Ctrl-C is pressed; with `--seconds`, for so long.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use qrs_client::fake_site::FakeSite;

const USAGE: &str = "Starts the fake site, until standard input is closed.\n\nUsage: fake_site [--seconds N]\n\n\
                     --seconds N  end after so many seconds\n--help       show this";

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| matches!(argument.as_str(), "--help" | "-h")) {
        writeln!(io::stdout(), "{USAGE}")?;
        return Ok(());
    }
    let time = time(std::env::args().skip(1))?;
    let site = FakeSite::start_in_thread();
    let mut out = io::stdout().lock();
    writeln!(out, "url={}", site.url())?;
    writeln!(out, "header={}", site.header_name())?;
    writeln!(out, "value={}", site.header_value())?;
    out.flush()?;
    match time {
        Some(time) => std::thread::sleep(time),
        None => {
            io::copy(&mut io::stdin().lock(), &mut io::sink())?;
        }
    }
    Ok(())
}

/// Reads `--seconds N`.
fn time(mut arguments: impl Iterator<Item = String>) -> Result<Option<Duration>, Box<dyn Error>> {
    match arguments.next().as_deref() {
        None => Ok(None),
        Some("--seconds") => {
            let seconds = arguments.next().ok_or("`--seconds` needs a number")?;
            Ok(Some(Duration::from_secs(seconds.parse()?)))
        }
        Some(other) => Err(format!("unknown argument `{other}`\n\n{USAGE}").into()),
    }
}
