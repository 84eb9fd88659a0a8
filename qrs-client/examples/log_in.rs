//! Lists the sheets of a site, with each way of logging in: `log_in jwt https://qlik.example/jwt HOME`
//!
//! The way is `header`, `certificate`, `jwt` (signs tokens), `token` (a fixed one), `windows`, `ticket` or `session`. Keys and
//! passwords are read from files in `HOME/conf`. The example `fake_site` with `--login` starts a site for each of them, and
//! writes these files. Each run opens a session, and a site allows five at a time.

#[path = "shared/log_in/by_certificate.rs"]
mod by_certificate;
#[path = "shared/log_in/by_header.rs"]
mod by_header;
#[path = "shared/log_in/by_jwt.rs"]
mod by_jwt;
#[path = "shared/log_in/by_session.rs"]
mod by_session;
#[path = "shared/log_in/by_ticket.rs"]
mod by_ticket;
#[path = "shared/log_in/by_token.rs"]
mod by_token;
#[path = "shared/log_in/by_windows.rs"]
mod by_windows;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use qrs_client::{AppObject, Field, QrsClient};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The ways to log in, and the files that they need in `conf`.
const WAYS: [(&str, &[&str]); 7] = [
    ("header", &[]),
    ("certificate", &["client.pem", "client_key.pem", "root.pem"]),
    ("jwt", &["jwt_key.pem"]),
    ("token", &["token"]),
    ("windows", &["password"]),
    ("ticket", &["ticket_office"]),
    ("session", &["session"]),
];

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                let _ = writeln!(io::stderr(), "caused by: {cause}");
                source = cause.source();
            }
            let cause = error.downcast_ref::<qrs_client::Error>();
            if let Some(hint) = cause.and_then(qrs_client::Error::hint) {
                let _ = writeln!(io::stderr(), "{hint}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [way, url, home] = &arguments[..] else {
        return Err(
            usage("pass the way to log in, the site's URL and the folder with `conf`").into(),
        );
    };
    let client = client(way, url, &Path::new(home).join("conf"))?;
    let sheets_only = Field::OBJECT_TYPE.equals("sheet");
    let mut sheets = client.app_objects::<AppObject>(Some(&sheets_only));
    while let Some(sheet) = sheets.try_next().await? {
        match sheet {
            Ok(sheet) => writeln!(io::stdout(), "{}", sheet.name)?,
            Err(unreadable) => writeln!(io::stderr(), "{unreadable}")?,
        }
    }
    Ok(())
}

fn client(way: &str, url: &str, conf: &Path) -> Result<QrsClient> {
    let files = WAYS.iter().find(|(name, _)| *name == way);
    for file in files.map_or(&[][..], |(_, files)| files) {
        let path = conf.join(file);
        fs::metadata(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    }
    match way {
        "header" => by_header::client(url),
        "certificate" => by_certificate::client(url, conf),
        "jwt" => by_jwt::client(url, conf),
        "token" => by_token::client(url, conf),
        "windows" => by_windows::client(url, conf),
        "ticket" => by_ticket::client(url, conf),
        "session" => by_session::client(url, conf),
        _ => Err(usage(&format!("`{way}` is not a way to log in")).into()),
    }
}

/// A message with the ways to log in.
fn usage(problem: &str) -> String {
    let ways: Vec<_> = WAYS.iter().map(|(way, _)| *way).collect();
    format!(
        "{problem}\n\nUsage: log_in WAY URL HOME\n\nWAY   {}\nURL   the site, with the virtual proxy's prefix\n\
         HOME  the folder whose `conf` has the keys and passwords",
        ways.join(", ")
    )
}
