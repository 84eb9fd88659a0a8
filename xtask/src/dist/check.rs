//! Installs each package in a system of its own, scans the fake site with it, upgrades it, and removes it.
//!
//! The package that is upgraded has the version 0.0.0, and is otherwise the same.

use std::{
    collections::BTreeSet,
    error::Error,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use xshell::{Shell, cmd};

use super::{
    Packing, empty, pack,
    programs::{self, Printed},
    release::{Package, Release},
};
use crate::{Outcome, demo::FakeSite, tools};

mod image;
mod linux;
mod systemd;
mod windows;

/// What the checks need besides the tools that make the packages, and the packages in Debian.
const NEEDED: [(&str, &str); 7] = [
    ("chroot", "coreutils"),
    ("mmdebstrap", "mmdebstrap"),
    ("rpm", "rpm"),
    ("unzip", "unzip"),
    ("buildah", "buildah"),
    ("nsenter", "util-linux"),
    ("unshare", "util-linux"),
];

/// A system that a package is installed on.
trait Machine {
    /// What this system is.
    fn name(&self) -> String;

    /// Installs a package, or upgrades to it. Fails if not exactly this version is installed afterwards.
    fn install(&self, package: &Path, release: &Release) -> Outcome;

    /// Removes the package.
    fn remove(&self, release: &Release) -> Outcome;

    /// Runs the installed program with the home of this system, and with a text on its standard input.
    fn run_with(&self, arguments: &[&str], input: &str) -> Result<Printed, Box<dyn Error>>;

    /// The folder of the home.
    fn home(&self) -> PathBuf;

    /// All files, without the home and what the package manager notes.
    fn files(&self) -> Result<BTreeSet<PathBuf>, Box<dyn Error>>;
}

/// Fails if the checks cannot run on this machine.
pub(crate) fn ensure_possible(shell: &Shell) -> Outcome {
    programs::ensure_tools(shell)?;
    tools::ensure_installed(&NEEDED)?;
    match cmd!(shell, "id --user").quiet().read()?.as_str() {
        "0" => Ok(()),
        _ => Err("installing packages needs root".into()),
    }
}

/// Checks all packages, and prints a line for each.
pub(super) fn run(packing: &Packing<'_>) -> Outcome {
    ensure_possible(packing.shell)?;
    let before = Release::before_all(packing.release.time);
    let work = packing.work.join("check");
    let packing_before = Packing {
        release: &before,
        work: &work.join("work"),
        to: &empty(work.join("dist"))?,
        ..*packing
    };
    pack(&packing_before)?;
    let site = FakeSite::build(packing.shell)?;
    let mut failed = 0;
    for package in Package::ALL {
        // The site accepts a limited number of sessions.
        let result = FakeSite::start(&site).and_then(|site| {
            let machine = machine(packing, package)?;
            let time = check(&*machine, package, (&packing_before, packing), &site)?;
            let seconds = time.as_secs_f64();
            Ok(format!(
                "{}; {seconds:.1} s from the package to the items of the first scan",
                machine.name()
            ))
        });
        failed += usize::from(result.is_err());
        report(&package.file_name(packing.release), &result);
    }
    for package in [Package::TarGz, Package::Deb] {
        let result = FakeSite::start(&site).and_then(|site| {
            let seconds = systemd::check(packing, package, &site)?.as_secs_f64();
            Ok(format!(
                "systemd in namespaces, with a reboot; {seconds:.1} s from the package to the first scan of the service"
            ))
        });
        failed += usize::from(result.is_err());
        report(&package.file_name(packing.release), &result);
    }
    match failed {
        0 => Ok(()),
        failed => Err(format!("{failed} packages failed").into()),
    }
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
fn report(package: &str, result: &Result<String, Box<dyn Error>>) {
    match result {
        Ok(machine) => println!("{package}: passed on {machine}"),
        Err(error) => println!("{package}: FAILED: {error}"),
    }
}

/// A new system for a package.
fn machine<'a>(
    packing: &Packing<'a>,
    package: Package,
) -> Result<Box<dyn Machine + 'a>, Box<dyn Error>> {
    Ok(match package {
        Package::TarGz | Package::Deb | Package::Rpm => {
            Box::new(linux::Linux::new(packing.shell, package)?)
        }
        Package::Image => Box::new(image::Containers::new(packing.shell)?),
        Package::Zip | Package::Msi => Box::new(windows::Windows::new(packing.shell, package)?),
    })
}

/// Installs the old package, creates a home as a new user does, upgrades to the new package, and removes it. Returns the time from
/// the package to the first items.
fn check(
    machine: &dyn Machine,
    package: Package,
    (old, new): (&Packing<'_>, &Packing<'_>),
    site: &FakeSite,
) -> Result<Duration, Box<dyn Error>> {
    let files = machine.files()?;
    // There is one image, because building another takes minutes.
    let old = match package {
        Package::Image => new,
        _ => old,
    };
    let run = |arguments: &[&str]| machine.run_with(arguments, "");
    let start = Instant::now();
    machine.install(&old.file(package), old.release)?;
    expect(&run(&["--version"])?.output, &new.release.version)?;
    let init = [
        "init",
        "--yes",
        "--url",
        &site.url,
        "--header",
        &site.header,
    ];
    machine.run_with(&init, &site.value)?;
    expect(&run(&["scan"])?.messages, "53 items: 53 added")?;
    let time = start.elapsed();

    machine.install(&new.file(package), new.release)?;
    expect(&run(&["scan"])?.messages, "53 items: nothing changed")?;

    machine.remove(new.release)?;
    let left: Vec<_> = machine.files()?.difference(&files).cloned().collect();
    if !left.is_empty() {
        return Err(format!("removing the package leaves {left:?}").into());
    }
    let store = machine.home().join("data/catalog.db");
    match store.exists() {
        true => Ok(time),
        false => Err(format!("{} was removed with the package", store.display()).into()),
    }
}

/// Fails if a program did not print a text.
fn expect(printed: &str, text: &str) -> Outcome {
    match printed.contains(text) {
        true => Ok(()),
        false => Err(format!("`{text}` is not in the output:\n{printed}").into()),
    }
}
