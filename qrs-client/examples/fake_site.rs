//! Starts the fake site: `cargo run --example fake_site --features fake-site [-- --port 4711 --seconds 60]`.
//!
//! It prints the settings of a connection to the site in its first three lines on standard output:
//!
//! ```text
//! url=http://127.0.0.1:40123/header
//! header=X-Qlik-Header-Auth
//! value=ACME\scanner
//! ```
//!
//! It runs until its standard input is closed or Ctrl-C is pressed, or for `--seconds`. With `--port`, its URL is the
//! same each time.

use std::error::Error;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use qrs_client::fake_site::FakeSite;

const USAGE: &str = "Runs the fake site until Ctrl-C is pressed or standard input is closed.\n\n\
                     Usage: fake_site [--port N] [--seconds N]\n\n\
                     --port N     listen on this port of 127.0.0.1 [default: any free port]\n\
                     --seconds N  stop after this many seconds\n--help       print this help";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| matches!(argument.as_str(), "--help" | "-h")) {
        writeln!(io::stdout(), "{USAGE}")?;
        return Ok(());
    }
    let Options { port, time } = Options::parse(std::env::args().skip(1))?;
    // Checked here, because the site would panic.
    if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        return Err(
            format!("cannot listen on port {port}: {error}; choose another with `--port`").into(),
        );
    }
    let site = FakeSite::builder().port(port).start_in_thread();
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

/// The arguments of the command.
#[derive(Default)]
struct Options {
    port: u16,
    time: Option<Duration>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            if !matches!(name.as_str(), "--port" | "--seconds") {
                return Err(format!("unknown argument `{name}`\n\n{USAGE}").into());
            }
            let value = value.or_else(|| arguments.next()).unwrap_or_default();
            let range = match name.as_str() {
                "--port" => "a port from 0 to 65535",
                _ => "a whole number of seconds",
            };
            let wrong = |_error| format!("`{name}` needs {range}, not `{value}`");
            match name.as_str() {
                "--port" => options.port = value.parse().map_err(wrong)?,
                _ => options.time = Some(Duration::from_secs(value.parse().map_err(wrong)?)),
            }
        }
        Ok(options)
    }
}
