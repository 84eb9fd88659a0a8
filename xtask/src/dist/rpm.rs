//! The `.rpm` for Red Hat, SUSE and the like.

use std::{fs, path::Path};

use xshell::cmd;

use super::{
    DESCRIPTION, Made, NAME, Packing, SUMMARY, contents, empty, linux_tree, release::Package,
};

/// Scripts of the package, and the sections of the specification that they are.
const SCRIPTS: [(&str, &str); 3] = [
    ("after-install.sh", "%post"),
    ("before-remove.sh", "%preun"),
    ("after-remove.sh", "%postun"),
];

/// Settings of rpmbuild: the same bytes on each machine, and files that stay as they are.
const SETTINGS: [&str; 8] = [
    "_buildhost localhost",
    "use_source_date_epoch_as_buildtime 1",
    "clamp_mtime_to_source_date_epoch 1",
    "source_date_epoch_from_changelog 0",
    "_build_id_links none",
    "__os_install_post %{nil}",
    "debug_package %{nil}",
    // Systems with rpm 4.14, such as RHEL 8, can read it.
    "_binary_payload w9.xzdio",
];

/// Folders that only this package has, so they are removed with it.
const OWN_FOLDERS: [&str; 3] = [
    "usr/share/doc/scanner-cli",
    "usr/share/licenses/scanner-cli",
    "usr/share/scanner-cli",
];

/// Packs a tree of files for Linux. rpmbuild finds the libraries, with their versions, that the program needs.
pub(super) fn pack(packing: &Packing<'_>, tree: &Path) -> Made {
    let shell = packing.shell;
    let top = empty(packing.work.join("rpm"))?;
    let specification = top.join("scanner-cli.spec");
    let version = packing.release.sortable_version();
    fs::write(&specification, text(&version, tree)?)?;
    let folders = [
        format!("_topdir {}", top.display()),
        format!("_rpmdir {}", top.join("made").display()),
        format!("_dbpath {}", top.join("database").display()),
        format!("tree {}", tree.display()),
    ];
    let settings = SETTINGS
        .into_iter()
        .chain(folders.iter().map(String::as_str));
    let settings: Vec<&str> = settings.flat_map(|setting| ["--define", setting]).collect();
    cmd!(shell, "rpmbuild -bb --quiet {settings...} {specification}")
        .env("SOURCE_DATE_EPOCH", packing.release.time.to_string())
        .quiet()
        .run()?;
    let package = packing.file(Package::Rpm);
    let name = Package::Rpm.file_name(packing.release);
    fs::copy(top.join("made/x86_64").join(name), &package)?;
    Ok(package)
}

/// The specification. Its tree is the macro `tree`.
fn text(version: &str, tree: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = format!(
        "Name: {NAME}\n\
         Version: {version}\n\
         Release: 1\n\
         Summary: {SUMMARY}\n\
         License: MIT OR Apache-2.0\n\
         Requires(post): /usr/sbin/useradd\n\
         Recommends: ca-certificates\n\
         %description\n{DESCRIPTION}\n\
         %install\nmkdir -p %{{buildroot}}\ncp --archive %{{tree}}/. %{{buildroot}}\n"
    );
    for (script, section) in SCRIPTS {
        let script = fs::read_to_string(linux_tree::script(script))?;
        text += &format!("{section}\n{script}");
    }
    text += "%files\n%defattr(-,root,root,-)\n";
    for folder in OWN_FOLDERS {
        text += &format!("/{folder}\n");
    }
    for file in contents::files_below(tree)? {
        if !OWN_FOLDERS.iter().any(|folder| file.starts_with(folder)) {
            text += &format!("/{}\n", file.display());
        }
    }
    Ok(text)
}
