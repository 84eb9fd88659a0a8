//! `cargo xtask bench large`: how long people wait for a store of a million sheets.
//!
//! The store is built once, by the first scan. Everything else is measured with it.

use std::{
    error::Error,
    fs::{self, File},
    process::{Command, Stdio},
};

use xshell::{Shell, cmd};

use super::{
    history, idle,
    large_site::LargeSite,
    measure::{Measure, aim, first_byte, measured, median},
    site::Size,
};
use crate::Outcome;

/// Number of sheets of the site.
pub(crate) const SHEETS: usize = 1_000_000;
/// Number of sheets of each app.
const SHEETS_OF_APP: usize = 50;

/// The aims: the time of the first scan relative to one without a store, its peak memory, and the seconds until the
/// first line of a list or an explanation.
const MAX_FIRST: f64 = 2.0;
const MAX_PEAK: f64 = 64.0;
const MAX_WAIT: f64 = 0.2;

/// The lists whose first line is measured.
const LISTS: &[&str] = &[
    "list",
    "list --format ndjson",
    "list --format csv",
    "list --connection bench --limit 10",
    "list --columns key,owner,tags",
    "list --stream Stream_7",
    "list --search Region",
    "list --since 1 --format ndjson",
    "list --type app",
    "changes",
    "changes --format ndjson",
    "changes --format csv",
    "changes --limit 10",
    "changes --since 1",
    "scans",
];

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    let apps = (sheets / SHEETS_OF_APP).max(1);
    let site = LargeSite::serve_of(shell, Size::new(sheets, apps))?;
    first_scan(&site)?;
    first_export(&site, sheets)?;
    for list in LISTS {
        // A name with a space is one argument.
        let arguments = list.split(' ').map(|part| part.replace('_', " "));
        let arguments: Vec<_> = arguments.collect();
        let wait = first_byte(|| {
            let mut command = site.scanner(&["catalog"]);
            command.args(&arguments);
            command
        })?;
        aim(&format!("catalog {list}, first line"), wait, MAX_WAIT);
    }
    let key = first_key(&site)?;
    let explain = median(|| printed(site.scanner(&["explain", "--offline", &key])))?;
    aim("explain KEY, s", explain.seconds, MAX_WAIT);
    let size = fs::metadata(site.home.path().join("data/catalog.db"))?.len();
    println!("  the store is {:.0} MB", size as f64 / 1e6);
    history::run(&site)?;
    drop(site);
    idle::run(shell)
}

fn first_scan(site: &LargeSite) -> Outcome {
    fs::create_dir(site.home.path().join("conf"))?;
    follow(site, "")?;
    let bare = measured(&mut site.scanner(&["scan", "--no-store"]))?;
    let first = measured(&mut site.scanner(&["scan"]))?;
    let again = measured(&mut site.scanner(&["scan"]))?;
    rows(&[
        ("scan --no-store", bare, bare),
        ("first scan", first, bare),
        ("scan, nothing changed", again, bare),
    ]);
    aim(
        "first scan, times bare",
        first.seconds / bare.seconds,
        MAX_FIRST,
    );
    aim("first scan, peak MiB", first.peak, MAX_PEAK);
    Ok(())
}

/// Delivers the whole store to a follower that writes a file.
fn first_export(site: &LargeSite, sheets: usize) -> Outcome {
    follow(site, "{ name = export, kind = ndjson, path = export }")?;
    let list = measured(
        site.scanner(&["catalog", "list", "--format", "ndjson"])
            .stdout(Stdio::null()),
    )?;
    let export = measured(site.scanner(&["follow"]).stdout(Stdio::null()))?;
    rows(&[
        ("catalog list, all", list, list),
        ("first export", export, list),
    ]);
    aim("first export, peak MiB", export.peak, MAX_PEAK);
    let lines = lines(site)?;
    match lines == sheets {
        true => Ok(()),
        false => Err(format!("{lines} of {sheets} items were exported").into()),
    }
}

/// Number of lines of all files in the export folder.
fn lines(site: &LargeSite) -> Result<usize, Box<dyn Error>> {
    let mut lines = 0;
    for file in fs::read_dir(site.home.path().join("export"))? {
        lines += fs::read_to_string(file?.path())?.lines().count();
    }
    Ok(lines)
}

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
fn rows(rows: &[(&str, Measure, Measure)]) {
    println!(
        "{:<46} {:>8} {:>12} {:>10}",
        "", "s", "times first", "peak MiB"
    );
    for (name, Measure { seconds, peak, .. }, first) in rows {
        let ratio = seconds / first.seconds;
        println!("{name:<46} {seconds:>8.2} {ratio:>12.2} {peak:>10.1}");
    }
}

fn follow(site: &LargeSite, follower: &str) -> Outcome {
    let path = site.home.path().join("conf/application.conf");
    Ok(fs::write(path, format!("followers = [ {follower} ]\n"))?)
}

fn first_key(site: &LargeSite) -> Result<String, Box<dyn Error>> {
    let path = site.home.path().join("first.csv");
    let columns = [
        "catalog",
        "list",
        "--limit",
        "1",
        "--columns",
        "key",
        "--format",
        "csv",
    ];
    measured(site.scanner(&columns).stdout(File::create(&path)?))?;
    let list = fs::read_to_string(&path)?;
    Ok(list.lines().nth(1).ok_or("the store is empty")?.to_owned())
}

/// Runs a program whose output is not wanted.
pub(super) fn printed(mut command: Command) -> Result<Measure, Box<dyn Error>> {
    measured(command.stdout(Stdio::null()))
}
