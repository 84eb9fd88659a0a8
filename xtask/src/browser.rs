//! `cargo xtask browser` and `cargo xtask screenshots`: the catalog's pages in Chromium.
//!
//! Chromium, Node and npm must be installed: nothing is skipped without a word.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use xshell::{Shell, cmd};

use crate::{Outcome, target};

pub(crate) mod served;

use served::{ChangingSite, Served};

/// The tests, which are copied to the target folder: npm installs what they need next to them.
const SOURCES: &str = "scanner-cli/web/browser";
/// What the tests run in.
const CHROMIUM: &str = "/usr/bin/chromium";

/// How much is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What a change is most likely to break.
    Short,
    Everything,
}

/// Why the tests cannot run here, if they cannot.
pub(crate) fn missing(shell: &Shell) -> Option<&'static str> {
    let has = |program: &str| {
        let version = cmd!(shell, "{program} --version").quiet();
        version.ignore_stdout().ignore_stderr().run().is_ok()
    };
    if !Path::new(CHROMIUM).exists() {
        Some("Chromium is missing (Debian: chromium)")
    } else if !has("node") || !has("npm") {
        Some("node or npm is missing (Debian: nodejs, npm)")
    } else {
        None
    }
}

/// Tests the pages.
pub(crate) fn run(shell: &Shell, extent: Extent) -> Outcome {
    let scripts = installed(shell)?;
    let catalog = Catalog::start(shell)?;
    let short = match extent {
        Extent::Short => "1",
        Extent::Everything => "0",
    };
    let tests = scripts.join("pages.test.mjs");
    let tests = cmd!(shell, "node --test --test-reporter=spec {tests}");
    tests
        .env("CATALOG", catalog.address())
        .env("SHORT", short)
        .run()?;
    Ok(())
}

/// Keeps screenshots of all pages in `target/screenshots`.
#[expect(clippy::print_stdout, reason = "a developer's tool prints its result")]
pub(crate) fn screenshots(shell: &Shell) -> Outcome {
    let scripts = installed(shell)?;
    let catalog = Catalog::start(shell)?;
    let folder = target(shell)?.join("screenshots");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let script = scripts.join("screenshots.mjs");
    let taking = cmd!(shell, "node {script} {folder}");
    taking.env("CATALOG", catalog.address()).run()?;
    println!("the screenshots are in {}", folder.display());
    Ok(())
}

/// The folder of the tests, with what they need.
fn installed(shell: &Shell) -> Result<PathBuf, Box<dyn std::error::Error>> {
    if let Some(reason) = missing(shell) {
        return Err(reason.into());
    }
    let folder = target(shell)?.join("browser");
    fs::create_dir_all(&folder)?;
    let lock = fs::read(Path::new(SOURCES).join("package-lock.json"))?;
    let is_installed = fs::read(folder.join("installed.json")).is_ok_and(|known| known == lock);
    for entry in fs::read_dir(SOURCES)? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    if !is_installed {
        cmd!(
            shell,
            "npm ci --silent --no-audit --no-fund --ignore-scripts --prefix {folder}"
        )
        .run()?;
        fs::write(folder.join("installed.json"), lock)?;
    }
    Ok(folder)
}

/// The catalog of a site that changed between two scans.
struct Catalog {
    served: Served,
    /// Deleted at the end.
    _home: TempDir,
}

impl Catalog {
    fn start(shell: &Shell) -> Result<Self, Box<dyn std::error::Error>> {
        cmd!(shell, "cargo build --quiet --package scanner-cli").run()?;
        cmd!(
            shell,
            "cargo build --quiet --package qrs-client --features fake-site --example changing_site"
        )
        .run()?;
        let built = target(shell)?.join("debug");
        let program = built.join("scanner-cli");
        let mut site = ChangingSite::start(&built.join("examples/changing_site"))?;
        let home = tempfile::tempdir()?;
        for folder in ["conf", "connections"] {
            fs::create_dir(home.path().join(folder))?;
        }
        fs::write(
            home.path().join("conf/application.conf"),
            "http { listen = \"127.0.0.1:0\", catalog = true }\n",
        )?;
        fs::write(
            home.path().join("connections/demo.conf"),
            site.connection_file(),
        )?;
        let folder = home.path();
        let scan = || cmd!(shell, "{program} --home {folder} -q scan").run();
        scan()?;
        site.change()?;
        scan()?;
        Ok(Self {
            served: Served::start(&program, folder)?,
            _home: home,
        })
    }

    fn address(&self) -> &str {
        &self.served.address
    }
}
