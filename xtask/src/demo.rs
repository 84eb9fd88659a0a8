//! `cargo xtask demo`: scans a fake site, and shows the result to people who are new to the project.

use std::{
    env::consts::EXE_SUFFIX,
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use xshell::{Shell, cmd};

use crate::{Outcome, target};

#[cfg(unix)]
mod postgresql;

/// Number of items, and of proposals for DataHub, that are printed.
const PRINTED_ITEMS: usize = 2;

/// The scanner's settings: the files of the default follower, and files for DataHub.
const FOLLOWERS: &str = "followers = [\n  { kind = ndjson, path = export }\n  { kind = datahub-file, path = export/datahub }\n]\n";

/// The address of the catalog in a browser.
const PAGE: &str = "127.0.0.1:9464";

/// What to try next.
const NEXT_STEPS: &str = r#"cargo xtask demo --serve       the same, and the catalog in a browser at http://127.0.0.1:9464/
README.md, "Try it by hand"    the same step by step, in a home that you keep
cargo xtask demo --postgresql  the same with a database, and queries
cargo xtask postgresql         a database that runs longer, for docs/catalogs/postgresql.md, "Try it"
README.md, "Scan a real site""#;

/// What becomes of the home after a demonstration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HomeAfter {
    Removed,
    Kept,
}

impl HomeAfter {
    /// The choice of the option `--keep`.
    pub(crate) fn from_option(keep: bool) -> Self {
        match keep {
            true => Self::Kept,
            false => Self::Removed,
        }
    }
}

/// The fake site in its own process, which ends when this is dropped.
pub(crate) struct FakeSite {
    process: Child,
    pub(crate) url: String,
    pub(crate) header: String,
    pub(crate) value: String,
}

/// Builds the program and the fake site. Returns the folder that contains them.
fn build(shell: &Shell) -> Result<PathBuf, Box<dyn std::error::Error>> {
    cmd!(shell, "cargo build --quiet --package scanner-cli").run()?;
    FakeSite::build(shell)
}

/// Scans the fake site in a temporary home with these settings of the scanner, and returns the home.
pub(crate) fn scanned_home(
    shell: &Shell,
    settings: &str,
) -> Result<TempDir, Box<dyn std::error::Error>> {
    let built = build(shell)?;
    let site = FakeSite::start(&built)?;
    let home = tempfile::tempdir()?;
    for folder in ["conf", "connections"] {
        fs::create_dir(home.path().join(folder))?;
    }
    fs::write(home.path().join("conf/application.conf"), settings)?;
    fs::write(
        home.path().join("connections/demo.conf"),
        site.connection_file(),
    )?;
    scan(&built, home.path())?;
    Ok(home)
}

fn scan(built: &Path, home: &Path) -> Outcome {
    run_program(built, home, &["scan"])
}

fn run_program(built: &Path, home: &Path, arguments: &[&str]) -> Outcome {
    let status = Command::new(built.join(format!("scanner-cli{EXE_SUFFIX}")))
        .current_dir(home)
        .args(arguments)
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("`{}` ended with {status}", arguments.join(" ")).into()),
    }
}

/// Shows a scan and its files.
pub(crate) fn run(shell: &Shell, after: HomeAfter) -> Outcome {
    demonstrate(shell, after, |_, _| Ok(()))
}

/// Also shows the catalog in a browser until Ctrl-C.
pub(crate) fn run_with_pages(shell: &Shell, after: HomeAfter) -> Outcome {
    demonstrate(shell, after, serve)
}

/// Shows the catalog at the usual address; if another program uses it, at a free one.
#[expect(clippy::print_stdout, reason = "the demonstration prints its result")]
fn serve(built: &Path, home: &Path) -> Outcome {
    let address = match TcpListener::bind(PAGE) {
        Ok(_) => PAGE,
        Err(_) => "127.0.0.1:0",
    };
    println!("\n$ scanner-cli serve --listen {address}        (Ctrl-C ends it)\n");
    run_program(built, home, &["serve", "--listen", address])
}

/// Also delivers to PostgreSQL, and queries it.
#[cfg(unix)]
pub(crate) fn run_with_postgresql(shell: &Shell, after: HomeAfter) -> Outcome {
    let psql = postgresql::psql()?;
    demonstrate(shell, after, |built, home| {
        postgresql::show(built, home, &psql)
    })
}

