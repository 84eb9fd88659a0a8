//! The `.tar.gz` for any Linux and the `.zip` for Windows: the gathered folder.

use std::path::{Path, PathBuf};

use xshell::cmd;

use super::{Made, Packing, contents, release::Package};

/// Packs the gathered files for Linux.
pub(super) fn tar_gz(packing: &Packing<'_>) -> Made {
    tar_folder(packing, packing.linux, packing.file(Package::TarGz))
}

/// Packs a folder, with its name, into an archive.
pub(super) fn tar_folder(packing: &Packing<'_>, folder: &Path, archive: PathBuf) -> Made {
    let shell = packing.shell;
    let (parent, name) = parent_and_name(folder)?;
    let time = format!("--mtime=@{}", packing.release.time);
    cmd!(
        shell,
        "tar --create --directory {parent} --sort=name {time} --owner=0 --group=0 --numeric-owner --format=gnu
         --use-compress-program {GZIP} --file {archive} {name}"
    )
    .quiet()
    .run()?;
    Ok(archive)
}

/// Without the time and the name, which would be those of a stream.
const GZIP: &str = "gzip --best --no-name";

/// Packs the gathered files for Windows, sorted by name.
pub(super) fn zip(packing: &Packing<'_>) -> Made {
    let shell = packing.shell;
    let (parent, name) = parent_and_name(packing.windows)?;
    let archive = packing.file(Package::Zip);
    let files: String = contents::files_below(packing.windows)?
        .iter()
        .map(|file| format!("{name}/{}\n", file.display()))
        .collect();
    let _folder = shell.push_dir(parent);
    // Archives have local times, and `-X` leaves out the owner.
    cmd!(shell, "zip -q -9 -X -D {archive} -@")
        .env("TZ", "UTC")
        .stdin(files)
        .quiet()
        .run()?;
    Ok(archive)
}

fn parent_and_name(folder: &Path) -> Result<(&Path, &str), Box<dyn std::error::Error>> {
    let name = folder.file_name().and_then(|name| name.to_str());
    let both = folder.parent().zip(name);
    both.ok_or_else(|| format!("{} is not a folder with a name", folder.display()).into())
}
