//! The container image, whose programs buildah runs with `chroot`. That needs no container runtime, and no cgroups.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
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
/// The name of the container.
const CONTAINER: &str = "check";

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

    fn buildah(&self, arguments: &[&str]) -> Result<Printed, Box<dyn Error>> {
        self.buildah_with(arguments, "")
    }

    /// Runs buildah with a text on its standard input.
    fn buildah_with(&self, arguments: &[&str], input: &str) -> Result<Printed, Box<dyn Error>> {
        let (shell, store) = (self.shell, self.store.path().display().to_string());
        let command = cmd!(
            shell,
            "buildah --root={store}/root --runroot={store}/run --storage-driver=vfs {arguments...}"
        );
        succeed(command.stdin(input))
    }
}

impl Machine for Containers<'_> {
    fn name(&self) -> String {
        "buildah (chroot)".to_owned()
    }

    fn install(&self, package: &Path, release: &Release) -> Outcome {
        self.buildah(&["rm", "--all"])?;
        // It does not read compressed archives.
        let (shell, compressed) = (self.shell, self.store.path().join("image.tar.gz"));
        fs::copy(package, &compressed)?;
        cmd!(shell, "gunzip --force {compressed}").quiet().run()?;
        let archive = compressed.with_extension("");
        self.buildah(&["pull", &format!("docker-archive:{}", archive.display())])?;
        let image = image(release);
        self.buildah(&["from", "--pull-never", "--name", CONTAINER, &image])?;
        Ok(())
    }

    fn remove(&self, release: &Release) -> Outcome {
        self.buildah(&["rm", "--all"])?;
        self.buildah(&["rmi", &image(release)])?;
        Ok(())
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Result<Printed, Box<dyn Error>> {
        let format = "--format={{.OCIv1.Config.Entrypoint}}";
        let entry = self.buildah(&["inspect", format, CONTAINER])?.output;
        // It prints a list as `[a b]`.
        let entry: Vec<&str> = entry.trim_matches(['[', ']', '\n']).split(' ').collect();
        let volume = format!("--volume={}:/var/lib/scanner", self.home.path().display());
        let run = [
            "run",
            "--isolation=chroot",
            "--network=host",
            &volume,
            CONTAINER,
            "--",
        ];
        self.buildah_with(&[&run, &*entry, arguments].concat(), input)
    }

    fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    /// The images that are left.
    fn files(&self) -> Result<BTreeSet<PathBuf>, Box<dyn Error>> {
        let images = self.buildah(&["images", "--quiet"])?;
        Ok(images.output.lines().map(PathBuf::from).collect())
    }
}

/// The name of the image.
fn image(release: &Release) -> String {
    format!("localhost/{NAME}:{}", release.version)
}
