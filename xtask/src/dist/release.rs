//! What identifies a release.

use std::error::Error;

use serde_json::Value;
use xshell::{Shell, cmd};

use super::{NAME, contents::System};

/// A version of the program, and the time of its files.
pub(super) struct Release {
    /// The version in the form of Cargo: `1.2.3` or `1.2.3-rc.1`.
    pub(super) version: String,
    /// Seconds since 1970.
    pub(super) time: u64,
}

impl Release {
    /// The version in the manifest, and the time of the last commit.
    pub(super) fn of_last_commit(shell: &Shell) -> Result<Self, Box<dyn Error>> {
        let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps");
        let metadata: Value = serde_json::from_str(&metadata.quiet().read()?)?;
        let packages = metadata["packages"].as_array();
        let package = packages
            .into_iter()
            .flatten()
            .find(|package| package["name"] == NAME)
            .and_then(|package| package["version"].as_str())
            .ok_or_else(|| format!("`cargo metadata` has no version of {NAME}"))?;
        let time = cmd!(shell, "git log -1 --format=%ct").quiet().read()?;
        Ok(Self {
            version: package.to_owned(),
            time: time.parse()?,
        })
    }

    /// A release before all others, from which upgrades are checked.
    pub(super) fn before_all(time: u64) -> Self {
        Self {
            version: "0.0.0".to_owned(),
            time,
        }
    }

    /// The name of a folder or file for one system: `scanner-cli-1.2.3-x86_64-windows.zip`.
    pub(super) fn file_name(&self, system: System, ending: &str) -> String {
        format!("{NAME}-{}-x86_64-{}{ending}", self.version, system.name())
    }

    /// The version for `.deb` and `.rpm`, where a pre-release sorts before its release: `1.2.3~rc.1`.
    pub(super) fn sortable_version(&self) -> String {
        self.version.replacen('-', "~", 1)
    }

    /// The version for Windows Installer, which knows only numbers: `1.2.3`.
    pub(super) fn numeric_version(&self) -> &str {
        self.version.split(['-', '+']).next().unwrap_or_default()
    }
}

/// A kind of package that can be installed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Package {
    TarGz,
    Deb,
    Rpm,
    Image,
    Zip,
    Msi,
}

impl Package {
    pub(super) const ALL: [Self; 6] = [
        Self::TarGz,
        Self::Deb,
        Self::Rpm,
        Self::Image,
        Self::Zip,
        Self::Msi,
    ];

    /// The file of this package of a release.
    pub(super) fn file_name(self, release: &Release) -> String {
        let version = release.sortable_version();
        match self {
            Self::TarGz => release.file_name(System::Linux, ".tar.gz"),
            Self::Deb => format!("{NAME}_{version}_amd64.deb"),
            Self::Rpm => format!("{NAME}-{version}-1.x86_64.rpm"),
            Self::Image => release.file_name(System::Linux, "-image.tar.gz"),
            Self::Zip => release.file_name(System::Windows, ".zip"),
            Self::Msi => release.file_name(System::Windows, ".msi"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_package_has_a_version_that_it_can_sort() {
        for (version, sortable, numeric) in [
            ("1.2.3", "1.2.3", "1.2.3"),
            ("1.2.3-rc.1", "1.2.3~rc.1", "1.2.3"),
            ("1.2.3+build", "1.2.3+build", "1.2.3"),
        ] {
            let release = Release {
                version: version.to_owned(),
                time: 0,
            };
            assert_eq!(release.sortable_version(), sortable);
            assert_eq!(release.numeric_version(), numeric);
        }
    }
}
