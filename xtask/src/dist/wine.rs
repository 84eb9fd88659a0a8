//! Windows programs on Wine, each in a prefix of its own.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use xshell::{Shell, cmd};

use super::programs::{Printed, succeed};
use crate::windows::wine;

/// A Windows system in a temporary folder. Its programs end when this is dropped.
pub(super) struct Wine<'a> {
    shell: &'a Shell,
    prefix: TempDir,
    program: PathBuf,
    server: PathBuf,
}

impl<'a> Wine<'a> {
    /// A new system.
    pub(super) fn new(shell: &'a Shell) -> Result<Self, Box<dyn Error>> {
        let (program, server) = wine::programs(shell)?;
        let wine = Self {
            shell,
            prefix: tempfile::tempdir()?,
            program,
            server,
        };
        wine.run(&["wineboot", "--init"])?;
        wine::make_shim(shell, &wine.at("windows/system32"))?;
        Ok(wine)
    }

    /// The path of this machine for a path of drive C.
    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.prefix.path().join("drive_c").join(path)
    }

    /// Runs a Windows program.
    pub(super) fn run(&self, command: &[&str]) -> Result<Printed, Box<dyn Error>> {
        self.run_with(command, "")
    }

    /// Runs a Windows program with a text on its standard input.
    pub(super) fn run_with(
        &self,
        command: &[&str],
        input: &str,
    ) -> Result<Printed, Box<dyn Error>> {
        let (shell, program) = (self.shell, &self.program);
        let run = cmd!(shell, "{program} {command...}")
            .env("WINEDEBUG", "-all")
            .env("WINEPREFIX", self.prefix.path())
            .stdin(input);
        succeed(run)
    }
}

impl Drop for Wine<'_> {
    fn drop(&mut self) {
        let (shell, server) = (self.shell, &self.server);
        let end = cmd!(shell, "{server} --kill").env("WINEPREFIX", self.prefix.path());
        let _ = end.quiet().ignore_status().run();
    }
}

/// A path of this machine as Windows programs see it.
pub(super) fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', r"\")
}
