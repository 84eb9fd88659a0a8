//! A large site on this machine, and a home with a connection to it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use xshell::Shell;

use super::{
    server::Server,
    site::{self, Size},
};
use crate::target;

/// A large site, and a home in a temporary folder, which is deleted when this is dropped.
pub(super) struct LargeSite {
    pub(super) home: TempDir,
    pub(super) url: String,
    pub(super) megabytes: f64,
    program: PathBuf,
    _server: Server,
}

impl LargeSite {
    pub(super) fn serve(shell: &Shell, sheets: usize) -> Result<Self, Box<dyn std::error::Error>> {
        Self::serve_of(shell, Size::new(sheets, site::APPS))
    }

    #[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
    pub(super) fn serve_of(shell: &Shell, size: Size) -> Result<Self, Box<dyn std::error::Error>> {
        let home = tempfile::tempdir()?;
        let site = site::write(home.path(), size)?;
        let megabytes = site.bytes as f64 / 1e6;
        let Size { sheets, apps, .. } = size;
        println!("\n{sheets} sheets of {apps} apps, {megabytes:.0} MB");
        let server = Server::start(site)?;
        let url = server.url();
        let file = format!(
            "name = Bench\ncode = bench\nconnector_id = qlik-sense\nconnection {{ url = \"{url}\", auth {{ key = X-User, value = x }} }}\n"
        );
        fs::create_dir(home.path().join("connections"))?;
        fs::write(home.path().join("connections/bench.conf"), file)?;
        Ok(Self {
            home,
            url,
            megabytes,
            program: target(shell)?.join("release/scanner-cli"),
            _server: server,
        })
    }

    /// A command that runs the scanner in this home.
    pub(super) fn scanner(&self, arguments: &[&str]) -> Command {
        self.scanner_in(self.home.path(), arguments)
    }

    /// A command that runs the scanner in another home.
    pub(super) fn scanner_in(&self, home: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--home").arg(home).args(arguments);
        command
    }
}
