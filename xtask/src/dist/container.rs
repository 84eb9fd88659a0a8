//! The context of the container image, and the image.

use std::{fs, path::Path};

use xshell::cmd;

use super::{
    Made, NAME, Packing, archives, contents, empty, packaging, programs::succeed, release::Package,
};
use crate::{Outcome, tools};

/// The suite of Debian that the base of the image has; the same as in the Dockerfile.
const SUITE: &str = "bookworm";
/// The base of the image, made from Debian's packages.
const BASE: &str = "localhost/debian-bookworm";

/// What the image is built with, and the packages in Debian.
const BUILDERS: [(&str, &str); 2] = [("buildah", "buildah"), ("mmdebstrap", "mmdebstrap")];

/// Packs the Dockerfile, what it needs, and examples for Compose and Kubernetes.
pub(super) fn context(packing: &Packing<'_>, deb: &Path) -> Made {
    let name = format!("{NAME}-{}-container", packing.release.version);
    let folder = empty(packing.work.join("container"))?.join(&name);
    contents::copy_all(&packaging().join("container"), &folder)?;
    fs::copy(deb, folder.join("scanner-cli.deb"))?;
    contents::set_rights(&folder, &[])?;
    contents::set_times(&folder, packing.release.time)?;
    let archive = packing.to.join(format!("{name}.tar.gz"));
    archives::tar_folder(packing, &folder, archive)?;
    Ok(folder)
}

/// Builds the image on a base that is made from Debian's packages, if this machine has what is needed.
#[expect(clippy::print_stdout, reason = "the result of the command")]
pub(super) fn image(packing: &Packing<'_>, context: &Path) -> Outcome {
    if let Err(reason) = tools::ensure_installed(&BUILDERS) {
        println!("the container image is not built: {reason}");
        return Ok(());
    }
    let base = tools::debian(packing.shell, SUITE, &[])?;
    let store = Store::new(packing)?;
    store.import(&base)?;
    let tag = format!("localhost/{NAME}:{}", packing.release.version);
    store.build(context, &tag)?;
    store.save(&tag)
}

/// A store of images below the folder for intermediate files, so that nothing is left elsewhere.
struct Store<'a> {
    packing: Packing<'a>,
    /// Options of `buildah` that name the store.
    options: Vec<String>,
}

impl<'a> Store<'a> {
    fn new(packing: &Packing<'a>) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = empty(packing.work.join("images"))?;
        let folder = folder.display();
        Ok(Self {
            packing: *packing,
            options: vec![
                format!("--root={folder}/root"),
                format!("--runroot={folder}/run"),
                "--storage-driver=vfs".to_owned(),
            ],
        })
    }

    /// Makes an image from the archive of a system.
    fn import(&self, archive: &Path) -> Outcome {
        let (shell, options) = (self.packing.shell, &self.options);
        let from = succeed(cmd!(shell, "buildah {options...} from scratch"))?.output;
        let container = from.trim();
        succeed(cmd!(
            shell,
            "buildah {options...} add --quiet {container} {archive} /"
        ))?;
        succeed(cmd!(
            shell,
            "buildah {options...} commit --quiet --rm {container} {BASE}"
        ))?;
        Ok(())
    }

    /// Builds the Dockerfile. Only the format of Docker has health checks.
    fn build(&self, context: &Path, tag: &str) -> Outcome {
        let (shell, options) = (self.packing.shell, &self.options);
        let base = format!("BASE={BASE}");
        let time = self.packing.release.time.to_string();
        // It prints warnings about networks that are not used.
        succeed(cmd!(
            shell,
            "buildah {options...} build --quiet --isolation=chroot --network=host --format=docker --pull-never --timestamp {time}
             --build-arg {base} --tag {tag} {context}"
        ))?;
        Ok(())
    }

    /// Writes the image in the format of `docker save`, compressed.
    fn save(&self, tag: &str) -> Outcome {
        let (shell, options) = (self.packing.shell, &self.options);
        // gzip adds the ending.
        let file = self.packing.file(Package::Image).with_extension("");
        let archive = format!("docker-archive:{}:{tag}", file.display());
        succeed(cmd!(
            shell,
            "buildah {options...} push --quiet {tag} {archive}"
        ))?;
        cmd!(shell, "gzip --best --no-name --force {file}")
            .quiet()
            .run()?;
        Ok(())
    }
}
