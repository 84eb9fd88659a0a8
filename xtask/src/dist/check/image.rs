//! The container image, run by podman.

use std::{
    collections::BTreeSet,
    error::Error,
    os::unix::fs::chown,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use xshell::{Shell, cmd};

use super::Machine;
use crate::{
    Outcome,
    dist::{
        NAME,
        programs::{Printed, succeed},
        release::Release,
    },
};

/// The user of the image.
const USER: u32 = 10_001;

/// A store of images, and a home.
pub(super) struct Containers<'a> {
    shell: &'a Shell,
    home: TempDir,
    store: TempDir,
}

impl<'a> Containers<'a> {
    pub(super) fn new(shell: &'a Shell) -> Result<Self, Box<dyn Error>> {
        let (home, store) = (tempfile::tempdir()?, tempfile::tempdir()?);
        chown(home.path(), Some(USER), Some(USER))?;
        Ok(Self { shell, home, store })
    }

    /// Runs podman.
    fn podman(&self, arguments: &[&str]) -> Result<Printed, Box<dyn Error>> {
        let (shell, store) = (self.shell, self.store.path().display().to_string());
        let podman = cmd!(
            shell,
            "podman --root={store}/root --runroot={store}/run --storage-driver=vfs --cgroup-manager=cgroupfs {arguments...}"
        );
        succeed(podman)
    }
}

impl Machine for Containers<'_> {
    fn name(&self) -> String {
        "podman".to_owned()
    }

    fn install(&self, package: &Path, release: &Release) -> Outcome {
        self.podman(&["load", "--quiet", "--input", &package.to_string_lossy()])?;
        self.podman(&["image", "exists", &tag(release)])?;
        Ok(())
    }

    fn remove(&self, release: &Release) -> Outcome {
        self.podman(&["rmi", &tag(release)]).map(drop)
    }

    fn run(&self, arguments: &[&str]) -> Result<Printed, Box<dyn Error>> {
        let volume = format!("--volume={}:/var/lib/scanner", self.home.path().display());
        let images = self.podman(&["images", "--quiet", "--no-trunc"])?;
        let image = images.output.trim();
        let run = [
            "run",
            "--rm",
            "--network=host",
            "--cgroups=disabled",
            &volume,
            image,
        ];
        self.podman(&[&run, arguments].concat())
    }

    fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    /// The images that are left.
    fn files(&self) -> Result<BTreeSet<PathBuf>, Box<dyn Error>> {
        let images = self.podman(&["images", "--quiet"])?;
        Ok(images.output.lines().map(PathBuf::from).collect())
    }
}

/// The name of the image.
fn tag(release: &Release) -> String {
    format!("localhost/{NAME}:{}", release.version)
}
