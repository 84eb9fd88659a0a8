//! The packages for Windows, on Wine.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use xshell::{Shell, cmd};

use super::Machine;
use crate::{
    Outcome,
    dist::{
        contents::files_below,
        msi,
        programs::Printed,
        release::{Package, Release},
        wine::{Wine, windows_path},
    },
};

/// The key with the list of installed programs.
const INSTALLED: &str = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall";
/// The key with the variables of all users.
const VARIABLES: &str = r"HKLM\System\CurrentControlSet\Control\Session Manager\Environment";

/// The key of the service.
const SERVICE: &str = r"HKLM\System\CurrentControlSet\Services\scanner-cli";

/// A Windows system with a package.
pub(super) struct Windows<'a> {
    shell: &'a Shell,
    wine: Wine<'a>,
    package: Package,
}

impl<'a> Windows<'a> {
    pub(super) fn new(shell: &'a Shell, package: Package) -> Result<Self, Box<dyn Error>> {
        let wine = Wine::new(shell)?;
        fs::create_dir(wine.at(HOME))?;
        Ok(Self {
            shell,
            wine,
            package,
        })
    }

    /// The folder with the program.
    fn folder(&self) -> PathBuf {
        self.wine.at("Program Files").join(msi::PRODUCT)
    }

    /// Fails if Windows Installer does not list exactly these releases, or if the path does not fit them.
    fn expect_listed(&self, releases: &[&Release]) -> Outcome {
        let list = self.wine.run(&["reg", "query", INSTALLED, "/s"])?.output;
        let path = self
            .wine
            .run(&["reg", "query", VARIABLES, "/v", "PATH"])?
            .output;
        let count = list
            .lines()
            .filter(|line| line.trim_end().ends_with(msi::PRODUCT))
            .count();
        let are_listed = releases
            .iter()
            .all(|release| list.contains(&msi::product(release)));
        let is_in_path = path.contains(msi::PRODUCT);
        match are_listed && count == releases.len() && is_in_path != releases.is_empty() {
            true => Ok(()),
            false => Err(format!("the registry has:\n{list}\n{path}").into()),
        }
    }
}

/// The home on drive C.
const HOME: &str = "scanner";

impl Machine for Windows<'_> {
    fn name(&self) -> String {
        "Wine 8, not yet on Windows".to_owned()
    }

    fn install(&self, package: &Path, release: &Release) -> Outcome {
        if matches!(self.package, Package::Msi) {
            self.wine
                .run(&["msiexec", "/i", &windows_path(package), "/qn"])?;
            return self.expect_listed(&[release]);
        }
        let (shell, unpacked) = (self.shell, self.wine.at("unpacked"));
        cmd!(shell, "unzip -q -o {package} -d {unpacked}")
            .quiet()
            .run()?;
        if self.folder().exists() {
            fs::remove_dir_all(self.folder())?;
        }
        for entry in fs::read_dir(&unpacked)? {
            fs::rename(entry?.path(), self.folder())?;
        }
        Ok(())
    }

    fn remove(&self, release: &Release) -> Outcome {
        if matches!(self.package, Package::Msi) {
            // Wine has no accounts for services.
            self.run_with(&["service", "install", "--account", "LocalSystem"], "")?;
            self.wine.run(&["reg", "query", SERVICE])?;
            self.wine
                .run(&["msiexec", "/x", &msi::product(release), "/qn"])?;
            if let Ok(key) = self.wine.run(&["reg", "query", SERVICE]) {
                return Err(format!("the service is left: {}", key.output).into());
            }
            return self.expect_listed(&[]);
        }
        Ok(fs::remove_dir_all(self.folder())?)
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Result<Printed, Box<dyn Error>> {
        let program = self.folder().join("scanner-cli.exe");
        let start = [&*program.to_string_lossy(), "--home", r"C:\scanner"];
        self.wine.run_with(&[&start, arguments].concat(), input)
    }

    fn home(&self) -> PathBuf {
        self.wine.at(HOME)
    }

    fn files(&self) -> Result<BTreeSet<PathBuf>, Box<dyn Error>> {
        let files = files_below(&self.wine.at(""))?.into_iter();
        Ok(files.filter(|path| !path.starts_with(HOME)).collect())
    }
}
