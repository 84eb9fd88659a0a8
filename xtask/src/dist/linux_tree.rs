//! The gathered files at the places where Linux systems have them.

use std::{fs, path::PathBuf};

use xshell::cmd;

use super::{Made, Packing, contents, empty, packaging};

/// The program, below the root of the system.
pub(super) const PROGRAM: &str = "usr/bin/scanner-cli";

/// The beginning of a path in the gathered folder, and what replaces it on the system. The first that matches counts.
const PLACES: [(&str, &str); 10] = [
    (
        "scanner-cli.service",
        "usr/lib/systemd/system/scanner-cli.service",
    ),
    ("scanner-cli", PROGRAM),
    ("man/", "usr/share/man/man1/"),
    (
        "completions/scanner-cli.bash",
        "usr/share/bash-completion/completions/scanner-cli",
    ),
    (
        "completions/scanner-cli.fish",
        "usr/share/fish/vendor_completions.d/scanner-cli.fish",
    ),
    ("completions/_", "usr/share/zsh/site-functions/_"),
    ("schemas/", "usr/share/scanner-cli/schemas/"),
    // Small systems leave out `usr/share/doc`.
    ("LICENSE-", "usr/share/licenses/scanner-cli/LICENSE-"),
    ("licences/", "usr/share/licenses/scanner-cli/"),
    ("", "usr/share/doc/scanner-cli/"),
];

/// Copies the gathered files for Linux to their places below a new folder, and compresses the man pages.
pub(super) fn lay_out(packing: &Packing<'_>) -> Made {
    let shell = packing.shell;
    let tree = empty(packing.work.join("tree"))?;
    for file in contents::files_below(packing.linux)? {
        let to = tree.join(place(&file.to_string_lossy()));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(packing.linux.join(&file), &to)?;
        if file.starts_with("man") {
            cmd!(shell, "gzip --best --no-name {to}").quiet().run()?;
        }
    }
    contents::set_rights(&tree, &[PROGRAM])?;
    contents::set_times(&tree, packing.release.time)?;
    Ok(tree)
}

/// A script that runs when a package is installed or removed. dpkg and rpm run the same.
pub(super) fn script(name: &str) -> PathBuf {
    packaging().join("linux").join(name)
}

/// Where a gathered file goes.
fn place(file: &str) -> String {
    let mut places = PLACES.iter();
    let found = places.find_map(|(from, to)| Some(format!("{to}{}", file.strip_prefix(from)?)));
    found.unwrap_or_else(|| unreachable!("the last place matches every file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_where_the_system_looks_for_them() {
        for (file, expected) in [
            ("scanner-cli", "usr/bin/scanner-cli"),
            (
                "scanner-cli.service",
                "usr/lib/systemd/system/scanner-cli.service",
            ),
            (
                "man/scanner-cli-scan.1",
                "usr/share/man/man1/scanner-cli-scan.1",
            ),
            (
                "completions/_scanner-cli",
                "usr/share/zsh/site-functions/_scanner-cli",
            ),
            (
                "completions/scanner-cli.ps1",
                "usr/share/doc/scanner-cli/completions/scanner-cli.ps1",
            ),
            (
                "docs/service.md",
                "usr/share/doc/scanner-cli/docs/service.md",
            ),
        ] {
            assert_eq!(place(file), expected);
        }
    }
}
