//! `cargo xtask bench service`: measures the memory of the service over many scans, relative to its memory after the first
//! ones. Memory is sampled whenever a scan ends, and the median of the samples is used.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use xshell::{Shell, cmd};

use super::{large_site::LargeSite, measure::memory};
use crate::Outcome;

/// Number of scans in the benchmark.
const SCANS: usize = 500;
/// Number of scans for each printed line. The other lines are compared with the first one.
const STEP: usize = 50;
/// Number of connections to the site. Each is due again as soon as it was scanned.
const CONNECTIONS: usize = 10;

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    let site = LargeSite::serve(shell, sheets)?;
    write_connections(&site)?;
    let mut command = site.scanner(&["run"]);
    let mut scanner = Scanner(command.stderr(Stdio::piped()).spawn()?);
    let log = scanner.0.stderr.take().ok_or("the scanner has no log")?;
    println!("{:<28} {:>8} {:>14}", "scans", "MiB", "times first");
    let (mut ended, mut first, mut moments) = (0, None, Vec::new());
    for line in BufReader::new(log).lines() {
        if !line?.contains("scan complete") {
            continue;
        }
        ended += 1;
        moments.push(memory(&scanner.0, "VmRSS:"));
        if ended % STEP == 0 {
            let median = median(&mut moments);
            let ratio = median / *first.get_or_insert(median);
            println!("{ended:<28} {median:>8.1} {ratio:>14.2}");
        }
        if ended == SCANS {
            let peak = memory(&scanner.0, "VmHWM:");
            println!("{:<28} {peak:>8.1}", "peak");
            return Ok(());
        }
    }
    Err(format!("the scanner ended after {ended} scans").into())
}

/// The median of the samples, which are removed.
fn median(moments: &mut Vec<f64>) -> f64 {
    moments.sort_by(f64::total_cmp);
    let middle = moments[moments.len() / 2];
    moments.clear();
    middle
}

/// Writes several connections to the same site, each due every second.
fn write_connections(site: &LargeSite) -> Outcome {
    let folder = site.home.path().join("connections");
    let file = fs::read_to_string(folder.join("bench.conf"))?;
    for number in 0..CONNECTIONS {
        let file = file.replace("code = bench", &format!("code = bench-{number}"));
        let file = format!("{file}schedule = \"* * * * * ?\"\n");
        fs::write(folder.join(format!("bench-{number}.conf")), file)?;
    }
    Ok(fs::remove_file(folder.join("bench.conf"))?)
}

/// A scanner that is killed when this is dropped.
struct Scanner(Child);

impl Drop for Scanner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
