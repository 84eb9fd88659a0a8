//! The `.deb` for Debian, Ubuntu and the like.

use std::{fs, path::Path};

use xshell::cmd;

use super::{
    DESCRIPTION, Made, NAME, Packing, SUMMARY, contents, empty, linux_tree, packaging, programs,
    release::Package,
};

/// Scripts of the package, with the names that dpkg gives them.
const SCRIPTS: [(&str, &str); 3] = [
    ("after-install.sh", "postinst"),
    ("before-remove.sh", "prerm"),
    ("after-remove.sh", "postrm"),
];

/// What is executable in the package.
const PROGRAMS: [&str; 4] = [
    linux_tree::PROGRAM,
    "DEBIAN/postinst",
    "DEBIAN/prerm",
    "DEBIAN/postrm",
];

/// Packs a tree of files for Linux.
pub(super) fn pack(packing: &Packing<'_>, tree: &Path) -> Made {
    let shell = packing.shell;
    let root = empty(packing.work.join("deb"))?;
    contents::copy_all(tree, &root)?;
    let copyright = packaging().join("linux/copyright");
    fs::copy(copyright, root.join("usr/share/doc/scanner-cli/copyright"))?;
    let control = root.join("DEBIAN");
    fs::create_dir(&control)?;
    let size: u64 = contents::files_below(tree)?
        .iter()
        .map(|file| fs::metadata(tree.join(file)).map_or(0, |metadata| metadata.len()))
        .sum();
    fs::write(
        control.join("control"),
        fields(&packing.release.sortable_version(), size),
    )?;
    for (script, name) in SCRIPTS {
        fs::copy(linux_tree::script(script), control.join(name))?;
    }
    contents::set_rights(&root, &PROGRAMS)?;
    contents::set_times(&root, packing.release.time)?;
    let package = packing.file(Package::Deb);
    // dpkg-deb of Debian 12 and later can use zstd, which older systems cannot read.
    cmd!(
        shell,
        "dpkg-deb --root-owner-group -Zxz --build {root} {package}"
    )
    .env("SOURCE_DATE_EPOCH", packing.release.time.to_string())
    .ignore_stdout()
    .quiet()
    .run()?;
    Ok(package)
}

/// The fields of the package. `size` is in bytes.
fn fields(version: &str, size: u64) -> String {
    format!(
        "Package: {NAME}\n\
         Version: {version}\n\
         Architecture: amd64\n\
         Maintainer: The maintainers of {NAME}\n\
         Installed-Size: {}\n\
         Depends: libc6 (>= {}), passwd\n\
         Recommends: ca-certificates\n\
         Section: utils\n\
         Priority: optional\n\
         Description: {SUMMARY}\n {DESCRIPTION}\n",
        size.div_ceil(1024),
        programs::LIBC,
    )
}
