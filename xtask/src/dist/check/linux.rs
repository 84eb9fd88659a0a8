//! Small Debian systems in folders, which programs of this machine enter with `chroot`.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use xshell::{Shell, cmd};

use super::Machine;
use crate::{
    Outcome,
    dist::{
        NAME,
        contents::files_below,
        programs::{Printed, succeed},
        release::{Package, Release},
    },
    tools,
};

/// The system of `.deb` and `.rpm`.
const SUITE: &str = "bookworm";
/// The oldest system of Debian that is published, for `.tar.gz`. It has glibc 2.31.
const OLDEST_SUITE: &str = "bullseye";

/// Where package managers note what they did, and the cache of the linker.
const NOTES: [&str; 6] = [
    "var/lib/dpkg",
    "var/lib/rpm",
    "usr/lib/sysimage/rpm",
    "var/log",
    "var/cache",
    // Copies of the lists of users, which stay with the owner of the home.
    "etc",
];

/// Debian's rpm otherwise has a database for each user.
const DATABASE: &str = "--dbpath=/var/lib/rpm";

/// A system with a package that is installed by its package manager, or by unpacking it into `/opt`.
pub(super) struct Linux<'a> {
    shell: &'a Shell,
    root: TempDir,
    package: Package,
}

impl<'a> Linux<'a> {
    pub(super) fn new(shell: &'a Shell, package: Package) -> Result<Self, Box<dyn Error>> {
        let root = tempfile::tempdir()?;
        let linux = Self {
            shell,
            root,
            package,
        };
        let (archive, folder) = (tools::debian(shell, linux.suite(), &[])?, linux.root.path());
        cmd!(shell, "tar --extract --file {archive} --directory {folder}")
            .quiet()
            .run()?;
        if matches!(package, Package::TarGz) {
            fs::create_dir_all(linux.home())?;
        }
        Ok(linux)
    }

    const fn suite(&self) -> &'static str {
        match self.package {
            Package::TarGz => OLDEST_SUITE,
            _ => SUITE,
        }
    }

    /// The folder of this machine for a folder of the system.
    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Runs a program of the system.
    fn enter(&self, user: &str, command: &[&str]) -> Result<Printed, Box<dyn Error>> {
        self.enter_with(user, command, "")
    }

    /// Runs a program of the system with a text on its standard input.
    fn enter_with(
        &self,
        user: &str,
        command: &[&str],
        input: &str,
    ) -> Result<Printed, Box<dyn Error>> {
        let (shell, root) = (self.shell, self.root.path());
        let command = cmd!(shell, "chroot --userspec={user} {root} {command...}")
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(input);
        succeed(command)
    }
}

impl Machine for Linux<'_> {
    fn name(&self) -> String {
        format!("Debian {} (chroot)", self.suite())
    }

    fn install(&self, package: &Path, release: &Release) -> Outcome {
        let (shell, root) = (self.shell, self.root.path());
        let installed = match self.package {
            Package::Deb => {
                let copy = self.at("tmp/scanner-cli.deb");
                fs::copy(package, &copy)?;
                self.enter("0:0", &["dpkg", "--install", "/tmp/scanner-cli.deb"])?;
                fs::remove_file(copy)?;
                self.enter(
                    "0:0",
                    &["dpkg-query", "--show", "--showformat=${Version}", NAME],
                )?
                .output
            }
            Package::Rpm => {
                // The libraries are there, but not in the database of rpm.
                let install = cmd!(
                    shell,
                    "rpm --root {root} {DATABASE} --upgrade --nodeps {package}"
                );
                succeed(install)?;
                let format = "%{VERSION}";
                cmd!(
                    shell,
                    "rpm --root {root} {DATABASE} --query --queryformat {format} {NAME}"
                )
                .quiet()
                .read()?
            }
            _ => {
                let folder = self.at("opt/scanner-cli");
                cmd!(shell, "rm -rf {folder}").quiet().run()?;
                fs::create_dir_all(&folder)?;
                cmd!(
                    shell,
                    "tar --extract --file {package} --directory {folder} --strip-components=1"
                )
                .quiet()
                .run()?;
                return Ok(());
            }
        };
        match installed == release.sortable_version() {
            true => Ok(()),
            false => Err(format!("version {installed} is installed").into()),
        }
    }

    fn remove(&self, _release: &Release) -> Outcome {
        let (shell, root) = (self.shell, self.root.path());
        match self.package {
            Package::Deb => _ = self.enter("0:0", &["dpkg", "--purge", NAME])?,
            Package::Rpm => {
                _ = succeed(cmd!(shell, "rpm --root {root} {DATABASE} --erase {NAME}"))?;
            }
            _ => fs::remove_dir_all(self.at("opt/scanner-cli"))?,
        }
        Ok(())
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Result<Printed, Box<dyn Error>> {
        let start: [&str; 3] = match self.package {
            Package::TarGz => ["/opt/scanner-cli/scanner-cli", "--home", "/srv/scanner"],
            _ => ["/usr/bin/scanner-cli", "--home", "/var/lib/scanner"],
        };
        let user = match self.package {
            Package::TarGz => "0:0",
            // The user that the package makes.
            _ => "scanner:scanner",
        };
        self.enter_with(user, &[&start, arguments].concat(), input)
    }

    fn home(&self) -> PathBuf {
        match self.package {
            Package::TarGz => self.at("srv/scanner"),
            _ => self.at("var/lib/scanner"),
        }
    }

    fn files(&self) -> Result<BTreeSet<PathBuf>, Box<dyn Error>> {
        let home = self.home();
        let home = home.strip_prefix(self.root.path())?;
        let is_noted = |path: &Path| NOTES.iter().any(|folder| path.starts_with(folder));
        let files = files_below(self.root.path())?.into_iter();
        Ok(files
            .filter(|path| !path.starts_with(home) && !is_noted(path))
            .collect())
    }
}