/// Shows a scan, and then `more` with the folder of the programs and the home, which stays if it is to be kept.
#[expect(clippy::print_stdout, reason = "the demonstration prints its result")]
fn demonstrate(
    shell: &Shell,
    after: HomeAfter,
    more: impl FnOnce(&Path, &Path) -> Outcome,
) -> Outcome {
    let built = build(shell)?;
    let site = FakeSite::start(&built)?;
    println!(
        "\nA fake Qlik Sense site runs at {}. In a temporary home, the file connections/demo.conf:\n",
        site.url
    );
    let mut home = tempfile::tempdir()?;
    home.disable_cleanup(after == HomeAfter::Kept);
    let file = site.connection_file();
    print_indented(&file);
    fs::create_dir(home.path().join("connections"))?;
    fs::write(home.path().join("connections/demo.conf"), file)?;

    println!("\n$ scanner-cli scan\n");
    scan(&built, home.path())?;
    let export = fs::read_to_string(home.path().join("export/demo.visualization.ndjson"))?;
    println!(
        "\n{PRINTED_ITEMS} of the {} items in export/demo.visualization.ndjson:\n",
        export.lines().count()
    );
    for line in export.lines().take(PRINTED_ITEMS) {
        let item: Value = serde_json::from_str(line)?;
        print_indented(&format!("{item:#}"));
    }
    show_proposals(&built, home.path())?;
    // Before the catalog is served, because Ctrl-C ends this program, too.
    if after == HomeAfter::Kept {
        let home = home.path().display();
        println!(
            "\nThe home is kept in {home}. The fake site stops with this command. To go on with the home:\n"
        );
        print_indented(&format!(
            "cargo run -q -p scanner-cli -- --home {home} catalog list --limit 5\ncargo run -q -p scanner-cli -- --home {home} serve"
        ));
    }
    more(&built, home.path())?;
    println!("\nTo go on:\n");
    print_indented(NEXT_STEPS);
    Ok(())
}

/// Adds a follower, delivers to it, and shows what it has written.
#[expect(clippy::print_stdout, reason = "the demonstration prints its result")]
fn show_proposals(built: &Path, home: &Path) -> Outcome {
    println!("\nA follower delivers to a catalog. With these settings in conf/application.conf:\n");
    print_indented(FOLLOWERS);
    fs::create_dir(home.join("conf"))?;
    fs::write(home.join("conf/application.conf"), FOLLOWERS)?;
    println!("\n$ scanner-cli follow datahub-file\n");
    run_program(built, home, &["follow", "datahub-file"])?;
    let proposals = fs::read_to_string(home.join("export/datahub/demo.mcps.json"))?;
    let proposals: Vec<Value> = serde_json::from_str(&proposals)?;
    println!(
        "\nThe last {PRINTED_ITEMS} of the {} proposals in export/datahub/demo.mcps.json, for `datahub ingest`:\n",
        proposals.len()
    );
    let skipped = proposals.len().saturating_sub(PRINTED_ITEMS);
    for proposal in proposals.iter().skip(skipped) {
        print_indented(&format!("{proposal:#}"));
    }
    Ok(())
}

impl FakeSite {
    /// Builds the fake site. Returns the folder that contains it.
    pub(crate) fn build(shell: &Shell) -> Result<PathBuf, Box<dyn std::error::Error>> {
        cmd!(
            shell,
            "cargo build --quiet --package qrs-client --features fake-site --example fake_site"
        )
        .run()?;
        Ok(target(shell)?.join("debug"))
    }

    pub(crate) fn start(built: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let mut process = Command::new(built.join(format!("examples/fake_site{EXE_SUFFIX}")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process
            .stdout
            .take()
            .ok_or("the fake site has no standard output")?;
        let mut lines = BufReader::new(output).lines();
        let mut read = |name: &str| -> Result<String, Box<dyn std::error::Error>> {
            let line = lines.next().ok_or("the fake site ended too early")??;
            let value = line
                .strip_prefix(name)
                .ok_or_else(|| format!("the fake site printed `{line}` instead of `{name}…`"))?;
            Ok(value.to_owned())
        };
        Ok(Self {
            url: read("url=")?,
            header: read("header=")?,
            value: read("value=")?,
            process,
        })
    }

    pub(crate) fn connection_file(&self) -> String {
        let Self {
            url, header, value, ..
        } = self;
        let people = url.trim_end_matches("/header");
        format!(
            "name = \"Demonstration\"\ncode = \"demo\"\nconnector_id = \"qlik-sense\"\nconnection {{\n  url = \"{url}\"\n  \
             link_url = \"{people}\"\n  \
             auth.key = \"{header}\"\n  auth.value = \"\"\"{value}\"\"\"\n}}\n"
        )
    }
}

impl Drop for FakeSite {
    fn drop(&mut self) {
        // The fake site ends when its standard input closes.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

#[expect(clippy::print_stdout, reason = "the demonstration prints its result")]
fn print_indented(text: &str) {
    for line in text.lines() {
        println!("    {line}");
    }
}
