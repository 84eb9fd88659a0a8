//! Starts the fake site: `cargo run --example fake_site --features fake-site [-- --port 4711 --login jwt --home /tmp/home]`.
//!
//! It prints the settings of a connection to the site in its first three lines on standard output:
//!
//! ```text
//! url=http://127.0.0.1:40123/header
//! header=X-Qlik-Header-Auth
//! value=ACME\scanner
//! ```
//!
//! With `--login` and `--home`, the site has another way to log in. The first line is its URL, and the next ones are the
//! connection file, which is written to the home with the files that it names, the commands that list the sheets, and a module
//! with which a Rust program logs in.
//!
//! It runs until its standard input is closed or Ctrl-C is pressed. With `--seconds`, it runs for that time and ignores its
//! standard input, for example in the background. With `--port`, its URL is the same each time.

#[path = "shared/login_home.rs"]
mod login_home;

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use login_home::{KINDS, LoginHome};
use qrs_client::fake_site::FakeSite;

const USAGE: &str = "Runs the fake site until Ctrl-C is pressed or standard input is closed.\n\n\
                     Usage: fake_site [--port N] [--seconds N] [--login WAY --home DIR]\n\n\
                     --port N     listen on this port of 127.0.0.1 [default: any free port]\n\
                     --seconds N  stop after this many seconds, and ignore standard input: for the background\n\
                     --login WAY  log in by: header, certificate, jwt (signs tokens), token (a fixed one), windows, ticket,\n\
                     \x20            session\n\
                     --home DIR   write a connection file for this way, and the files that it names\n\
                     --fetch-ticket ADDRESS  print a ticket: the command of `--login ticket`\n\
                     --help       print this help";

/// The features of `qrs-client` and the module of the example `log_in`, for each way to log in.
const MODULES: [(&str, &str, &str); 7] = [
    ("header", "", include_str!("shared/log_in/by_header.rs")),
    (
        "certificate",
        "\"trust-stores\"",
        include_str!("shared/log_in/by_certificate.rs"),
    ),
    (
        "jwt",
        "\"trust-stores\"",
        include_str!("shared/log_in/by_jwt.rs"),
    ),
    ("token", "", include_str!("shared/log_in/by_token.rs")),
    (
        "windows",
        "\"windows-login\"",
        include_str!("shared/log_in/by_windows.rs"),
    ),
    ("ticket", "", include_str!("shared/log_in/by_ticket.rs")),
    ("session", "", include_str!("shared/log_in/by_session.rs")),
];

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
    let options = Options::parse(std::env::args().skip(1))?;
    if let Some(address) = &options.fetch_ticket {
        let mut ticket = String::new();
        TcpStream::connect(address)?.read_to_string(&mut ticket)?;
        write!(io::stdout(), "{ticket}")?;
        return Ok(());
    }
    // Checked here, because the site would panic.
    let port = options.port;
    if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        return Err(
            format!("cannot listen on port {port}: {error}; choose another with `--port`").into(),
        );
    }
    // Stops when it is dropped.
    let _site = match (&options.login, &options.home) {
        (Some(kind), Some(home)) => start_with_login(kind, home, port)?,
        (None, None) => start(port)?,
        _ => return Err("`--login` and `--home` belong together".into()),
    };
    match options.time {
        Some(time) => std::thread::sleep(time),
        None => {
            io::copy(&mut io::stdin().lock(), &mut io::sink())?;
            // Nobody may read it any more.
            let _ = writeln!(io::stdout(), "stopped: standard input was closed");
        }
    }
    Ok(())
}

/// Starts a site with header authentication, and prints its settings.
fn start(port: u16) -> Result<Arc<FakeSite>, Box<dyn Error>> {
    let site = FakeSite::builder().port(port).start_in_thread();
    let mut out = io::stdout().lock();
    writeln!(out, "url={}", site.url())?;
    writeln!(out, "header={}", site.header_name())?;
    writeln!(out, "value={}", site.header_value())?;
    out.flush()?;
    Ok(Arc::new(site))
}

/// Starts a site with this way to log in, and prints how to use it.
fn start_with_login(kind: &str, home: &Path, port: u16) -> Result<Arc<FakeSite>, Box<dyn Error>> {
    let office = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = office.local_addr()?;
    let started = login_home::start(kind, home, port, &fetch_command(address)?)?;
    let LoginHome {
        site,
        url,
        connection,
    } = started;
    let site = Arc::new(site);
    if kind == "ticket" {
        std::fs::write(home.join("conf/ticket_office"), address.to_string())?;
        issue_tickets(office, Arc::clone(&site));
    }
    let home = home.display();
    let module = rust_module(kind);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "url={url}\n\n# {home}/connections/demo.conf\n{connection}\n\
         # list the sheets with scanner-cli\n\
         cargo run -q -p scanner-cli -- --home {home} check\n\
         cargo run -q -p scanner-cli -- --home {home} inventory\n\n\
         # list the sheets with qrs-client: examples/log_in.rs, which logs in with this module\n\
         cargo run -q -p qrs-client --all-features --example log_in -- {kind} {url} {home}\n\n{module}"
    )?;
    out.flush()?;
    Ok(site)
}

/// The setting `connection.auth.ticket.command`: this program.
fn fetch_command(office: SocketAddr) -> io::Result<String> {
    let program = std::env::current_exe()?;
    let program = program.display().to_string().replace('\\', r"\\");
    Ok(format!(r#"["{program}", "--fetch-ticket", "{office}"]"#))
}

/// Sends a new ticket to each connection, as the login module of a site does.
fn issue_tickets(office: TcpListener, site: Arc<FakeSite>) {
    std::thread::spawn(move || {
        for mut stream in office.incoming().flatten() {
            let _ = writeln!(stream, "{}", site.issue_ticket(r"ACME\scanner"));
        }
    });
}

/// How a program logs in: a line of its `Cargo.toml`, and a module.
fn rust_module(kind: &str) -> String {
    let mut modules = MODULES.iter().filter(|(name, _, _)| *name == kind);
    let (_, features, code) = modules.next().unwrap_or(&MODULES[0]);
    format!(
        "// Cargo.toml: qrs-client = {{ version = \"0.1\", features = [{features}] }}\n\n{}",
        code.trim_end()
    )
}

/// The arguments of the command.
#[derive(Default)]
struct Options {
    port: u16,
    time: Option<Duration>,
    login: Option<String>,
    home: Option<PathBuf>,
    fetch_ticket: Option<String>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let range = match name.as_str() {
                "--port" => "a port from 0 to 65535",
                "--seconds" => "a whole number of seconds",
                "--login" => "one of the ways to log in",
                "--home" => "a folder",
                "--fetch-ticket" => "an address",
                _ => return Err(format!("unknown argument `{name}`\n\n{USAGE}").into()),
            };
            let value = value.or_else(|| arguments.next()).unwrap_or_default();
            let wrong = || format!("`{name}` needs {range}, not `{value}`");
            match name.as_str() {
                "--port" => options.port = value.parse().map_err(|_error| wrong())?,
                "--seconds" => {
                    let seconds = value.parse().map_err(|_error| wrong())?;
                    options.time = Some(Duration::from_secs(seconds));
                }
                "--login" if KINDS.contains(&value.as_str()) => options.login = Some(value),
                "--home" if !value.is_empty() => options.home = Some(value.into()),
                "--fetch-ticket" if !value.is_empty() => options.fetch_ticket = Some(value),
                _ => return Err(format!("{}\n\n{USAGE}", wrong()).into()),
            }
        }
        Ok(options)
    }
}
