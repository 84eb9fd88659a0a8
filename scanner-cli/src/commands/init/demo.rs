//! `init --demo`: a home with a fake site, so that the program can be tried without Qlik Sense.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    time::Duration,
};

use qrs_fake_site::FakeSite;
use tokio::time::timeout;

use super::{
    super::{scan, serve},
    answers::CATALOG,
    home_of,
};
use crate::{
    arguments::{Scan, Serve},
    exit::Exit,
    home::shown,
    printable::Page,
    problem::Problem,
    program::Program,
};

/// The port of the fake site, unless an option says otherwise. It stays the same, so that a home can be used again.
const PORT: u16 = 4711;

/// How long the demonstration runs.
const TIME_LIMIT: Duration = Duration::from_secs(10 * 60);

pub(super) async fn run(program: &mut Program, port: Option<u16>) -> Exit {
    match timeout(TIME_LIMIT, demonstrate(program, port)).await {
        Ok(Ok(exit) | Err(exit)) => exit,
        Err(_) => {
            program.report(
                "the demonstration ended after 10 minutes; start it again with the same command\n",
            );
            Exit::Complete
        }
    }
}

async fn demonstrate(program: &mut Program, port: Option<u16>) -> Result<Exit, Exit> {
    // Stops when it is dropped.
    let site = start(program, port.unwrap_or(PORT))?;
    create_files(program, &site)?;
    program.report(&format!("a fake Qlik Sense site runs at {}\n", site.url()));
    let all = Scan {
        codes: Vec::new(),
        output: None,
        no_store: false,
        accept_removals: false,
        full: false,
        report: None,
    };
    let scanned = scan::run(program, all).await;
    if scanned != Exit::Complete {
        return Ok(scanned);
    }
    let next = next_steps(program);
    program.report(&next);
    let page = Serve {
        listen: Some(free_address()),
    };
    Ok(serve::run(program, &page).await)
}

/// Starts the site on this port of the loopback interface.
fn start(program: &mut Program, port: u16) -> Result<FakeSite, Exit> {
    // The site would panic.
    if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        let message = format!("the fake site cannot listen on port {port}: {error}");
        let hint =
            "choose another port and a new home: `scanner-cli --home DIR init --demo --port N`";
        program.report_problem(&Problem::general(message, hint.to_owned()));
        return Err(Exit::Failed);
    }
    Ok(FakeSite::builder().port(port).start_in_thread())
}

/// Writes the files of the home. A home of an earlier demonstration has them already.
fn create_files(program: &mut Program, site: &FakeSite) -> Result<(), Exit> {
    let created = program.installation.create_home();
    created.map_err(|error| program.report_error(&error))?;
    let settings = program.installation.home.settings();
    for (path, text) in [
        (
            program.installation.connection_file("demo"),
            connection_file(site),
        ),
        (settings, application_file()),
    ] {
        create_file(program, &path, &text)?;
    }
    Ok(())
}

fn create_file(program: &mut Program, path: &Path, text: &str) -> Result<(), Exit> {
    if program.installation.has_settings_file(path, text) {
        return Ok(());
    }
    program
        .installation
        .create_settings_file(path, text)
        .map_err(|error| {
            let exit = program.report_error(&error);
            let hint = format!(
                "`{}` is not that of this demonstration: use a new home, `--home DIR`\n",
                shown(path)
            );
            program.report(&hint);
            exit
        })
}

fn connection_file(site: &FakeSite) -> String {
    let url = site.url();
    let people = url.trim_end_matches("/header");
    let (header, value) = (site.header_name(), site.header_value());
    format!(
        "# The connection to the fake site of `scanner-cli init --demo`, which runs only as long as this command.\n\
         name = \"Demonstration\"\ncode = \"demo\"\nconnector_id = \"qlik-sense\"\nconnection {{\n  url = \"{url}\"\n  \
         link_url = \"{people}\"\n  auth.key = \"{header}\"\n  auth.value = \"\"\"{value}\"\"\"\n}}\n"
    )
}

fn application_file() -> String {
    format!(
        "# Files for DataHub and for spreadsheet programs, besides those of the default.\n\
         followers = [\n  {{ kind = ndjson, path = export }}\n  {{ kind = csv, path = export }}\n  \
         {{ kind = datahub-file, path = export/datahub }}\n]\nhttp {{ listen = \"{CATALOG}\", catalog = true }}\n"
    )
}

/// What to try in another terminal.
fn next_steps(program: &Program) -> String {
    let home = home_of(program);
    let command = format!("scanner-cli --home {home}");
    let mut text = Page::default();
    writeln!(
        text,
        "until Ctrl-C, for 10 minutes, you can try this in another terminal:"
    );
    for (rest, meaning) in [
        ("catalog list --limit 5", "the stored sheets"),
        ("explain Regions", "what is known about a sheet"),
        ("check", "each stage of the connection"),
        ("scan", "scan again: nothing has changed"),
        (
            "config show demo",
            "the connection file as the scanner reads it",
        ),
    ] {
        writeln!(text, "  {command} {rest:24} {meaning}");
    }
    writeln!(text, "files for other catalogs are in {home}/export");
    text.into()
}

/// The usual address of the catalog, or another one if a program uses it.
fn free_address() -> SocketAddr {
    let usual = CATALOG
        .parse()
        .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    match TcpListener::bind(usual) {
        Ok(_) => usual,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}
